import assert from 'node:assert/strict'
import type { Server } from '../../fixtures/lab/server.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { codes, consumer, credentials, dockerLogin, runJson, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const DAEMON_JSON = '/etc/docker/daemon.json'

describe('settings that keep an engine from checking', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let server: Server
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    hosts = { 'reg.corp': server.address, 'other.corp': server.address }
  })

  it('insecure-registries: taken out with --yes, dockerd told by SIGHUP, proven, the login made, undone to the byte', async () => {
    const daemonJson = { 'insecure-registries': [registry, 'other.corp:5000'] }
    const host = await scene.lab.host('client', { hosts, daemonJson })
    await host.write('/root/ca.pem', root.pem)
    const text = `{\r\n\t"insecure-registries": [\r\n\t\t"http://${registry}",\r\n\t\t"other.corp:5000"\r\n\t],\r\n\t"bridge": "none",\r\n\t"iptables": false\r\n}`
    const shown = await host.read(DAEMON_JSON)
    await host.write(
      DAEMON_JSON,
      shown.replace(
        /"insecure-registries":\s*\[[^\]]*\]/,
        () => /"insecure-registries": \[[^\]]*\]/.exec(text)?.[0] ?? '',
      ),
    )
    assert.match(await host.read(DAEMON_JSON), /\r\n\t\t"http:/)
    assert.equal((await host.run(['chmod', '640', DAEMON_JSON])).code, 0)
    const before = await host.snapshot(watched)
    const daemon = await host.read('/run/docker-ssd.pid')

    const seen = await runJson(host, ['diagnose', registry])
    assert.ok(codes(seen.registry).includes('insecure-registry'), seen.stdout)
    const left = await runJson(host, [registry, '--ca', '/root/ca.pem', '--dry-run'])
    assert.ok(
      !left.registry.plan.some(({ target }) => target === DAEMON_JSON),
      'not without a word of its own',
    )

    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem', '--yes', ...credentials], {
      input: users.testuser,
    })
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal(trusted.registry.verified, true)
    assert.equal(consumer(trusted.registry, 'docker').state, 'trusted')
    assert.equal(trusted.registry.login?.ok, true)
    assert.ok(
      trusted.registry.plan.some(({ action, target }) => action === 'run' && target === 'reload docker'),
    )
    const after = await host.read(DAEMON_JSON)
    assert.match(after, /\[\r\n\t\t"other\.corp:5000"\r\n\t\]/)
    assert.equal(await host.read('/run/docker-ssd.pid'), daemon, 'nothing was restarted')
    const info = await host.run(['docker', 'info', '--format', '{{json .RegistryConfig.IndexConfigs}}'])
    assert.ok(!info.stdout.includes(registry) && info.stdout.includes('other.corp:5000'), info.stdout)
    assert.equal((await runJson(host, ['diagnose', registry])).code, 0)

    const undone = await runJson(host, ['undo', registry, '--yes'])
    assert.equal(undone.code, 0, undone.stdout)
    await host.run(['docker', 'logout', registry])
    assert.deepEqual(await host.snapshot(watched), before)
    const again = await host.run(['docker', 'info', '--format', '{{json .RegistryConfig.IndexConfigs}}'])
    assert.ok(again.stdout.includes(registry), `the daemon was told on the way back: ${again.stdout}`)
  })

  it('the last entry leaves an empty list, without which SIGHUP would change nothing; a chain that Docker refuses keeps it', async () => {
    const host = await scene.lab.host('client', { hosts, daemonJson: { 'insecure-registries': [registry] } })
    await host.write('/root/ca.pem', root.pem)
    const other = await createCa({ name: 'Another Root CA' })
    await host.write('/root/other.pem', other.pem)
    const vain = await runJson(host, [registry, '--ca', '/root/other.pem', '--yes'])
    assert.notEqual(vain.code, 0)
    assert.ok((await host.read(DAEMON_JSON)).includes(registry))
    assert.equal((await runJson(host, [registry, '--ca', '/root/ca.pem', '--yes'])).code, 0)
    assert.deepEqual(
      (JSON.parse(await host.read(DAEMON_JSON)) as Record<string, unknown>)['insecure-registries'],
      [],
    )
    assert.equal((await dockerLogin(host, registry)).code, 0)
  })

  it('daemon.json is damaged while Docker runs: named with its place, left untouched, the rest is done', async () => {
    const host = await scene.lab.host('client', { hosts })
    await host.write('/root/ca.pem', root.pem)
    const broken = '{\n  "debug": true,\n  "insecure-registries": ["reg.corp:5000",]\n}\n'
    await host.write(DAEMON_JSON, broken)
    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem', '--yes'])
    assert.equal(trusted.code, 0, trusted.stdout)
    const finding = trusted.registry.findings.find(({ code }) => code === 'config-damaged')
    assert.match(finding?.message ?? trusted.stdout, /daemon\.json is damaged.*line 3, column \d+/)
    assert.equal(await host.read(DAEMON_JSON), broken)
  })

  it('a flag of dockerd: named, with the line that takes it out; then the CA is trusted', async () => {
    const flag = `--insecure-registry=${registry}`
    const host = await scene.lab.host('client', { hosts, dockerArgs: [flag] })
    await host.write('/root/ca.pem', root.pem)
    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem', '--yes'])
    assert.equal(trusted.code, 1, trusted.stdout)
    const finding = trusted.registry.findings.find(({ code }) => code === 'insecure-registry')
    const { message = trusted.stdout, fix = '' } = finding ?? {}
    assert.ok(message.includes(`by the flag ${flag} of dockerd`), message)
    assert.ok(fix.endsWith(`# take ${flag} out`), fix)
    const env = { EDITOR: `sed -i s/${flag}//` }
    const mended = await host.run(['sh', '-c', fix], { env })
    assert.equal(mended.code, 0, `${fix}: ${mended.stdout}${mended.stderr}`)
    const seen = await runJson(host, ['diagnose', registry])
    assert.equal(seen.code, 0, seen.stdout)
    assert.equal(consumer(seen.registry, 'docker').state, 'trusted')
  })

  it('--config-file: the entry goes out of that file, whatever stands in /etc/docker', async () => {
    const OTHER = '/srv/docker.json'
    const host = await scene.lab.host('client', {
      hosts,
      docker: false,
      dockerArgs: ['--config-file', OTHER],
    })
    await host.write('/root/ca.pem', root.pem)
    await host.write(DAEMON_JSON, '{ not ours')
    await host.write(OTHER, JSON.stringify({ 'insecure-registries': [registry] }))
    await host.startDocker()
    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem', '--yes'])
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.deepEqual(JSON.parse(await host.read(OTHER)), { 'insecure-registries': [] })
    assert.ok(!codes(trusted.registry).includes('config-damaged'))
    assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
    assert.deepEqual(JSON.parse(await host.read(OTHER)), { 'insecure-registries': [registry] })
    const info = await host.run(['docker', 'info', '--format', '{{json .RegistryConfig.IndexConfigs}}'])
    assert.ok(info.stdout.includes(registry), info.stdout)
  })

  const CONF = '/etc/containers/registries.conf'

  it("registries.conf: insecure is switched off with --yes, podman's family checks, undone to the byte", async () => {
    const host = await scene.lab.host('client', { hosts, podman: true, withoutDocker: true })
    await host.write('/root/ca.pem', root.pem)
    const text = `# ours\nunqualified-search-registries = ["docker.io"]\n\n[[registry]]\n  location = "${registry}" # old\n  insecure = true # for now\n\n[[registry]]\nlocation = "other.corp:5000"\ninsecure = true\n`
    await host.write(CONF, text)
    const before = await host.snapshot(watched)
    assert.ok(codes((await runJson(host, ['diagnose', registry])).registry).includes('insecure-registry'))
    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem', '--yes'])
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal(trusted.registry.verified, true)
    assert.equal(
      await host.read(CONF),
      text.replace('insecure = true # for now', 'insecure = false # for now'),
    )
    assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
    assert.deepEqual(await host.snapshot(watched), before)
  })

  it("what is damaged or sends podman elsewhere is podman's family alone: Docker is served", async () => {
    const host = await scene.lab.host('client', { hosts, podman: true })
    await host.write('/root/ca.pem', root.pem)
    const cases: readonly [string, string, RegExp][] = [
      ['config-damaged', '[[registry]]\nlocation = "x\n', /registries\.conf is damaged.*line 2, column \d+/],
      [
        'registry-elsewhere',
        `[[registry]]\nprefix = "${registry}"\nlocation = "other.corp:5001"\n`,
        /to other\.corp:5001 in place of this registry/,
      ],
    ]
    for (const [code, text, message] of cases) {
      await host.write(CONF, text)
      const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem'])
      assert.equal(trusted.code, 1, trusted.stdout)
      const finding = trusted.registry.findings.find((entry) => entry.code === code)
      assert.match(finding?.message ?? trusted.stdout, message)
      assert.equal(consumer(trusted.registry, 'docker').state, 'trusted')
      assert.ok(trusted.registry.changes.every(({ path }) => path.startsWith('/etc/docker/certs.d/')))
      assert.equal(await host.read(CONF), text)
      assert.equal((await dockerLogin(host, registry)).code, 0)
      assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
      await host.run(['docker', 'logout', registry])
    }
  })
})
