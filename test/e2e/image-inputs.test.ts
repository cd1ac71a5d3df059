import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import { createCa } from '../../fixtures/pki.ts'
import { builders, contentsOf } from './image-scene.ts'
import { codes, consumer, credentials, runJson, users, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const ca = ['--ca', '/srv/ca.pem'] as const
const NOBODY = 65_534

describe('e2e: root folders of images that are small, hostile, or none', function () {
  const scene = withLab(this)
  let builder: Host
  let own: readonly string[]

  before('a registry, a builder', async () => {
    const root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    builder = await scene.lab.host('builder', { withoutDocker: true, hosts: { 'reg.corp': server.address } })
    await builder.write('/srv/ca.pem', root.pem)
    own = await builder.snapshot(builders)
  })

  const contents = (root: string): Promise<string[]> => contentsOf(builder, root)
  const untouched = async (): Promise<void> => {
    assert.deepEqual(await builder.snapshot(builders), own, "the builder's own files are as they were")
  }

  /** No more of a system than it takes to be one; `more` runs in its root folder. */
  async function small(name: string, more = ''): Promise<string> {
    const root = `/srv/${name}`
    const script = `set -e
mkdir -p "$1/etc" "$1/usr/bin" "$1/usr/sbin" "$1/var/lib" "$1/tmp"; cd "$1"
printf 'ID=debian\\n' > etc/os-release
printf '' > usr/sbin/dockerd; chmod 755 usr/sbin/dockerd
${more}`
    const made = await builder.run(['sh', '-c', script, 'small', root])
    assert.equal(made.code, 0, made.stderr)
    return root
  }

  it('a line to paste is for the builder: DIR stands before each path, and it does what it says', async () => {
    const wrong = 'etc/docker/certs.d/https:__reg.corp:5000'
    const root = await small('misnamed', `mkdir -p ${wrong}; cp /srv/ca.pem ${wrong}/ca.crt`)
    const args = ['diagnose', registry, '--machine', root]
    const seen = await runJson(builder, args)
    const finding = seen.registry.findings.find(({ code }) => code === 'trust-directory-misnamed')
    const line = finding?.fix ?? seen.stdout
    assert.equal(line, `install -D -m 644 -t ${root}/etc/docker/certs.d/reg.corp:5000 ${root}/${wrong}/*.crt`)
    assert.equal((await builder.run(['sh', '-c', line])).code, 0)
    assert.equal(consumer((await runJson(builder, args)).registry, 'docker').state, 'trusted')
    await untouched()
  })

  it('without a look: exit 0 and not verified; nobody logs in, in an image', async () => {
    const root = await small('offline')
    const blind = await runJson(builder, [registry, '--machine', root, '--offline', ...ca])
    assert.deepEqual([blind.code, blind.registry.verified], [0, false], blind.stdout)
    const theirs = await small('own', `chown -R ${NOBODY} .`)
    const user = await runJson(builder, [registry, '--machine', theirs, '--offline', ...ca], {
      user: 'nobody',
    })
    assert.deepEqual([user.code, user.document.changed], [0, true], user.stdout)
    const more = { input: users.testuser }
    const login = await runJson(builder, [registry, '--machine', root, ...ca, ...credentials], more)
    assert.equal(login.code, 10, login.stdout)
    assert.equal(login.registry.login?.attempted, false)
    const refused = await runJson(builder, ['diagnose', registry, '--machine', await small('fresh')])
    assert.equal(refused.code, 1, refused.stdout)
    const { state, predictedError = '', assumed } = consumer(refused.registry, 'docker')
    assert.deepEqual([state, assumed], ['refused', true])
    assert.match(predictedError, /unknown authority/)
  })

  it('what its daemon.json says not to check is no success', async () => {
    const json = `{"insecure-registries": ["${registry}"]}`
    const root = await small('lax', `mkdir etc/docker; echo '${json}' > etc/docker/daemon.json`)
    const run = await runJson(builder, ['diagnose', registry, '--machine', root])
    assert.equal(consumer(run.registry, 'docker').state, 'unchecked')
    assert.ok(codes(run.registry).includes('insecure-registry'), run.stdout)
  })

  const traps = {
    'etc, absolute': 'mv etc real; ln -s /etc etc;',
    'etc/docker, absolute': 'ln -s /etc/docker etc/docker',
    'etc/docker, climbing': 'ln -s ../../../../../../etc etc/docker',
    'etc/docker/certs.d': 'mkdir etc/docker; ln -s /srv etc/docker/certs.d',
    'the store':
      'mkdir -p usr/local/share; ln -s /usr/local/share/ca-certificates usr/local/share/ca-certificates',
    'the bundle': 'mkdir -p etc/ssl; ln -s ../../../../../etc/ssl/certs etc/ssl/certs',
    'the records': 'ln -s ../../../../var/lib/trust-registry var/lib/trust-registry',
    'var, out of the root': 'rm -r var; ln -s ../../../../../../../srv var',
  }
  it("hostile links lead nowhere but into the image: the builder's files stay, in both scopes", async () => {
    for (const [index, [what, script]] of Object.entries(traps).entries()) {
      const root = await small(`trap${index}`, script)
      for (const scope of ['registry', 'system']) {
        const args = [registry, '--machine', root, '--scope', scope, '--runtime', 'docker', ...ca, '--yes']
        const run = await builder.product(args)
        assert.ok([0, 1, 2, 4, 8].includes(run.code), `${what}: ${run.code} ${run.stdout}${run.stderr}`)
        await untouched()
      }
    }
    assert.deepEqual((await builder.run(['ls', '/srv/trust-registry', '/srv/lib'])).stdout, '')
  })

  it('no tool, or none that runs here: the reason, exit 1, and nothing is changed', async () => {
    const system = ['--scope', 'system', ...ca, '--yes'] as const
    const bare = await runJson(builder, [registry, '--machine', await small('bare'), ...system])
    assert.equal(bare.code, 1, bare.stdout)
    assert.ok(codes(bare.registry).includes('store-tool-missing'))
    const script = `
printf '#!/bin/sh\\nexit 0\\n' > usr/sbin/update-ca-certificates; chmod 755 usr/sbin/update-ca-certificates
cp /bin/true usr/bin/true; printf '\\267\\000' | dd of=usr/bin/true bs=1 seek=18 conv=notrunc 2> /dev/null
cp usr/bin/true usr/bin/sh; ln -s usr/bin bin`
    const root = await small('foreign', script)
    const before = await contents(root)
    const foreign = await runJson(builder, [registry, '--machine', root, ...system])
    assert.equal(foreign.code, 1, foreign.stdout)
    assert.match(foreign.registry.error?.message ?? '', /for another processor \(aarch64\)/)
    assert.deepEqual(await contents(root), before)
    // The registry's own directory takes no program.
    assert.equal((await runJson(builder, [registry, '--machine', root, ...ca])).code, 0)
  })

  it("somebody else's root, one that others write to, one that is closed to us", async () => {
    const theirs = await small('theirs', `chown -R ${NOBODY} .`)
    const open = await small('open', 'chmod 777 .')
    const ours = await small('ours')
    const expected = [
      [theirs, 4, 'policy', {}],
      [open, 4, 'policy', {}],
      [ours, 12, 'needs-privilege', { user: 'nobody' }],
    ] as const
    for (const [root, exit, code, as] of expected) {
      const before = await contents(root)
      const run = await builder.product([registry, '--machine', root, ...ca, '--json'], as)
      assert.equal(run.code, exit, run.stdout)
      assert.match(run.stdout, new RegExp(`"${code}"`))
      // The image has no sudo; the builder has.
      if (exit === 12)
        assert.match(run.stdout, /"fix": "sudo trust-registry reg\.corp:5000 .*--machine \/srv\/ours/)
      assert.deepEqual(await contents(root), before)
    }
  })

  it('what is no root of anything says so: exit 2', async () => {
    await builder.run(['sh', '-c', 'mkdir /srv/empty; ln -s / /srv/slash'])
    const cases = {
      '/': /own root/,
      '/proc/self/root': /own root/,
      '/srv/slash': /own root/,
      '/srv/empty': /os-release/,
      '/srv/ca.pem': /no folder/,
      '/srv/nothing': /nothing is there/,
      './srv': /whole path/,
      image: /whole path/,
    }
    for (const [where, message] of Object.entries(cases)) {
      for (const command of ['diagnose', 'undo']) {
        const run = await builder.product([command, registry, '--machine', where])
        assert.equal(run.code, 2, `${where}: ${run.stderr}`)
        assert.match(run.stderr, message, where)
        assert.match(run.stderr, /fix: /)
      }
    }
  })
})
