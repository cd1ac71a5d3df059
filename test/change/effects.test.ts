import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { perform, recover, State } from '../../src/change/index.ts'
import { isJournal } from '../../src/change/shape.ts'
import { doStep, type Step } from '../../src/change/step.ts'
import type { RunResult } from '../../src/machine/machine.ts'
import { LocalMachine } from '../../src/machine/local.ts'
import { NEVER, worlds, type World } from './world.ts'

const ANCHORS = '/usr/local/share/ca-certificates'
const BUNDLE = '/etc/ssl/certs/ca-certificates.crt'
const done: RunResult = { exitCode: 0, stdout: '', stderr: '', timedOut: false }

/** A machine whose update-ca-certificates does what Debian's does to the bundle. */
class Debian extends LocalMachine {
  readonly ran: string[][] = []
  readonly root: string
  #tool: () => RunResult

  constructor(root: string, tool?: () => RunResult) {
    super({ root })
    this.root = root
    this.#tool = tool ?? (() => this.makeBundle())
  }

  makeBundle(): RunResult {
    const folder = join(this.root, ANCHORS)
    const names = readdirSync(folder).filter((name) => name.endsWith('.crt'))
    writeFileSync(
      join(this.root, BUNDLE),
      names
        .sort()
        .map((name) => readFileSync(join(folder, name), 'utf8'))
        .join(''),
    )
    return done
  }

