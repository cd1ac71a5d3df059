import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../../fixtures/lab/host.ts'
import type { HostOptions } from '../../fixtures/lab/lab.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { consumer, runJson, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const runtime = '/run/user/65534'
const socket = `${runtime}/docker.sock`
const certsD = `/home/nobody/.config/docker/certs.d/${registry}`
const nobody = { user: 'nobody', env: { HOME: '/home/nobody' } } as const

// A lab host has no user namespaces, so that the real dockerd is told that RootlessKit started it: it keeps to the
// person's folders and says `name=rootless`, though its process is root's.
describe("a person's rootless dockerd", function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    hosts = { 'reg.corp': server.address }
  })

  const does = async (host: Host, argv: readonly string[]): Promise<void> => {
    const { code, stderr } = await host.run(argv)
    assert.equal(code, 0, `${argv.join(' ')}: ${stderr}`)
  }

  const rootlessHost = async (options: HostOptions = {}): Promise<Host> => {
    const host = await scene.lab.host('client', { hosts, docker: false, ...options })
    await does(host, ['sed', '-i', 's|^\\(nobody:.*\\):/nonexistent:|\\1:/home/nobody:|', '/etc/passwd'])
    await does(host, ['install', '-d', '-o', 'nobody', '-m', '755', '/home/nobody'])
    await does(host, ['install', '-d', '-m', '755', '/run/user'])
    // It looks for the program that publishes ports there, and starts none.
    await does(host, ['install', '/bin/true', '/usr/local/bin/rootlesskit-docker-proxy'])
    await does(host, ['install', '-d', '-o', 'nobody', '-m', '700', runtime])
    const flags = ['--rootless', '--bridge=none', '--iptables=false', '--storage-driver=vfs']
    const argv = ['dockerd', ...flags, '-H', `unix://${socket}`, '-p', `${runtime}/docker.pid`]
    const env = { HOME: '/home/nobody', XDG_RUNTIME_DIR: runtime, ROOTLESSKIT_STATE_DIR: `${runtime}/kit` }
    const data = ['--data-root=/var/lib/docker', '--exec-root=/run/docker-own']
    let said = ''
    host.start([...argv, ...data], { env, timeout: 120_000 }).done.then(
      ({ stderr }) => (said = stderr),
      () => undefined,
    )
    const deadline = Date.now() + 20_000
    while ((await host.run(['docker', '-H', `unix://${socket}`, 'version'])).code !== 0) {
      assert.ok(Date.now() < deadline && said === '', `dockerd does not answer: ${said}`)
      await sleep(50)
    }
    await host.write('/home/nobody/ca.pem', root.pem)
    // What the daemon has written so far would be the person's.
    await does(host, ['chown', '-R', 'nobody', socket, '/home/nobody'])
    return host
  }

  it('judged, mended in the person’s own folder without root, proven, undone to the byte', async () => {
    const host = await rootlessHost()
    const everything = [...watched, '/home/nobody/.config', '/var/lib/trust-registry']
    const before = await host.snapshot(everything)
    const seen = await runJson(host, ['diagnose', registry], nobody)
    assert.equal(seen.code, 1, seen.stdout)
    const docker = consumer(seen.registry, 'docker')
    assert.deepEqual([docker.trustLocation, docker.state], [certsD, 'refused'])

    const trusted = await runJson(host, [registry, '--ca', '/home/nobody/ca.pem'], nobody)
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal(trusted.registry.verified, true)
    assert.deepEqual(
      trusted.registry.plan.map(({ privileged }) => privileged),
      [false],
    )
    assert.ok(trusted.registry.changes[0]?.path.startsWith(`${certsD}/`), trusted.stdout)
    const argv = ['docker', '-H', `unix://${socket}`, 'login', '-u', 'testuser', '--password-stdin', registry]
    const login = await host.run(argv, { ...nobody, input: users.testuser })
    assert.equal(login.code, 0, login.stderr)

    const undone = await runJson(host, ['undo', registry, '--yes'], nobody)
    assert.equal(undone.code, 0, undone.stdout)
    assert.deepEqual(await host.snapshot(everything), before)
  })

  it('root writes nothing into it, and is told who does', async () => {
    const host = await rootlessHost()
    const before = await host.snapshot([...watched, '/home/nobody'])
    const env = { DOCKER_HOST: `unix://${socket}` }
    const asRoot = await runJson(host, [registry, '--ca', '/home/nobody/ca.pem'], { env })
    assert.equal(asRoot.code, 1, asRoot.stdout)
    const finding = asRoot.registry.findings.find(({ code }) => code === 'runtime-unreachable')
    assert.match(finding?.message ?? '', /rootless daemon of nobody/)
    const advice = `sudo -u nobody env DOCKER_HOST=unix://${socket} trust-registry ${registry} --ca CA.pem`
    assert.ok(finding?.fix?.startsWith(advice), finding?.fix)
    const blind = await runJson(host, [registry, '--offline', '--ca', '/home/nobody/ca.pem'], { env })
    assert.equal(blind.code, 1, blind.stdout)
    assert.ok(blind.registry.findings[0]?.fix?.startsWith(advice), blind.stdout)
    assert.deepEqual(await host.snapshot([...watched, '/home/nobody']), before)
  })

  it('beside podman: what is the person’s is written, what is root’s is left and said', async () => {
    const host = await rootlessHost({ podman: true })
    const others = [...watched, '/etc/containers']
    const before = await host.snapshot(others)
    const argv = [registry, '--ca', '/home/nobody/ca.pem', '--runtime', 'docker', '--runtime', 'skopeo']
    const trusted = await runJson(host, argv, nobody)
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.deepEqual(
      trusted.registry.changes.map(({ path }) => path.replace(/\/trust-registry-.*/, '')),
      [certsD, `/home/nobody/.config/containers/certs.d/${registry}`],
    )
    assert.equal(consumer(trusted.registry, 'skopeo').state, 'trusted')
    assert.equal((await runJson(host, ['undo', registry, '--yes'], nobody)).code, 0)
    assert.deepEqual(await host.snapshot(others), before)

    // A place of the system's that is there already comes first, and a new one of the person's would hide it.
    await does(host, ['mkdir', '-p', `/etc/containers/certs.d/${registry}`])
    const half = await runJson(host, argv, nobody)
    assert.equal(half.code, 1, half.stdout)
    assert.deepEqual(
      half.registry.changes.map(({ path }) => path.replace(/\/trust-registry-.*/, '')),
      [certsD],
    )
    assert.equal(consumer(half.registry, 'docker').state, 'trusted')
    const fix = `sudo trust-registry ${registry} --runtime skopeo --ca CA.pem`
    assert.ok(
      half.registry.findings.some((finding) => finding.fix?.startsWith(fix)),
      half.stdout,
    )
  })
})
