import assert from 'node:assert/strict'
import { chmodSync, chownSync } from 'node:fs'
import { perform, planUndo, recover, State, type Approved, type Plan } from '../../src/change/index.ts'
import { TrustError } from '../../src/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { ca, read } from '../judge/evidence.ts'
import { Crash, FaultyMachine, systemError, type Fault } from './faulty.ts'
import { approved, commit, fileOf, NEVER, planned, plannedEdit, trust, worlds, type World } from './world.ts'

const REGISTRY = 'reg.corp:5000'
const OURS = '# ours\n'
const CONFIG = '/etc/docker/daemon.json'

describe('change: all or nothing', function () {
  // Every file and directory is fsynced, as on a real machine.
  this.timeout(60_000)
  const world = worlds()
  let what: Approved
  before(async () => {
    what = approved(read(await ca('Root')), read(await ca('Next Root')))
  })

  type Planner = (place: { machine: Machine; state: State }) => Promise<Plan>
  const install: Planner = (place) => planned(place, REGISTRY, what)
  const takeBack: Planner = (place) => planUndo(place, new Set([REGISTRY]))
  const edit: Planner = (place) =>
    plannedEdit(place, REGISTRY, what, CONFIG, (text) => (text.includes(OURS) ? text : text + OURS))
  const restore: Planner = (place) => planUndo(place, new Set([REGISTRY]))

  /** A machine on which the change begins: somebody else's files, and for undo, ours. */
  async function start(planner: Planner): Promise<World> {
    const here = await world()
    here.write(CONFIG, '{}\n')
    chmodSync(here.at(CONFIG), 0o640)
    if (process.geteuid?.() === 0) chownSync(here.at(CONFIG), 12_345, 23_456)
    if (planner === takeBack) await trust(here, REGISTRY, what)
    if (planner === restore) await commit(here, await edit(here))
    return here
  }

  /** @returns whether the fault was reached at all */
  async function strike(planner: Planner, fault: Fault): Promise<boolean> {
    const here = await start(planner)
    const [before, remembered] = [here.snapshot(), await here.state.records()]
    const machine = new FaultyMachine(here.machine, fault)
    const state = new State(machine)
    const plan = await planner({ machine: here.machine, state: here.state })
    const outcome = await perform(machine, state, { command: 'test', ...plan }, NEVER, () =>
      Promise.resolve('proven'),
    ).catch((error: unknown) => error)
    if (!machine.struck) return false

    const label = `${fault.when} call ${fault.at}`
    if (fault.dead !== true) {
      if (outcome !== 'proven') {
        assert.ok(outcome instanceof TrustError, `${label}: ${String(outcome)}`)
        assert.equal(outcome.code, 'change-failed', label)
        assert.deepEqual(here.snapshot(), before, `${label}: the error says that it was rolled back`)
      }
      assert.ok(!here.memory().some((name) => name.endsWith('.tmp')), label)
    }
    const next = here.restarted()
    await recover(next.machine, next.state)
    assert.equal(await recover(next.machine, next.state), false, `${label}: healed at once`)
    assert.deepEqual(
      here.memory(),
      here.memory().filter((name) => ['lock', 'records.json'].includes(name) || name.startsWith('before-')),
      label,
    )
    const records = await next.state.records()
    assert.deepEqual(
      here.memory().filter((name) => name.startsWith('before-')),
      records.files.flatMap((file) => (file.before === undefined ? [] : [`before-${file.before}`])),
      label,
    )
    if (records.last === remembered.last) {
      assert.notEqual(outcome, 'proven', label)
      assert.deepEqual(here.snapshot(), before, label)
      assert.deepEqual(records, remembered, label)
    } else {
      assert.deepEqual(here.snapshot(), await expected(planner), label)
      assert.deepEqual({ ...records, last: '' }, { ...plan.records, last: '' }, label)
    }
    // And the machine is fit for the next run.
    await commit(here, await planner(here))
    assert.deepEqual(here.snapshot(), await expected(planner), label)
    return true
  }

  async function expected(planner: Planner): Promise<readonly string[]> {
    const here = await start(planner)
    await commit(here, await planner(here))
    return here.snapshot()
  }

  async function sweep(planner: Planner, fault: Omit<Fault, 'at'>): Promise<number> {
    let at = 1
    while (await strike(planner, { ...fault, at })) at++
    return at - 1
  }

  // install: journal 2, directories 2, files 2 x 2, records 2, journal 1; undo: journal 2, files 2, directories 2, the same end.
  // edit: also what it displaces 2, the file 2; restore: also the file 2, what was displaced 1.
  const CALLS = { install: 11, undo: 9, edit: 15, restore: 12 }
  // Which error it is makes no difference to the steps: two of the four kinds of change see them all.
  const all = ['ENOSPC', 'EIO', 'EROFS', 'EACCES']
  for (const [name, planner, calls, errors] of [
    ['install', install, CALLS.install, all],
    ['undo', takeBack, CALLS.undo, all],
    ['edit', edit, CALLS.edit, ['EIO']],
    ['restore', restore, CALLS.restore, ['EIO']],
  ] as const) {
    for (const when of ['before', 'after'] as const) {
      for (const code of errors) {
        it(`${name}: ${code} ${when} any call leaves the old state or the new one`, async () => {
          assert.equal(await sweep(planner, { when, error: systemError(code) }), calls)
        })
      }
      it(`${name}: death ${when} any call is healed by the next run`, async () => {
        assert.equal(await sweep(planner, { when, error: () => new Crash('dead'), dead: true }), calls)
      })
    }
  }

  it('heals even when the healing run dies, at any call of either', async () => {
    let tried = 0
    // The last call takes the journal away; the change holds by then.
    for (let first = 1; first < CALLS.edit; first++) {
      for (let second = 1; ; second++) {
        const here = await start(edit)
        const before = here.snapshot()
        const error = (): Error => new Crash('dead')
        const dying = new FaultyMachine(here.machine, { at: first, when: 'before', dead: true, error })
        await assert.rejects(commit({ machine: dying, state: new State(dying) }, await edit(here)))
        const healer = new FaultyMachine(here.machine, { at: second, when: 'after', dead: true, error })
        await recover(healer, new State(healer)).catch(() => false)
        await recover(here.machine, here.state)
        assert.deepEqual(here.snapshot(), before, `${first}, then ${second}`)
        assert.deepEqual(here.memory(), ['lock'], `${first}, then ${second}`)
        if (!healer.struck) break
        tried++
      }
    }
    assert.ok(tried > CALLS.edit, `${tried} points`)
  })

  it('rolls back when the proof fails, and hands on why', async () => {
    const here = await start(install)
    const before = here.snapshot()
    const refused = new TrustError('change-failed', 'docker still refuses')
    const plan = await install(here)
    await assert.rejects(
      commit(here, plan, () => {
        assert.ok(here.snapshot().length > before.length, 'the proof looks at the finished change')
        return Promise.reject(refused)
      }),
      refused,
    )
    assert.deepEqual(here.snapshot(), before)
    assert.deepEqual(here.memory(), ['lock'])
  })

  it('stops for a signal, before or during the proof', async () => {
    for (const inProof of [false, true]) {
      const here = await start(install)
      const before = here.snapshot()
      const abort = new AbortController()
      if (!inProof) abort.abort()
      const change = { command: 'test', ...(await install(here)) }
      const work = perform(here.machine, here.state, change, abort.signal, () => {
        abort.abort()
        return Promise.resolve()
      })
      await assert.rejects(work, { code: 'interrupted' })
      assert.deepEqual(here.snapshot(), before)
    }
  })

  it('says what could not be rolled back, and finishes it at the next run', async () => {
    const here = await start(install)
    const before = here.snapshot()
    const [certificate = assert.fail()] = what.install
    const path = fileOf(certificate, REGISTRY)
    const machine = new FaultyMachine(here.machine, {
      at: 9,
      when: 'before',
      dead: true,
      error: systemError('EIO'),
    })
    const change = { command: 'test', ...(await install(here)) }
    const work = perform(machine, new State(machine), change, NEVER, () => Promise.resolve())
    await assert.rejects(work, (error: unknown) => {
      assert.ok(error instanceof TrustError)
      assert.equal(error.code, 'rollback-incomplete')
      assert.ok(error.message.includes(`${path} (input/output error)`), error.message)
      assert.match(error.seen ?? '', /records cannot be written/)
      return true
    })
    assert.ok(await recover(here.machine, here.state))
    assert.deepEqual(here.snapshot(), before)
  })

  it('leaves alone what somebody put in the place of our file meanwhile', async () => {
    const here = await start(install)
    const [certificate = assert.fail()] = what.install
    const path = fileOf(certificate, REGISTRY)
    const work = commit(here, await install(here), () => {
      here.write(path, 'theirs')
      return Promise.reject(new Error('no'))
    })
    await assert.rejects(work, { message: 'no' })
    const left = here.snapshot().filter((line) => line.includes('certs.d'))
    assert.deepEqual(left.at(-1)?.split(' '), [path, '644', 'theirs'])
    assert.equal(left.length, 3, 'the directories that it needs, and nothing else')
  })

  it('takes away only what its plan has seen', async () => {
    const here = await start(takeBack)
    const [certificate = assert.fail()] = what.install
    const path = fileOf(certificate, REGISTRY)
    const plan = await takeBack(here)
    here.write(path, 'theirs')
    await assert.rejects(commit(here, plan), { code: 'change-failed' })
    assert.ok(here.snapshot().some((line) => line.startsWith(`${path} `) && line.endsWith(' theirs')))
  })
})
