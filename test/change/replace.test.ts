import assert from 'node:assert/strict'
import { chmodSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { holdings, recover, type Plan } from '../../src/change/index.ts'
import { doStep, undoStep, type Step } from '../../src/change/step.ts'
import type { Certificate } from '../../src/x509/index.ts'
import { ca, read } from '../judge/evidence.ts'
import { approved, commit, plannedEdit, undo, World, worlds } from './world.ts'

const A = 'reg.corp:5000'
const B = 'other.corp:5000'
const CONFIG = '/etc/engine/config.toml'
const ID = '0f9619ff-8b86-4d01-b42d-00cf4fc964ff'

describe('change: other bytes in a file that was there', () => {
  const world = worlds()
  let root: Certificate
  before(async () => {
    root = read(await ca('Root'))
  })

  async function furnished(text = 'theirs\n'): Promise<World> {
    const here = await world()
    here.write(CONFIG, text)
    chmodSync(here.at(CONFIG), 0o600)
    return here
  }

  async function edit(here: World, registry: string): Promise<Plan> {
    const plan = await plannedEdit(here, registry, approved(root), CONFIG, (text) => `${text}# ${registry}\n`)
    await commit(here, plan)
    return plan
  }

  const content = (here: World): string => readFileSync(here.at(CONFIG), 'utf8')

  it('keeps the mode, remembers what stood there where only root reads it, and undoes it to the byte', async () => {
    const here = await furnished('password = "secret"\n')
    const before = here.snapshot()
    const plan = await edit(here, A)
    assert.deepEqual(plan.items.at(-1)?.action, 'write')
    assert.equal(content(here), `password = "secret"\n# ${A}\n`)
    assert.equal(statSync(here.at(CONFIG)).mode & 0o7777, 0o600)

    const [kept = assert.fail(), ...others] = here.memory().filter((name) => name.startsWith('before-'))
    assert.deepEqual(others, [])
    assert.equal(statSync(here.at(`/var/lib/trust-registry/${kept}`)).mode & 0o7777, 0o600)
    const records = readFileSync(here.at('/var/lib/trust-registry/records.json'), 'utf8')
    assert.ok(!records.includes(Buffer.from('password = "secret"\n').toString('base64')))
    const held = await holdings(here.machine, await here.state.records())
    assert.ok(held.some((entry) => entry.where === CONFIG && entry.holds))

    const undone = await undo(here, A)
    assert.deepEqual(undone.items.find((item) => item.target === CONFIG)?.reason, 'as it was before')
    assert.deepEqual(here.snapshot(), before)
    assert.deepEqual(here.memory(), ['lock', 'records.json'])
  })

  it('goes back to what stood there before the first of several registries, with the last of them', async () => {
    for (const order of [
      [A, B],
      [B, A],
    ] as const) {
      const here = await furnished()
      const before = here.snapshot()
      await edit(here, A)
      await edit(here, B)
      assert.equal(here.memory().filter((name) => name.startsWith('before-')).length, 1)
      await undo(here, order[0])
      assert.equal(content(here), `theirs\n# ${A}\n# ${B}\n`)
      await undo(here, order[1])
      assert.deepEqual(here.snapshot(), before)
      assert.deepEqual(here.memory(), ['lock', 'records.json'])
    }
  })

  it('keeps and names a file that somebody has changed since, and forgets it', async () => {
    const here = await furnished()
    await edit(here, A)
    writeFileSync(here.at(CONFIG), 'edited\n')
    const [entry] = (await holdings(here.machine, await here.state.records())).filter(
      ({ where }) => where === CONFIG,
    )
    assert.equal(entry?.drift, 'the file was changed')
    await assert.rejects(edit(here, B), { code: 'change-failed', message: /changed by somebody/ })
    const plan = await undo(here, A)
    const kept = plan.changes.filter(({ state }) => state === 'kept').map(({ path }) => path)
    assert.deepEqual(kept, [CONFIG])
    assert.equal(content(here), 'edited\n')
    assert.deepEqual((await here.state.records()).files, [])

    // What stood there before us is for the person who takes our lines out, whatever is done later.
    const before = plan.changes.find(({ state }) => state === 'kept')?.before ?? ''
    assert.deepEqual(here.memory(), [`before-${before}`, 'lock', 'records.json'])
    assert.equal(readFileSync(here.at(`/var/lib/trust-registry/before-${before}`), 'utf8'), 'theirs\n')
    await edit(here, B)
    await undo(here, B)
    await recover(here.machine, here.state)
    assert.deepEqual(here.memory(), [`before-${before}`, 'lock', 'records.json'])
  })

  it('leaves a mode that somebody has set since', async () => {
    const here = await furnished()
    await edit(here, A)
    chmodSync(here.at(CONFIG), 0o640)
    await undo(here, A)
    assert.equal(content(here), 'theirs\n')
    assert.equal(statSync(here.at(CONFIG)).mode & 0o7777, 0o640)
  })

  it('replaces only the bytes that it was made from: before the journal, and before the step', async () => {
    const here = await furnished()
    const late = plannedEdit(here, A, approved(root), CONFIG, (text) => {
      here.write(CONFIG, 'newer\n')
      return `${text}# ours\n`
    })
    await assert.rejects(late, { code: 'change-failed', message: /while it was looked at/ })

    const plan = await plannedEdit(here, A, approved(root), CONFIG, (text) => `${text}# ours\n`)
    here.write(CONFIG, 'newest\n')
    const before = here.snapshot()
    await assert.rejects(commit(here, plan), { code: 'change-failed', message: /changed it meanwhile/ })
    assert.deepEqual(here.snapshot(), before)
    assert.deepEqual(here.memory(), ['lock'])
  })

  it('does not replace links, nor what a link names', async () => {
    const here = await furnished()
    const plan = await plannedEdit(here, A, approved(root), CONFIG, (text) => `${text}# ours\n`)
    rmSync(here.at(CONFIG))
    here.write('/etc/engine/real', 'theirs\n')
    symlinkSync('real', here.at(CONFIG))
    const before = here.snapshot()
    await assert.rejects(commit(here, plan), { code: 'change-failed' })
    await assert.rejects(
      plannedEdit(here, A, approved(root), CONFIG, (text) => `${text}!`),
      { code: 'change-failed' },
    )
    assert.deepEqual(here.snapshot(), before)
  })

  it('will not put back what it no longer has', async () => {
    const here = await furnished()
    await edit(here, A)
    const [kept = ''] = here.memory().filter((name) => name.startsWith('before-'))
    writeFileSync(here.at(`/var/lib/trust-registry/${kept}`), 'evil\n')
    const before = here.snapshot()
    await assert.rejects(undo(here, A), { code: 'state-damaged', message: new RegExp(kept) })
    rmSync(here.at(`/var/lib/trust-registry/${kept}`))
    await assert.rejects(undo(here, A), { code: 'state-damaged', message: /it is gone/ })
    assert.deepEqual(here.snapshot(), before)
  })

  it('what nothing on record needs any more is swept out by the next run', async () => {
    const here = await furnished()
    await edit(here, A)
    here.write(`/var/lib/trust-registry/before-${'0'.repeat(64)}`, 'left over')
    await recover(here.machine, here.state)
    assert.equal(here.memory().filter((name) => name.startsWith('before-')).length, 1)
  })

  it('any bytes and modes: done, done twice, taken back, taken back twice', async () => {
    const one = fc.record({
      before: fc.uint8Array({ maxLength: 200 }),
      bytes: fc.uint8Array({ maxLength: 200 }),
      mode: fc.integer({ min: 0, max: 0o777 }),
      other: fc.option(fc.uint8Array({ maxLength: 20 })),
    })
    await fc.assert(
      fc.asyncProperty(one, async ({ before, bytes, mode, other }) => {
        fc.pre(Buffer.compare(before, bytes) !== 0)
        const here = await new World().ready()
        try {
          here.write(CONFIG, Buffer.from(before))
          chmodSync(here.at(CONFIG), mode)
          const old = here.snapshot()
          const { uid, gid } = statSync(here.at(CONFIG))
          const base64 = (part: Uint8Array): string => Buffer.from(part).toString('base64')
          const ends = { before: base64(before), bytes: base64(bytes) }
          const step: Step = { do: 'replace', path: CONFIG, mode, uid, gid, ...ends }
          await undoStep(here.machine, step, ID)
          assert.deepEqual(here.snapshot(), old, 'what was not begun is not taken back')
          await doStep(here.machine, step, ID)
          const done = here.snapshot()
          await assert.rejects(doStep(here.machine, step, ID), { code: 'ESTALE' })
          assert.deepEqual(here.snapshot(), done)
          if (other) writeFileSync(here.at(CONFIG), other)
          const foreign = other !== null && Buffer.compare(other, bytes) !== 0
          const expected = foreign ? here.snapshot() : old
          await undoStep(here.machine, step, ID)
          await undoStep(here.machine, step, ID)
          assert.deepEqual(here.snapshot(), expected)
        } finally {
          here.remove()
        }
      }),
      { numRuns: 60 },
    )
  })
})
