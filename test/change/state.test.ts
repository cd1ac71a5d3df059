import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { recover, State, type Records } from '../../src/change/index.ts'
import type { TrustError } from '../../src/errors.ts'
import type { Journal } from '../../src/change/state.ts'
import { ca, read } from '../judge/evidence.ts'
import { FaultyMachine, systemError } from './faulty.ts'
import { approved, NEVER, trust, worlds, type World } from './world.ts'

const RECORDS = '/var/lib/trust-registry/records.json'
const JOURNAL = '/var/lib/trust-registry/journal.json'
const ID = '0f9619ff-8b86-4d01-b42d-00cf4fc964ff'

describe('change: the memory', () => {
  const world = worlds()

  it('is empty on a machine that was never touched, and readable by all afterwards', async () => {
    const here = await world()
    assert.deepEqual(await here.state.records(), { version: 1, files: [], directories: [], registries: [] })
    assert.equal(await here.state.isUnfinished(), false)
    assert.equal(await recover(here.machine, here.state), false)
    await trust(here, 'reg.corp:5000', approved(read(await ca('Root'))))
    assert.equal(statSync(here.at(RECORDS)).mode & 0o777, 0o644)
    assert.deepEqual(here.memory(), ['lock', 'records.json'])
  })

  it('comes back as it was written', async () => {
    const here = await world()
    await trust(here, 'reg.corp:5000', approved(read(await ca('Root "\u0007 é'))))
    const text = readFileSync(here.at(RECORDS), 'utf8')
    const records = await here.restarted().state.records()
    await here.state.writeRecords(records, ID)
    assert.equal(readFileSync(here.at(RECORDS), 'utf8'), text)
  })

  it('is never half understood: damage ends the run and changes nothing', async () => {
    const here = await world()
    await trust(here, 'reg.corp:5000', approved(read(await ca('Root'))))
    const good: Records = await here.state.records()
    const bad: readonly unknown[] = [
      null,
      [],
      { version: 2 },
      { ...good, version: '1' },
      { ...good, files: {} },
      { ...good, files: [null] },
      { ...good, files: good.files.map((file) => ({ ...file, path: 'etc/passwd' })) },
      { ...good, files: good.files.map((file) => ({ ...file, mode: -1 })) },
      { ...good, files: good.files.map((file) => ({ ...file, registries: [1] })) },
      { ...good, files: good.files.map((file) => ({ ...file, before: 1 })) },
      { ...good, directories: [''] },
      { ...good, registries: [{}] },
      { ...good, registries: good.registries.map((record) => ({ ...record, identity: undefined })) },
    ]
    for (const text of ['', '{', '\0\0\0\0', ...bad.map((value) => JSON.stringify(value))]) {
      writeFileSync(here.at(RECORDS), text)
      await assert.rejects(here.state.records(), { code: 'state-damaged', message: /records\.json/ }, text)
      assert.equal(readFileSync(here.at(RECORDS), 'utf8'), text)
    }
  })

  it('in a directory that others can write to: mended where it holds ours alone, else another one is named', async function () {
    const here = await world()
    await trust(here, 'reg.corp:5000', approved(read(await ca('Root'))))
    const directory = here.at('/var/lib/trust-registry')
    const fix = (path: string, state = here.state): Promise<void> =>
      assert.rejects(state.refuseShared(), (error: TrustError) => {
        assert.equal(error.code, 'policy')
        assert.ok(error.fix?.startsWith(path), error.fix)
        return true
      })
    await here.state.refuseShared()
    chmodSync(directory, 0o777)
    await fix('chown ')
    chmodSync(directory, 0o1777)
    await fix('ls -ld ')
    chmodSync(directory, 0o777)
    here.write('/var/lib/trust-registry/theirs', '')
    await fix('ls -ld ')
    here.write('/srv/shared/theirs', '')
    chmodSync(here.at('/srv/shared'), 0o777)
    await fix('--state-dir /var/lib/trust-registry', new State(here.machine, '/srv/shared'))
  })

  it('does nothing for a damaged journal', async () => {
    const here = await world()
    here.write('/etc/victim', 'theirs')
    const before = here.snapshot()
    const bytes = Buffer.from('theirs').toString('base64')
    const step = { do: 'write', path: '/etc/victim', mode: 0o644, bytes }
    const journal = { version: 1, id: ID, command: 'x', startedAt: '', steps: [step] }
    const bad: readonly unknown[] = [
      { ...journal, version: 2 },
      { ...journal, id: '../x' },
      { ...journal, steps: {} },
      { ...journal, steps: [{ ...step, do: 'run' }, step] },
      { ...journal, steps: [{ ...step, do: 'replace', uid: 0, gid: 0 }, step] },
      { ...journal, steps: [{ ...step, do: 'replace', uid: -1, gid: 0, before: '' }, step] },
      { ...journal, steps: [{ ...step, do: 'replace', uid: 0, gid: '0', before: '' }, step] },
      { ...journal, steps: [step, { ...step, path: 'relative' }] },
      { ...journal, steps: [step, { ...step, path: undefined }] },
      { ...journal, steps: [step, { ...step, bytes: 1 }] },
      { ...journal, steps: [step, { ...step, mode: 'u+s' }] },
    ]
    for (const value of bad) {
      here.write(JOURNAL, JSON.stringify(value))
      assert.equal(await here.state.isUnfinished(), true)
      await assert.rejects(
        recover(here.machine, here.state),
        { code: 'state-damaged' },
        JSON.stringify(value),
      )
      assert.deepEqual(here.snapshot(), before)
    }
  })

  it('waits for no pipe, reads no device and no flood in the place of its files', async () => {
    for (const [name, read] of [
      ['records.json', (place: World) => place.state.records()],
      ['journal.json', (place: World) => place.state.journal()],
    ] as const) {
      const here = await world()
      const path = here.at(`/var/lib/trust-registry/${name}`)
      assert.equal(spawnSync('mkfifo', [path]).status, 0)
      await assert.rejects(read(here), { code: 'change-failed' })
      rmSync(path)
      symlinkSync('/dev/zero', path)
      await assert.rejects(read(here), { code: 'change-failed' })
      rmSync(path)
      writeFileSync(path, '')
      truncateSync(path, 100 * 1024 * 1024)
      await assert.rejects(read(here), { code: 'change-failed' })
    }
  })

  it('keeps the journal to itself', async () => {
    const here = await world()
    const journal: Journal = { version: 1, id: ID, command: 'x', startedAt: '', steps: [] }
    await here.state.writeJournal(journal)
    assert.equal(statSync(here.at(JOURNAL)).mode & 0o777, 0o600)
    assert.deepEqual(await here.state.journal(), journal)
    assert.ok(await recover(here.machine, here.state))
    assert.deepEqual(here.memory(), ['lock'])
  })

  it('sweeps out what a killed run has left in its own directory, and nothing else', async () => {
    const here = await world()
    here.write(`/var/lib/trust-registry/.trust-registry-${ID}.tmp`, 'half')
    assert.equal(await here.state.isLittered(), true)
    here.write('/var/lib/trust-registry/notes.tmp', 'theirs')
    await recover(here.machine, here.state)
    assert.deepEqual(here.memory(), ['lock', 'notes.tmp'])
    assert.equal(await here.state.isLittered(), false)
  })

  it('lets one run in at a time', async () => {
    const here = await world()
    const other = here.restarted().state
    const log: string[] = []
    await here.state.locked(0, NEVER, async () => {
      await assert.rejects(
        other.locked(0, NEVER, () => Promise.resolve()),
        { code: 'locked', message: /another run/ },
      )
      const waiting = new AbortController()
      const late = other.locked(2_000, waiting.signal, () => Promise.resolve())
      waiting.abort()
      await assert.rejects(late, { code: 'interrupted' })
      log.push('first')
    })
    await other.locked(0, NEVER, () => Promise.resolve(log.push('second')))
    await assert.rejects(
      here.state.locked(0, NEVER, () => Promise.reject(new Error('inside'))),
      { message: 'inside' },
    )
    await other.locked(0, NEVER, () => Promise.resolve(log.push('third')))
    assert.deepEqual(log, ['first', 'second', 'third'])
  })

  it('waits for the other run while there is time', async () => {
    const here = await world()
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const first = here.state.locked(0, NEVER, () => held)
    const second = here.restarted().state.locked(60_000, NEVER, () => Promise.resolve('in'))
    release()
    assert.equal(await second, 'in')
    await first
  })

  it('says in words why it has no place to remember', async () => {
    const here = await world()
    const error = systemError('EROFS')
    const machine = new FaultyMachine(here.machine, { at: 1, when: 'before', dead: true, error })
    const state = new State(machine, '/srv/memory')
    const work = state.locked(0, NEVER, () => assert.fail('it ran without a lock'))
    await assert.rejects(work, { code: 'change-failed', message: /nothing was changed/ })
  })
})
