import assert from 'node:assert/strict'
import { becomeFamily, type P11Family } from '../../fixtures/lab/family.ts'
import type { Host } from '../../fixtures/lab/host.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import { createCa, selfSigned, type CertificateAuthority } from '../../fixtures/pki.ts'
import { goStore } from './go-store.ts'
import { codes, consumer, dockerLogin, runJson, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const stores = [...watched, '/var/lib/ca-certificates'] as const
const system = [registry, '--scope', 'system', '--ca', '/root/ca.pem'] as const
const bundle = '/etc/ssl/certs/ca-certificates.crt'

describe('the OS trust store', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let server: Server
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    server = await scene.lab.server('registry')
    hosts = { 'reg.corp': server.address }
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    await server.dockerRegistry({
      port: 5001,
      chain: [await selfSigned({ names: ['reg.corp'], isCA: false })],
    })
  })

  async function client(name: string): Promise<Host> {
    const host = await scene.lab.host(name, { hosts })
    await host.write('/root/ca.pem', root.pem)
    // As the tool itself leaves it, whatever state this machine's own store is in.
    await host.run(['update-ca-certificates', '--fresh'])
    return host
  }

  /** curl's word, by the OS store. */
  async function curl(host: Host, file?: string): Promise<number> {
    const more = file === undefined ? [] : ['--cacert', file]
    return (await host.run(['curl', '-s', '-o', '/dev/null', ...more, `https://${registry}/v2/`])).code
  }

  it('Debian with `service`: the store, the restart, proof, a second run, undo to the byte', async () => {
    const host = await client('debian')
    assert.equal((await dockerLogin(host, registry)).code, 1)
    const before = await host.snapshot(stores)
    const daemon = host.dockerPid()

    const asked = await runJson(host, system)
    assert.equal(asked.code, 4, 'off a terminal the OS store needs --yes')
    assert.deepEqual(await host.snapshot(stores), before)
    const planned = await runJson(host, [...system, '--dry-run'])
    assert.deepEqual(
      planned.registry.plan.map((item) => `${item.action} ${item.target.replace(/[0-9a-f]{16}/, 'X')}`),
      [
        'write /usr/local/share/ca-certificates/trust-registry-X.crt',
        'run update-ca-certificates',
        'restart docker',
      ],
    )

    const trusted = await runJson(host, [...system, '--yes'])
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal(trusted.registry.verified, true)
    assert.equal(consumer(trusted.registry, 'system').required, true)
    assert.notDeepEqual(host.dockerPid(), daemon)
    assert.equal(await curl(host), 0)
    const verify = [
      'openssl',
      's_client',
      '-connect',
      registry,
      '-CApath',
      '/etc/ssl/certs',
      '-verify_return_error',
    ]
    assert.match((await host.run([...verify, '-brief'])).stderr, /Verification: OK/)
    assert.equal((await dockerLogin(host, registry)).code, 0)
    await host.run(['docker', 'logout', registry])

    const now = host.dockerPid()
    const again = await runJson(host, [...system, '--yes'])
    assert.equal(again.code, 0, again.stdout)
    assert.equal(again.document.changed, false)
    assert.deepEqual(host.dockerPid(), now)
    const status = JSON.parse((await host.product(['status', '--json'])).stdout) as {
      entries: { holds: boolean }[]
    }
    assert.deepEqual(
      status.entries.map((entry) => entry.holds),
      [true],
    )

    await host.run(['cp', bundle, '/root/bundle'])
    await host.run(['sh', '-c', `: > ${bundle}`])
    assert.equal((await host.product(['status'])).code, 1, 'a bundle without it is drift')
    await host.run(['cp', '/root/bundle', bundle])

    assert.equal((await runJson(host, ['undo', registry])).code, 4)
    assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
    assert.deepEqual(await host.snapshot(stores), before)
    assert.equal((await dockerLogin(host, registry)).code, 1, 'docker has forgotten it as well')
  })

  it('--restart never: exit 0, restartNeeded, not verified; the next run restarts', async () => {
    const host = await client('never')
    const daemon = host.dockerPid()
    const left = await runJson(host, [...system, '--yes', '--restart', 'never'])
    assert.equal(left.code, 0, left.stdout)
    assert.equal(left.document.restartNeeded, true)
    assert.equal(left.registry.verified, false)
    assert.deepEqual(host.dockerPid(), daemon)
    const then = await runJson(host, [...system, '--yes'])
    assert.equal(then.code, 0, then.stdout)
    assert.equal(then.document.restartNeeded, undefined)
    assert.equal(then.registry.verified, true)
  })

  for (const family of ['rhel', 'suse', 'arch'] satisfies P11Family[]) {
    it(`${family}, on p11-kit's own trust: installed, proven, repeated, undone to the byte; no server certificate`, async () => {
      const host = await client(family)
      const layout = await becomeFamily(host, family)
      assert.equal((await dockerLogin(host, registry)).code, 1)
      const before = await host.snapshot(stores)
      const trusted = await runJson(host, [...system, '--yes'])
      assert.equal(trusted.code, 0, trusted.stdout)
      assert.equal(await curl(host, layout.bundle), 0)
      assert.ok((await goStore(host)).includes(root.pem.trim()), 'the file that Go reads holds it')
      const openssl = ['openssl', 's_client', '-connect', registry, '-brief', '-verify_return_error']
      const seen = await host.run([...openssl, '-no-CApath', '-CAfile', layout.bundle])
      assert.match(seen.stderr, /Verification: OK/)
      const [installed, restarted] = [await host.snapshot(stores), host.dockerPid()]
      const again = await runJson(host, [...system, '--yes'])
      assert.equal(again.code, 0, again.stdout)
      assert.equal(again.document.changed, false)
      assert.deepEqual([await host.snapshot(stores), host.dockerPid()], [installed, restarted])
      assert.equal((await dockerLogin(host, registry)).code, 0)
      await host.run(['docker', 'logout', registry])
      assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
      assert.deepEqual(await host.snapshot(stores), before)

      const leaf = await runJson(host, [
        'reg.corp:5001',
        '--scope',
        'system',
        '--trust-on-first-use',
        '--yes',
      ])
      assert.equal(leaf.code, 1, leaf.stdout)
      assert.ok(codes(leaf.registry).includes('store-would-drop'))
      assert.deepEqual(await host.snapshot(stores), before)
    })
  }

  it('what was appended to the bundle by hand is named, and kept where that is asked for', async () => {
    const host = await client('appended')
    const theirs = await createCa({ name: 'Appended by hand' })
    await host.run(['sh', '-c', `cat >> ${bundle}`], { input: theirs.pem })
    const before = await host.snapshot(stores)
    const refused = await runJson(host, [...system, '--yes'])
    assert.equal(refused.code, 4)
    assert.ok(codes(refused.registry).includes('bundle-hand-edited'))
    assert.deepEqual(await host.snapshot(stores), before)
    const kept = await runJson(host, [...system, '--yes', '--keep-appended'])
    assert.equal(kept.code, 0, kept.stdout)
    assert.ok((await host.read(bundle)).includes(theirs.pem.trim()))
    assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
    assert.ok((await host.read(bundle)).includes(theirs.pem.trim()))
  })

  it('a daemon.json that is broken already: refused before docker is stopped, exit 8', async () => {
    const host = await client('broken')
    const daemon = host.dockerPid()
    for (const [text, named] of [
      ['{"bridge": ', /JSON/],
      // This daemon is older than `dockerd --validate`.
      ['{"no-such-thing": true}', /don't match any configuration option: no-such-thing/],
      ['{"dns": ["nobody"], "max-concurrent-uploads": 3}', /nobody is not an ip address/],
    ] as const) {
      await host.write('/etc/docker/daemon.json', text)
      const before = await host.snapshot(stores)
      const refused = await runJson(host, [...system, '--yes'])
      assert.equal(refused.code, 8, refused.stdout)
      assert.ok(codes(refused.registry).includes('config-damaged'), refused.stdout)
      assert.match(refused.registry.error?.seen ?? '', named)
      assert.deepEqual(host.dockerPid(), daemon)
      assert.deepEqual(await host.snapshot(stores), before)
    }
    await host.write('/etc/docker/daemon.json', '{"max-concurrent-uploads": 3}')
    const good = await runJson(host, [...system, '--yes'])
    assert.equal(good.code, 0, good.stdout)
    assert.notDeepEqual(host.dockerPid(), daemon)
  })

  it('a docker that does not come back: the old state, docker running again, exit 8', async () => {
    const host = await client('stays-down')
    const before = await host.snapshot(['/usr/local/share', '/etc/ssl'])
    // Its script fails for as long as our certificate is there.
    const guard =
      '#!/bin/sh\nls /usr/local/share/ca-certificates/trust-registry-* >/dev/null 2>&1 && exit 1\n'
    const script = await host.read('/etc/init.d/docker')
    await host.write('/etc/init.d/docker', script.replace('#!/bin/sh\n', guard), 0o755)
    await host.run([
      'sh',
      '-c',
      "sed -i 's/ && exit 1$/ \\&\\& { kill $(cat \\/run\\/docker-ssd.pid); exit 1; }/' /etc/init.d/docker",
    ])
    const refused = await runJson(host, [...system, '--yes', '--timeout', '1'])
    assert.equal(refused.code, 8, refused.stdout)
    assert.deepEqual(await host.snapshot(['/usr/local/share', '/etc/ssl']), before)
    assert.equal((await host.run(['docker', 'info'])).code, 0)
  })

  it('a hook of the tool that fails: named, rolled back, exit 8; no tool: the package, exit 1', async () => {
    const host = await client('hook')
    await host.write('/etc/ca-certificates/update.d/bad', '#!/bin/sh\nexit 3\n', 0o755)
    const before = await host.snapshot(stores)
    const refused = await runJson(host, [...system, '--yes'])
    assert.equal(refused.code, 8, refused.stdout)
    assert.ok(codes(refused.registry).includes('store-hook-failed'))
    assert.deepEqual(await host.snapshot(stores), before)
    await host.run(['rm', '/usr/sbin/update-ca-certificates'])
    const missing = await runJson(host, [...system, '--yes'])
    assert.equal(missing.code, 1)
    assert.ok(codes(missing.registry).includes('store-tool-missing'))
  })
})
