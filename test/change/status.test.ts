import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, truncateSync } from 'node:fs'
import { holdings, type Holding } from '../../src/change/index.ts'
import type { Certificate } from '../../src/x509/index.ts'
import { ca, read } from '../judge/evidence.ts'
import { approved, fileOf, trust, undo, worlds, type World } from './world.ts'

const A = 'reg.corp:5000'

describe('change: status', () => {
  const world = worlds()
  let root: Certificate
  before(async () => {
    root = read(await ca('Root'))
  })

  async function look(here: World): Promise<readonly Holding[]> {
    return holdings(here.machine, await here.state.records())
  }

  it('lists each file for each of its registries, with its end', async () => {
    const here = await world()
    assert.deepEqual(await look(here), [])
    await trust(here, 'reg.corp:443', approved(root))
    await trust(here, 'reg.corp', approved(root))
    await trust(here, A, approved(root))
    const found = await look(here)
    assert.deepEqual(
      found.map(({ registry, where }) => [registry, where]),
      [
        ['reg.corp', fileOf(root, 'reg.corp')],
        ['reg.corp', fileOf(root, 'reg.corp:443')],
        ['reg.corp:443', fileOf(root, 'reg.corp')],
        ['reg.corp:443', fileOf(root, 'reg.corp:443')],
        [A, fileOf(root, A)],
      ],
    )
    for (const entry of found) {
      assert.ok(entry.holds && entry.drift === undefined)
      assert.equal(entry.expires, root.notAfter.toISOString())
      assert.equal(entry.identity.sha256, root.sha256)
    }
    await undo(here, 'reg.corp', 'reg.corp:443', A)
    assert.deepEqual(await look(here), [])
  })

  const path = (): string => fileOf(root, A)
  const drifts: readonly (readonly [string, (here: World) => Promise<void> | void, RegExp])[] = [
    ['gone', (here) => here.machine.remove(path()), /gone/],
    [
      'changed',
      (here) => {
        here.write(path(), 'other')
      },
      /changed/,
    ],
    [
      'replaced by a directory',
      async (here) => {
        await here.machine.remove(path())
        mkdirSync(here.at(path()))
      },
      /something else/,
    ],
    [
      'given another mode',
      (here) => {
        chmodSync(here.at(path()), 0o600)
      },
      /its mode is 600/,
    ],
    [
      'replaced by a file too large to read',
      (here) => {
        truncateSync(here.at(path()), 17 * 1024 * 1024)
      },
      /cannot be looked at/,
    ],
    [
      'out of reach',
      async (here) => {
        await undoDirectory(here)
        here.write(`/etc/docker/certs.d/${A}`, 'a file')
      },
      /cannot be looked at: a symbolic link or a file stands/,
    ],
  ]
  for (const [name, drift, expected] of drifts) {
    it(`notices a file that was ${name}`, async () => {
      const here = await world()
      await trust(here, A, approved(root))
      await drift(here)
      const [entry = assert.fail()] = await look(here)
      assert.equal(entry.holds, false)
      assert.match(entry.drift ?? '', expected)
      assert.equal(entry.expires, undefined)
    })
  }

  async function undoDirectory(here: World): Promise<void> {
    await here.machine.remove(path())
    await here.machine.removeDirectory(`/etc/docker/certs.d/${A}`)
  }
})
