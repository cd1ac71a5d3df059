import assert from 'node:assert/strict'
import { chmodSync, readFileSync } from 'node:fs'
import { planInstall, surviving, type Plan, type WantedFile } from '../../src/change/index.ts'
import type { Certificate } from '../../src/x509/index.ts'
import { ca, read } from '../judge/evidence.ts'
import { approved, commit, undo, worlds, type World } from './world.ts'

const A = 'reg.corp:5000'
const B = 'other.corp:5000'
const DISK = '/var/lib/boot2docker'
const SETTINGS = '/etc/docker/daemon.json'
const COPY = `${DISK}/trust-registry/boot${SETTINGS}`
const SCRIPT = `${DISK}/bootsync.sh`
const vm = { disk: DISK, mounted: true, script: 'bootsync.sh' } as const

describe('change: a VM whose root is in RAM', () => {
  const world = worlds()
  let root: Certificate
  before(async () => {
    root = read(await ca('Root'))
  })

  async function planned(here: World, registry: string, wanted: readonly WantedFile[]): Promise<Plan> {
    const files = await surviving(here.machine, vm, wanted)
    return planInstall(here, registry, { ...approved(root), install: [] }, files)
  }

  /** An edit of the settings in RAM, as `strict` makes it. */
  async function edit(here: World, registry: string): Promise<Plan> {
    const from = (await here.machine.read(SETTINGS)) ?? assert.fail('it is there')
    const bytes = Buffer.from(`${from.toString()}# ${registry}\n`)
    const file = { path: SETTINGS, bytes, from, mode: 0o600, reason: 'a setting', runtime: 'docker' }
    const plan = await planned(here, registry, [{ ...file, reload: 'docker' }])
    await commit(here, plan)
    return plan
  }

  const content = (here: World, path: string): string => readFileSync(here.at(path), 'utf8')

  it('edited settings get a copy on the disk, which later edits follow; nothing is left of it by undo', async () => {
    const here = await world()
    here.write(SETTINGS, 'theirs\n')
    here.write(`${DISK}/theirs`, '')
    const before = here.snapshot()
    const { records } = await edit(here, A)
    assert.equal(content(here, COPY), `theirs\n# ${A}\n`)
    const told = records.files.filter((file) => file.reload !== undefined).map(({ path }) => path)
    assert.deepEqual(told, [SETTINGS], 'no engine reads the copy')
    await edit(here, B)
    assert.equal(content(here, COPY), `theirs\n# ${A}\n# ${B}\n`)
    await undo(here, A, B)
    assert.deepEqual(here.snapshot(), before)
  })

  it("a copy that is somebody's stays as it is", async () => {
    const here = await world()
    here.write(SETTINGS, 'theirs\n')
    await edit(here, A)
    here.write(COPY, 'changed\n')
    await assert.rejects(edit(here, B), { code: 'change-failed', message: /changed by somebody/ })
    assert.equal(content(here, COPY), 'changed\n')
  })

  it("its owner's edits of the boot script outlive later changes and the undo of all, which names it", async () => {
    for (const original of [undefined, '#!/bin/sh\necho theirs\n']) {
      const here = await world()
      here.write(SETTINGS, 'theirs\n')
      here.write(`${DISK}/theirs`, '')
      if (original !== undefined) here.write(SCRIPT, original)
      if (original !== undefined) chmodSync(here.at(SCRIPT), 0o755)
      await edit(here, A)
      const edited = `${content(here, SCRIPT)}echo more\n`
      here.write(SCRIPT, edited)
      await edit(here, B)
      const { changes } = await undo(here, A, B)
      const kept = changes.filter(({ state }) => state === 'kept').map(({ path }) => path)
      assert.deepEqual(kept, [SCRIPT])
      assert.equal(content(here, SCRIPT), edited)
    }
  })
})
