import assert from 'node:assert/strict'
import { becomeFamily } from '../../fixtures/lab/family.ts'
import type { Host } from '../../fixtures/lab/host.ts'
import { ImageRoots } from '../../fixtures/lab/image-root.ts'
import { createCa } from '../../fixtures/pki.ts'
import { builders, contentsOf } from './image-scene.ts'
import { consumer, dockerLogin, runJson, users, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const ca = ['--ca', '/srv/ca.pem'] as const
const NOBODY = 65_534

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
    await builder.write('/srv/ca.pem', root.pem)
    image.debian = await roots.create('debian', 'trixie')
    image.rhel = await roots.create('rhel', 'trixie')
    await becomeFamily(builder, 'rhel', image.rhel)
    own = await builder.snapshot(builders)
  })
  after('images', () => {
    roots.remove()
  })

  const contents = (root: string): Promise<string[]> => contentsOf(builder, root)
  const untouched = async (): Promise<void> => {
    assert.deepEqual(await builder.snapshot(builders), own, "the builder's own files are as they were")
  }

  const cases = [
    ['debian', 'registry', undefined],
    ['debian', 'system', undefined],
    ['rhel', 'registry', undefined],
    ['rhel', 'system', undefined],
    // From here on the images are theirs.
    ['debian', 'system', 'nobody'],
    ['rhel', 'system', 'nobody'],
  ] as const
  for (const [family, scope, user] of cases) {
    it(`${family}, scope ${scope}: written by ${user ?? 'root'}, boots with docker trusting it, undone to the byte`, async () => {
      const root = image[family]
      const as = user === undefined ? {} : { user }
      if (user !== undefined) await roots.give(root, NOBODY)
      const before = await contents(root)
      const args = [registry, '--machine', root, '--scope', scope, ...ca, '--yes']
      const run = await runJson(builder, args, as)
      assert.equal(run.code, 0, run.stdout)
      assert.deepEqual([run.registry.verified, run.document.changed], [true, true], run.stdout)
      const { kind, name, why, os } = run.document.machine
      assert.deepEqual([kind, name, why, os.family], ['root', root, '--machine', family])
      const docker = consumer(run.registry, 'docker')
      assert.deepEqual([docker.state, docker.assumed], ['trusted', true])
      const again = await runJson(builder, args, as)
      assert.deepEqual([again.code, again.document.changed], [0, false], again.stdout)
      await untouched()

      const booted = await scene.lab.host('booted', { root, prepared: true, hosts })
      const login = await dockerLogin(booted, registry)
      assert.equal(login.code, 0, login.stderr)
      await booted.close()

      const status = await builder.product(['status', '--machine', root], as)
      assert.equal(status.code, 0, status.stdout)
      const undo = await runJson(builder, ['undo', registry, '--machine', root, '--yes'], as)
      assert.equal(undo.code, 0, undo.stdout)
      assert.deepEqual(await contents(root), before)
      await untouched()
    })
  }

  for (const family of ['debian', 'rhel'] as const) {
    it(`${family}, scope system without a look: the roots that were given, exit 0 and not verified; boots trusting them`, async () => {
      const root = image[family]
      const as = { user: 'nobody' } as const
      const before = await contents(root)
      const args = [registry, '--machine', root, '--scope', 'system', '--offline', ...ca]
      const asked = await runJson(builder, args, as)
      assert.deepEqual([asked.code, asked.registry.error?.code], [4, 'consent-missing'], asked.stdout)
      assert.deepEqual(await contents(root), before)
      const run = await runJson(builder, [...args, '--yes'], as)
      const { verified, changed } = run.registry
      assert.deepEqual([run.code, verified, changed], [0, false, true], run.stdout)
      const again = await runJson(builder, [...args, '--yes'], as)
      assert.deepEqual([again.code, again.document.changed], [0, false], again.stdout)
      const booted = await scene.lab.host('booted', { root, prepared: true, hosts })
      const login = await dockerLogin(booted, registry)
      assert.equal(login.code, 0, login.stderr)
      assert.equal(await booted.exists('/etc/docker/certs.d'), false)
      await booted.close()
      const undo = await runJson(builder, ['undo', registry, '--machine', root, '--yes'], as)
      assert.equal(undo.code, 0, undo.stdout)
      assert.deepEqual(await contents(root), before)
      await untouched()
    })
  }

  it('without a look an intermediate is no anchor of the OS store of an image: exit 1; beside a root it is left out, which is said', async () => {
    const middle = await (await createCa({ name: 'Another Root CA' })).intermediate({ name: 'Issuing CA' })
    await builder.write('/srv/middle.pem', middle.pem)
    const before = await contents(image.debian)
    const args = ['--machine', image.debian, '--scope', 'system', '--offline', '--ca', '/srv/middle.pem']
    const run = await runJson(builder, [registry, ...args, '--yes'], { user: 'nobody' })
    assert.equal(run.code, 1, run.stdout)
    assert.match(run.registry.error?.message ?? '', /an intermediate alone is no anchor/)
    await builder.run(['sh', '-c', 'cat /srv/ca.pem >> /srv/middle.pem'])
    const beside = await runJson(builder, [registry, ...args, '--dry-run'], { user: 'nobody' })
    assert.deepEqual(
      [beside.code, beside.registry.findings.map(({ code, message }) => [code, message])],
      [
        0,
        [
          [
            'ca-left-out',
            '"Issuing CA" is an intermediate, and no anchor here, and is left out of the OS store',
          ],
        ],
      ],
      beside.stdout,
    )
    assert.deepEqual(await contents(image.debian), before)
    await builder.run(['rm', '/srv/middle.pem'])
  })

  it('what was written into an image is taken back from the system that booted of it', async () => {
    const root = await roots.create('moved', 'trixie')
    const run = await builder.product([registry, '--machine', root, ...ca])
    assert.equal(run.code, 0, run.stdout)
    assert.match(run.stdout, /verified: by the files that .*docker.* will read in the image/)
    assert.doesNotMatch(run.stdout, /reached/)
    const booted = await scene.lab.host('moved', { root, prepared: true, hosts })
    const undo = await runJson(booted, ['undo', registry, '--yes'])
    assert.equal(undo.code, 0, undo.stdout)
    assert.equal(await booted.exists('/etc/docker/certs.d'), false)
    assert.equal((await dockerLogin(booted, registry)).code, 1)
    await booted.close()
  })
})
