import assert from 'node:assert/strict'
import { chmodSync, rmSync } from 'node:fs'
import { attributeDrift, attributesFor, makerOf } from '../../src/change/attributes.ts'
import { strayFiles } from '../../src/change/index.ts'
import type { FileInfo, Machine } from '../../src/machine/machine.ts'
import { ca, read } from '../judge/evidence.ts'
import { approved, fileOf, trust, worlds } from './world.ts'

type Eyes = Pick<Machine, 'kind' | 'platform' | 'who'>

function asUser(uid: number, platform: NodeJS.Platform = 'linux'): Eyes {
  const invoker = { uid: 1000, gid: 100, name: 'ann', home: '/home/ann' }
  return { kind: 'local', platform, who: () => ({ uid, privileged: uid === 0, invoker, elevated: false }) }
}

function info(mode: number, uid: number, gid: number): FileInfo {
  return { kind: 'file', mode, uid, gid, size: 1, changedMs: 0 }
}

describe('change: mode and owner of files of ours', () => {
  const made = { mode: 0o644, uid: 0 }

  it('a changed mode and a changed owner are drift; what is unknown, and Windows, are not', () => {
    const drift = (found: FileInfo, file: { mode: number; uid?: number }, on = asUser(0)): unknown =>
      attributeDrift(on, found, file)
    assert.equal(drift(info(0o644, 0, 0), made), undefined)
    assert.equal(drift(info(0o600, 0, 0), made), 'its mode is 600')
    assert.equal(drift(info(0o644, 1000, 0), made), 'its owner is uid 1000')
    assert.equal(drift(info(0o644, 1000, 0), { mode: 0o644 }), undefined)
    assert.equal(drift(info(0o666, 1000, 0), made, asUser(-1, 'win32')), undefined)
  })

  it('root gives it back to its owner; a person gets their own back; else it stays whose it is', () => {
    const root = attributesFor(asUser(0), info(0o600, 1000, 50), made)
    assert.deepEqual(root, { uid: 0, gid: 0, was: { mode: 0o600, uid: 1000, gid: 50 } })
    const person = attributesFor(asUser(1000), info(0o644, 0, 0), { mode: 0o644, uid: 1000 })
    // In a rollback a person cannot give it to root again.
    assert.deepEqual(person, { uid: 1000, gid: 100, was: { mode: 0o644, uid: 1000, gid: 100 } })
    const other = attributesFor(asUser(1000), info(0o600, 7, 8), made)
    assert.deepEqual(other, { uid: 7, gid: 8, was: { mode: 0o600, uid: 7, gid: 8 } })
    assert.deepEqual(attributesFor(asUser(0), info(0o644, 0, 5), made), { uid: 0, gid: 5 })
    assert.deepEqual(attributesFor(asUser(0), info(0o600, 7, 8), undefined), { uid: 7, gid: 8 })
  })

  it('who makes a file is known but in an image and on Windows', () => {
    assert.deepEqual(makerOf(asUser(0)), { uid: 0 })
    assert.deepEqual(makerOf({ ...asUser(0), kind: 'root' }), {})
    assert.deepEqual(makerOf(asUser(-1, 'win32')), {})
  })

  const world = worlds()

  it('a file that is gone or has another mode is astray for its registry alone', async () => {
    const here = await world()
    const root = read(await ca('Root'))
    for (const registry of ['a.corp:1', 'b.corp:1', 'c.corp:1']) await trust(here, registry, approved(root))
    chmodSync(here.at(fileOf(root, 'a.corp:1')), 0o600)
    rmSync(here.at(fileOf(root, 'b.corp:1')))
    const records = await here.state.records()
    const stray = async (registry: string): Promise<readonly string[]> => [
      ...(await strayFiles(here.machine, records, registry)),
    ]
    assert.deepEqual(await stray('a.corp:1'), [root.sha256])
    assert.deepEqual(await stray('b.corp:1'), [root.sha256])
    assert.deepEqual(await stray('c.corp:1'), [])
  })
})
