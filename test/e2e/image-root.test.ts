import assert from 'node:assert/strict'
import { becomeFamily } from '../../fixtures/lab/family.ts'
import type { Host } from '../../fixtures/lab/host.ts'
import { ImageRoots } from '../../fixtures/lab/image-root.ts'
import { createCa } from '../../fixtures/pki.ts'
import { consumer, dockerLogin, runJson, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
/** What a run of ours may touch in an image, its own memory apart. */
const parts = ['etc', 'usr/local', 'usr/share', 'dev', 'run', 'tmp', 'var/lib/ca-certificates']

describe('e2e: the root folder of an image', function () {
  const scene = withLab(this)
  const roots = new ImageRoots()
  let builder: Host
  let hosts: Record<string, string>
  let own: readonly string[]
  const image = { debian: '', rhel: '' }

  before('a registry, a builder, images', async function () {
    this.timeout(660_000)
    const root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    hosts = { 'reg.corp': server.address }
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    builder = await scene.lab.host('builder', { withoutDocker: true, hosts, share: [roots.folder] })
    await builder.write('/root/ca.pem', root.pem)
    image.debian = await roots.create('debian', 'trixie')
    image.rhel = await roots.create('rhel', 'trixie')
    await becomeFamily(builder, 'rhel', image.rhel)
    own = await builder.snapshot(watched)
  })
  after('images', () => {
    roots.remove()
  })

  const contents = (root: string): Promise<string[]> =>
    builder.snapshot(parts.map((part) => `${root}/${part}`))
  const untouched = async (): Promise<void> => {
    assert.deepEqual(await builder.snapshot(watched), own, "the builder's own files are as they were")
  }

  for (const family of ['debian', 'rhel'] as const) {
    for (const scope of ['registry', 'system'] as const) {
      it(`${family}, scope ${scope}: written by root, boots with docker trusting it, undone to the byte`, async () => {
        const root = image[family]
        const before = await contents(root)
        const args = [registry, '--machine', root, '--scope', scope, '--ca', '/root/ca.pem', '--yes']
        const run = await runJson(builder, args)
        assert.equal(run.code, 0, run.stdout)
        assert.deepEqual([run.registry.verified, run.document.changed], [true, true])
        const { kind, name, why, os } = run.document.machine
        assert.deepEqual([kind, name, why, os.family], ['root', root, '--machine', family])
        const docker = consumer(run.registry, 'docker')
        assert.deepEqual([docker.state, docker.assumed], ['trusted', true])
        await untouched()

        const booted = await scene.lab.host(`${family}-${scope}`, { root, prepared: true, hosts })
        const login = await dockerLogin(booted, registry)
        assert.equal(login.code, 0, login.stderr)
        await booted.close()

        const status = await builder.product(['status', '--machine', root])
        assert.equal(status.code, 0, status.stdout)
        const undo = await runJson(builder, ['undo', registry, '--machine', root, '--yes'])
        assert.equal(undo.code, 0, undo.stdout)
        assert.deepEqual(await contents(root), before)
        await untouched()
      })
    }
  }
})