  override run(argv: readonly [string, ...string[]]): Promise<RunResult> {
    this.ran.push([...argv])
    return Promise.resolve(this.#tool())
  }
}

describe('steps that have other programs act', () => {
  const open = worlds()
  let ca: CertificateAuthority
  let other: CertificateAuthority
  let write: Step
  let steps: readonly Step[]

  before(async () => {
    ca = await createCa({ name: 'Corp Root' })
    other = await createCa({ name: 'There before' })
    const { sha256 } = ca
    const bytes = Buffer.from(ca.pem).toString('base64')
    write = { do: 'write', path: `${ANCHORS}/ours.crt`, mode: 0o644, bytes }
    steps = [
      { do: 'refresh', when: 'back', store: 'debian', there: [], gone: [sha256] },
      write,
      { do: 'refresh', when: 'forward', store: 'debian', there: [sha256], gone: [] },
    ]
  })

  async function debian(): Promise<World> {
    const world = await open()
    world.write(`${ANCHORS}/theirs.crt`, other.pem)
    world.write(BUNDLE, other.pem)
    world.write('/usr/sbin/update-ca-certificates', '')
    for (const folder of ['run', 'tmp']) mkdirSync(world.at(folder))
    chmodSync(world.at('/usr/sbin/update-ca-certificates'), 0o755)
    return world
  }

  const bundleOf = (world: World): string => readFileSync(world.at(BUNDLE), 'utf8')
  const change = async (machine: LocalMachine, prove: () => Promise<void>): Promise<void> => {
    const state = new State(machine)
    const records = await state.records()
    await perform(machine, state, { command: 'test', steps, records }, NEVER, prove)
  }

  it('a refresh brackets the files: once when it goes forward', async () => {
    const world = await debian()
    const machine = new Debian(world.root)
    await change(machine, () => Promise.resolve())
    assert.deepEqual(machine.ran, [['/usr/sbin/update-ca-certificates']])
    assert.equal(bundleOf(world), ca.pem + other.pem)
  })

  it('whatever fails behind it: the files go, then the bundle is made anew, links included', async () => {
    const world = await debian()
    const machine = new Debian(world.root)
    const refused = new Error('refused')
    await assert.rejects(
      change(machine, () => Promise.reject(refused)),
      refused,
    )
    assert.deepEqual(machine.ran.at(-1), ['/usr/sbin/update-ca-certificates', '--fresh'])
    assert.equal(bundleOf(world), other.pem)
    assert.equal(existsSync(world.at(`${ANCHORS}/ours.crt`)), false)
  })

  it('a run that died is taken back from the journal alone, wherever it was', async () => {
    for (const reached of [0, 1, 2, 3]) {
      const world = await debian()
      const machine = new Debian(world.root)
      const state = new State(machine)
      const journal = {
        version: 1,
        id: '6c1c9a52-0000-4000-8000-000000000000',
        command: 'test',
        steps,
      } as const
      await state.writeJournal({ ...journal, startedAt: new Date().toISOString() })
      for (const step of steps.slice(0, reached)) await doStep(machine, step, journal.id)
      const next = new Debian(world.root)
      assert.equal(await recover(next, new State(next)), true)
      assert.equal(bundleOf(world), other.pem, `reached ${reached}`)
      assert.equal(existsSync(world.at(`${ANCHORS}/ours.crt`)), false)
    }
  })

  it('what only the bundle held gets its file before the tool runs, forward, rolled back and after a death', async () => {
    const third = await createCa({ name: 'Appended by hand' })
    const path = `${ANCHORS}/kept.crt`
    const keep = [{ path, mode: 0o644, bytes: Buffer.from(third.pem).toString('base64') }]
    const kept = steps.map((step): Step => (step.do === 'refresh' ? { ...step, keep } : step))
    const id = '6c1c9a52-0000-4000-8000-000000000000'
    for (const reached of [0, 1, 2, 3]) {
      const world = await debian()
      world.write(BUNDLE, other.pem + third.pem)
      const state = new State(new Debian(world.root))
      await state.writeJournal({ version: 1, id, command: 'test', startedAt: '', steps: kept })
      for (const step of kept.slice(0, reached)) await doStep(new Debian(world.root), step, id)
      const machine = new Debian(world.root)
      await recover(machine, new State(machine))
      assert.equal(bundleOf(world), third.pem + other.pem, `reached ${reached}`)
    }
    const world = await debian()
    world.write(BUNDLE, other.pem + third.pem)
    const machine = new Debian(world.root)
    const state = new State(machine)
    const planned = { command: 'test', steps: kept, records: await state.records() }
    await assert.rejects(perform(machine, state, planned, NEVER, () => Promise.reject(new Error('refused'))))
    assert.equal(bundleOf(world), third.pem + other.pem)
    await perform(machine, state, planned, NEVER, () => Promise.resolve())
    assert.ok(bundleOf(world).includes(third.pem))
    assert.equal(isJournal({ version: 1, id, steps: [{ ...kept[0], keep: [{ path: 'x' }] }] }), false)
  })

  it('what an interrupted run of the tool has left is not built upon', async () => {
    const world = await debian()
    world.write(`${BUNDLE}.new`, ca.pem)
    await doStep(new Debian(world.root), { ...steps[2], there: [] } as Step, 'id')
    assert.equal(existsSync(world.at(`${BUNDLE}.new`)), false)
  })

  it('exit code 0 is not believed: a bundle that lacks something is an error, and another run is tried', async () => {
    const world = await debian()
    let calls = 0
    const idle = new Debian(world.root, () => {
      calls += 1
      return done
    })
    await assert.rejects(
      change(idle, () => Promise.resolve()),
      /could not be rolled back|not what its sources make it/,
    )
    assert.ok(calls > 1)

    const late = await debian()
    const machine: Debian = new Debian(late.root, () => (++calls % 2 === 0 ? machine.makeBundle() : done))
    await change(machine, () => Promise.resolve())
    assert.equal(bundleOf(late), ca.pem + other.pem)
  })

  it('a hook that fails takes the change back, and does not stand in the way of that', async () => {
    const world = await debian()
    const machine: Debian = new Debian(world.root, () => ({
      ...machine.makeBundle(),
      stdout: 'E: /etc/ca-certificates/update.d/x exited with code 3.\n',
    }))
    await assert.rejects(
      change(machine, () => Promise.resolve()),
      {
        code: 'change-failed',
        finding: 'store-hook-failed',
      },
    )
    assert.equal(bundleOf(world), other.pem)
  })

  it('without the tool nothing is run, and the package is named', async () => {
    const world = await debian()
    rmSync(world.at('/usr/sbin/update-ca-certificates'))
    const machine = new Debian(world.root)
    await assert.rejects(change(machine, () => Promise.resolve()))
    assert.deepEqual(machine.ran, [])
  })

  it('a journal names entries of our tables, or is not obeyed', () => {
    const journal = (step: object): unknown => ({
      version: 1,
      id: 'a',
      command: '',
      startedAt: '',
      steps: [step],
    })
    const restart = {
      do: 'restart',
      when: 'back',
      engine: 'docker',
      deadlineMs: 1,
      was: { pid: 1, ticks: 1 },
    }
    for (const step of [...steps, restart]) assert.ok(isJournal(journal(step)))
    const wrong = [
      { ...steps[0], store: 'sh' },
      { ...steps[0], when: 'always' },
      { ...steps[0], there: ['$(id)'] },
      { ...restart, engine: '../../bin/sh' },
      { ...restart, deadlineMs: 1e12 },
      { ...restart, was: undefined },
    ]
    for (const step of wrong) assert.equal(isJournal(journal(step)), false, JSON.stringify(step))
  })
})
