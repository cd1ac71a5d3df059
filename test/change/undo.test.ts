import assert from 'node:assert/strict'
import { chmodSync, symlinkSync } from 'node:fs'
import { isEmpty, planUndo } from '../../src/change/index.ts'
import { encodePem, type Certificate } from '../../src/x509/index.ts'
import { ca, read } from '../judge/evidence.ts'
import { approved, commit, fileOf, planned, plannedEdit, trust, undo, worlds, type World } from './world.ts'

const A = 'reg.corp:5000'
const B = 'other.corp:5000'
const CERTS_D = '/etc/docker/certs.d'

describe('change: undo', () => {
  const world = worlds()
  let root: Certificate
  let next: Certificate
  before(async () => {
    root = read(await ca('Root'))
    next = read(await ca('Next Root'))
  })

  it('restores the machine byte for byte, directories included', async () => {
    const here = await world()
    here.write('/etc/hosts', '127.0.0.1 localhost\n')
    const before = here.snapshot()
    await trust(here, A, approved(root, next))
    await trust(here, 'reg.corp', approved(root))
    assert.notDeepEqual(here.snapshot(), before)
    const plan = await undo(here, A, 'reg.corp')
    assert.deepEqual(here.snapshot(), before)
    assert.equal(plan.changes.filter((change) => change.state === 'removed').length, 4)
    const { files, directories, registries } = await here.state.records()
    assert.deepEqual([files, directories, registries], [[], [], []])
    assert.ok(isEmpty(await undo(here, A)), 'a second time there is nothing to do')
  })

  it('leaves what another registry needs, whichever goes first', async () => {
    for (const [first, second] of [
      [A, B],
      [B, A],
    ] as const) {
      const here = await world()
      const empty = here.snapshot()
      await trust(here, A, approved(root))
      await trust(here, B, approved(root))
      await undo(here, first)
      assert.ok(await here.machine.stat(fileOf(root, second)))
      assert.equal(await here.machine.stat(`${CERTS_D}/${first}`), undefined)
      assert.ok(isEmpty(await planned(here, second, approved(root))))
      await undo(here, second)
      assert.deepEqual(here.snapshot(), empty)
    }
  })

  it('takes a file away with the last of its owners', async () => {
    const here = await world()
    const empty = here.snapshot()
    await trust(here, 'reg.corp', approved(root))
    const both = here.snapshot()
    await trust(here, 'reg.corp:443', approved(root))
    const plan = await undo(here, 'reg.corp')
    assert.deepEqual(
      plan.changes.map((change) => change.state),
      ['unchanged', 'unchanged'],
    )
    assert.deepEqual(here.snapshot(), both)
    await undo(here, 'reg.corp:443')
    assert.deepEqual(here.snapshot(), empty)
  })

  it('leaves a certificate that settings still name which stay for another, and takes both with the last', async () => {
    const settings = '/etc/engine/config.toml'
    for (const order of [
      [A, B],
      [B, A],
    ] as const) {
      const here = await world()
      here.write(settings, 'theirs\n')
      const before = here.snapshot()
      for (const registry of [A, B]) {
        const name = (text: string): string => `${text}ca = "${fileOf(root, registry)}"\n`
        await commit(here, await plannedEdit(here, registry, approved(root), settings, name))
      }
      const both = here.snapshot()
      const { changes } = await undo(here, order[0])
      assert.deepEqual([...new Set(changes.map(({ state }) => state))], ['unchanged'])
      assert.deepEqual(here.snapshot(), both)
      await undo(here, order[1])
      assert.deepEqual(here.snapshot(), before)
    }
  })

  it('never removes a file that an administrator had placed before', async () => {
    const here = await world()
    here.write(fileOf(root, A), encodePem(root.raw))
    const before = here.snapshot()
    await trust(here, A, approved(root, next))
    await undo(here, A)
    assert.deepEqual(here.snapshot(), before)
  })

  it('keeps and names what was changed since, and takes back the rest', async () => {
    const path = fileOf(root, A)
    const drifts: Readonly<Record<string, (here: World) => void>> = {
      'other bytes': (here) => {
        here.write(path, 'theirs')
      },
      'a link': (here) => {
        symlinkSync('/etc/hosts', here.at(path))
      },
    }
    for (const [name, place] of Object.entries(drifts)) {
      const here = await world()
      await trust(here, A, approved(root, next))
      await here.machine.remove(path)
      place(here)
      const plan = await undo(here, A)
      const kept = plan.changes.filter((change) => change.state === 'kept').map((change) => change.path)
      assert.deepEqual(kept, [path], name)
      assert.ok(await here.machine.stat(path), name)
      assert.equal(await here.machine.stat(fileOf(next, A)), undefined, name)
      const records = await here.state.records()
      assert.deepEqual([records.files, records.registries, records.directories], [[], [], []], name)
    }
  })

  it('does not miss a file that is gone already', async () => {
    const here = await world()
    const empty = here.snapshot()
    await trust(here, A, approved(root, next))
    await here.machine.remove(fileOf(root, A))
    const plan = await undo(here, A)
    assert.deepEqual(
      plan.changes.map((change) => [change.path, change.state]),
      [[fileOf(next, A), 'removed']],
    )
    assert.deepEqual(here.snapshot(), empty)
  })

  it('keeps a directory of ours that somebody else uses', async () => {
    const here = await world()
    await trust(here, A, approved(root))
    here.write(`${CERTS_D}/${A}/client.cert`, 'theirs')
    await undo(here, A)
    const left = here.snapshot().filter((line) => line.startsWith('/etc/'))
    assert.deepEqual(left.at(-1), `${CERTS_D}/${A}/client.cert 644 theirs`)
    assert.equal(left.length, 4)
    assert.deepEqual((await here.state.records()).directories, [], 'it is theirs from now on')
  })

  it('keeps a directory that was there before, even an empty one', async () => {
    const here = await world()
    await here.machine.makeDirectory('/etc', 0o755)
    await here.machine.makeDirectory('/etc/docker', 0o710)
    const before = here.snapshot()
    await trust(here, A, approved(root))
    await undo(here, A)
    assert.deepEqual(here.snapshot(), before)
  })

  it('is taken back itself with the modes that it found', async () => {
    const here = await world()
    await trust(here, A, approved(root))
    chmodSync(here.at(`${CERTS_D}/${A}`), 0o700)
    chmodSync(here.at(fileOf(root, A)), 0o600)
    const before = here.snapshot()
    const plan = await planUndo(here, new Set([A]))
    await assert.rejects(
      commit(here, plan, () => Promise.reject(new Error('no'))),
      { message: 'no' },
    )
    assert.deepEqual(here.snapshot(), before)
  })

  it('knows nothing of a registry that it never served', async () => {
    const here = await world()
    await trust(here, A, approved(root))
    const before = here.snapshot()
    assert.ok(isEmpty(await undo(here, 'reg.corp:5001')))
    assert.deepEqual(here.snapshot(), before)
  })
})
