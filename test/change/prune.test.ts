import assert from 'node:assert/strict'
import { posix } from 'node:path'
import fc from 'fast-check'
import { holdings, isEmpty, planPrune, type Approved } from '../../src/change/index.ts'
import { sha256 } from '../../src/change/digest.ts'
import { encodePem, type Certificate } from '../../src/x509/index.ts'
import { ca, read } from '../judge/evidence.ts'
import { approved, commit, fileOf, planned, plannedEdit, trust, undo, worlds, type World } from './world.ts'

const A = 'reg.corp:5000'

describe('change: a rotation, and what it leaves behind', function () {
  // Every file and directory is fsynced, as on a real machine.
  this.timeout(60_000)
  const world = worlds()
  let old: Certificate
  let next: Certificate
  let third: Certificate
  before(async () => {
    old = read(await ca('Old Root'))
    next = read(await ca('New Root'))
    third = read(await ca('Third Root'))
  })

  async function prune(here: World, registry: string, what: Approved): Promise<readonly string[]> {
    const plan = await planPrune(here, await planned(here, registry, { ...what, install: [] }), registry)
    await commit(here, plan)
    return plan.changes.filter((change) => change.state !== 'unchanged').map(({ path }) => path)
  }

  async function superseded(here: World): Promise<readonly string[]> {
    const entries = await holdings(here.machine, await here.state.records())
    return entries.filter((entry) => entry.superseded).map((entry) => entry.where)
  }

  it('the old anchor stays until it is pruned, and then it alone goes', async () => {
    const here = await world()
    const empty = here.snapshot()
    await trust(here, A, approved(old))
    assert.deepEqual(await superseded(here), [])
    await trust(here, A, approved(next))
    assert.deepEqual(await superseded(here), [fileOf(old, A)])
    assert.deepEqual(await prune(here, A, approved(next)), [fileOf(old, A)])
    assert.equal(await here.machine.stat(fileOf(old, A)), undefined)
    assert.ok(await here.machine.stat(fileOf(next, A)))
    assert.deepEqual(await prune(here, A, approved(next)), [])
    await undo(here, A)
    assert.deepEqual(here.snapshot(), empty)
  })

  it('an anchor that is prepared for the switch is not superseded; the one before it is, though the file holds it', async () => {
    const here = await world()
    await trust(here, A, approved(old, next))
    assert.deepEqual(await superseded(here), [])
    await trust(here, A, approved(next, old))
    assert.deepEqual(await superseded(here), [fileOf(old, A)])
    const again = await planned(here, A, approved(next, old))
    assert.ok(isEmpty(again))
    assert.deepEqual(again.records, await here.state.records(), 'a second run leaves it at that')
    await prune(here, A, approved(next))
    await trust(here, A, approved(next, old))
    assert.deepEqual(await superseded(here), [], 'what is installed anew is wanted anew')
  })

  it('what needs no file now still belongs to the identity', async () => {
    const here = await world()
    await trust(here, A, approved(old, next))
    const what = { ...approved(next), install: [], standing: [next.sha256, old.sha256] }
    await trust(here, A, what)
    assert.deepEqual(await superseded(here), [fileOf(old, A)])
  })

  it('back and forth: what is the identity again is no longer superseded', async () => {
    const here = await world()
    for (const one of [old, next, old]) await trust(here, A, approved(one))
    assert.deepEqual(await superseded(here), [fileOf(next, A)])
    await trust(here, A, approved(third))
    assert.deepEqual(new Set(await superseded(here)), new Set([fileOf(next, A), fileOf(old, A)]))
  })

  it("another registry's, somebody's own and changed files stay", async () => {
    const here = await world()
    // Both names of port 443 read both directories, so their files are shared.
    for (const registry of ['reg.corp', 'reg.corp:443']) await trust(here, registry, approved(old))
    await trust(here, 'reg.corp', approved(next))
    assert.deepEqual(await prune(here, 'reg.corp', approved(next)), [])
    assert.ok(await here.machine.stat(fileOf(old, 'reg.corp')))
    await trust(here, 'reg.corp:443', approved(next))
    const pruned = await prune(here, 'reg.corp:443', approved(next))
    assert.deepEqual(new Set(pruned), new Set([fileOf(old, 'reg.corp'), fileOf(old, 'reg.corp:443')]))

    await trust(here, A, approved(old))
    await trust(here, A, approved(next))
    here.write(fileOf(old, A), 'changed')
    assert.deepEqual(await prune(here, A, approved(next)), [fileOf(old, A)])
    assert.ok(await here.machine.stat(fileOf(old, A)), 'kept and named')
  })

  it('what settings of ours still name stays, and is named, until the name is taken out', async () => {
    const [file, config] = [fileOf(old, A), '/etc/engine/config.toml']
    // A hosts.toml may name its neighbours without their folder.
    for (const [settings, name] of [
      [config, file],
      [posix.join(posix.dirname(file), 'hosts.toml'), posix.basename(file)],
    ] as const) {
      const here = await world()
      here.write(settings, 'theirs\n')
      const before = here.snapshot()
      for (const one of [old, next])
        await commit(
          here,
          await plannedEdit(here, A, approved(one), settings, (text) => text.replace('theirs', name)),
        )
      const plan = await planPrune(here, await planned(here, A, { ...approved(next), install: [] }), A)
      assert.deepEqual(
        plan.changes.find(({ path }) => path === file),
        { path: file, state: 'kept', sha256: sha256(Buffer.from(encodePem(old.raw))), namedBy: settings },
      )
      await commit(here, plan)
      assert.deepEqual(await superseded(here), [file], 'a later prune finds it again')
      const changed = here.snapshot()
      here.write(settings, 'nothing\n')
      assert.deepEqual(await prune(here, A, approved(next)), [file])
      assert.equal(await here.machine.stat(file), undefined)
      here.write(settings, `${name}\n`)
      await undo(here, A)
      assert.notDeepEqual(changed, before)
      assert.deepEqual(here.snapshot(), before)
    }
  })

  it('whatever the order of identities and prunes: the identity is there, and undo leaves nothing', async () => {
    const steps = fc.array(fc.constantFrom('old', 'next', 'third', 'prune'), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(steps, async (names) => {
        const here = await world()
        const empty = here.snapshot()
        let present: Certificate | undefined
        for (const name of names) {
          if (name === 'prune') {
            if (!present) continue
            await prune(here, A, approved(present))
            assert.deepEqual(await superseded(here), [])
          } else {
            present = { old, next, third }[name]
            await trust(here, A, approved(present))
          }
          assert.ok(await here.machine.stat(fileOf(present, A)))
        }
        await undo(here, A)
        assert.deepEqual(here.snapshot(), empty)
      }),
      { numRuns: 30 },
    )
  })
})
