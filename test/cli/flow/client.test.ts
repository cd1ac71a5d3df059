import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { planInstall } from '../../../src/change/index.ts'
import { clientFiles } from '../../../src/cli/flow/client.ts'
import type { Context } from '../../../src/cli/flow/context.ts'
import { parseRegistry } from '../../../src/registry/reference.ts'
import { DockerEngine } from '../../../src/runtimes/docker.ts'
import type { Certificate } from '../../../src/x509/index.ts'
import { approved, commit, undo, worlds, type World } from '../../change/world.ts'
import { ca, read } from '../../judge/evidence.ts'

const REGISTRY = 'reg.corp:5000'
const FOLDER = `/etc/docker/certs.d/${REGISTRY}`

describe('cli/flow/client: the client certificate, year after year', () => {
  const world = worlds()
  let root: Certificate
  before(async () => {
    root = read(await ca('Root'))
  })

  async function place(here: World, year: number): Promise<void> {
    const client = { certificatePem: `certificate ${year}\n`, keyPem: `key ${year}\n` }
    const context = { client, machine: here.machine, state: here.state } as unknown as Context
    const wanted = await clientFiles(context, new DockerEngine(), parseRegistry(REGISTRY))
    await commit(here, await planInstall(here, REGISTRY, approved(root), wanted))
  }
  const content = (here: World, name: string): string => readFileSync(here.at(`${FOLDER}/${name}`), 'utf8')

  it('ours is renewed, for its owner alone; undo leaves nothing, for nothing was there before us', async () => {
    const here = await world()
    const before = here.snapshot()
    for (const year of [1, 2, 3]) await place(here, year)
    assert.deepEqual(
      [content(here, 'client.cert'), content(here, 'client.key')],
      ['certificate 3\n', 'key 3\n'],
    )
    assert.equal(statSync(here.at(`${FOLDER}/client.key`)).mode & 0o777, 0o600)
    assert.deepEqual(here.memory(), ['lock', 'records.json'], 'no earlier key is kept')
    await undo(here, REGISTRY)
    assert.deepEqual(here.snapshot(), before)
  })

  it("somebody else's, or one that was changed since, is left alone", async () => {
    const here = await world()
    here.write(`${FOLDER}/client.cert`, 'theirs\n')
    await assert.rejects(place(here, 1), { code: 'change-failed' })
    assert.equal(content(here, 'client.cert'), 'theirs\n')

    const changed = await world()
    await place(changed, 1)
    writeFileSync(changed.at(`${FOLDER}/client.key`), 'edited\n')
    await assert.rejects(place(changed, 2), { code: 'change-failed' })
    assert.deepEqual(
      [content(changed, 'client.cert'), content(changed, 'client.key')],
      ['certificate 1\n', 'edited\n'],
    )
  })
})
