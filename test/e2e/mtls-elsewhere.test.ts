import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { dockerLogin, runJson, users, watched, withLab, strayKeys } from './scene.ts'

const registry = 'reg.corp:5000'
const argv = [process.execPath, join(repository, 'bin/run.js')] as const
const pair = ['--client-cert', '/root/me.pem', '--client-key', '/root/me.key'] as const
const trust = [registry, '--ca', '/root/ca.pem', ...pair] as const

describe('mutual TLS by other ways than a root’s Docker', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let clients: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    clients = await createCa({ name: 'Corp Clients CA' })
    const server = await scene.lab.server('registry')
    const chain = [await root.issue({ names: ['reg.corp'] })]
    await server.dockerRegistry({ port: 5000, chain, clientCa: clients })
    await server.dockerRegistry({ port: 5001, chain, users, clientCa: clients })
    hosts = { 'reg.corp': server.address }
  })

  const freshHost = async (more: Parameters<typeof scene.lab.host>[1] = {}): Promise<Host> => {
    const host = await scene.lab.host('client', { hosts, ...more })
    const me = await clients.issue({ names: ['me'], ekus: ['clientAuth'] })
    await host.write('/root/ca.pem', root.pem)
    await host.write('/root/me.pem', me.pem)
    await host.write('/root/me.key', me.key, 0o600)
    return host
  }
  const modes = async (host: Host, directory: string): Promise<string> =>
    (await host.run(['sh', '-c', `cd '${directory}' && stat -c '%n %a %U' client.*`])).stdout

  it('containerd: named in hosts.toml or found beside the CA, proven by ctr, undone to the byte', async () => {
    const base = '/etc/containerd/certs.d'
    const directory = `${base}/${registry}`
    const named = ['--runtime', 'containerd'] as const
    const host = await freshHost({ docker: false })
    const section = 'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\n'
    await host.write('/etc/containerd/config.toml', `${section}  config_path = "${base}"\n`)
    void host.start(['containerd', '--log-level', 'error'], { timeout: 120_000 }).done.catch(() => undefined)
    const deadline = Date.now() + 30_000
    while ((await host.run(['ctr', 'version'])).code !== 0) {
      assert.ok(Date.now() < deadline, 'containerd does not answer')
      await sleep(50)
    }
    const image = `${registry}/trust-registry-probe@sha256:${'0'.repeat(64)}`
    const pull = async (): Promise<string> =>
      (await host.run(['ctr', 'images', 'pull', '--hosts-dir', base, image])).stderr
    for (const hostsToml of ['', `[host."https://${registry}"] # theirs\n`]) {
      if (hostsToml !== '') await host.write(`${directory}/hosts.toml`, hostsToml)
      const before = await host.snapshot(watched)
      const without = await runJson(host, [registry, '--ca', '/root/ca.pem', ...named])
      assert.notEqual(without.code, 0, without.stdout)
      const run = await runJson(host, [...trust, ...named])
      assert.deepEqual([run.code, run.registry.verified], [0, true], run.stdout)
      assert.equal(await modes(host, directory), 'client.cert 600 root\nclient.key 600 root\n')
      if (hostsToml !== '')
        assert.match(
          await host.read(`${directory}/hosts.toml`),
          /client = \[\["\S*client\.cert", "\S*client\.key"\]\]/,
        )
      assert.match(await pull(), /not found/)
      assert.equal((await runJson(host, [...trust, ...named])).registry.changed, false)
      assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
      assert.deepEqual(await host.snapshot(watched), before)
    }
  })

  it('through sudo: the pair crosses to root, which places and proves it; a second run has nothing to do; undone', async () => {
    const host = await freshHost()
    assert.equal((await host.run(['useradd', '--create-home', '--uid', '1001', 'alice'])).code, 0)
    await host.run(['sh', '-c', 'cp /root/*.pem /root/me.key /home/alice && chown alice /home/alice/*'])
    await host.write('/etc/sudoers.d/alice', `alice ALL=(root) NOPASSWD: ${argv.join(' ')} __apply\n`, 0o440)
    const before = await host.snapshot(watched)
    const toAlice = ['setpriv', '--reuid=1001', '--regid=1001', '--init-groups', 'env', 'HOME=/home/alice']
    const asAlice = async (args: readonly string[], input = '') => {
      const { code, stdout, stderr } = await host.run([...toAlice, ...argv, ...args], { input })
      assert.doesNotMatch(stdout + stderr, /PRIVATE KEY/)
      return { code, said: stdout + stderr }
    }
    const files = ['--client-cert', '/home/alice/me.pem', '--client-key', '/home/alice/me.key']
    const hers = ['reg.corp:5001', '--ca', '/home/alice/ca.pem', ...files]
    const login = ['-u', 'testuser', '--password-stdin', '-v']
    const first = await asAlice([...hers, ...login], users.testuser)
    assert.equal(first.code, 0, first.said)
    const directory = '/etc/docker/certs.d/reg.corp:5001'
    assert.equal(await modes(host, directory), 'client.cert 600 root\nclient.key 600 root\n')
    assert.equal((await dockerLogin(host, 'reg.corp:5001')).code, 0)
    assert.equal(await strayKeys(host), '', 'no key is left but in its place')
    const placed = await host.snapshot(watched)
    const again = await asAlice(hers)
    assert.equal(again.code, 0, again.said)
    assert.deepEqual(await host.snapshot(watched), placed)
    const undone = await asAlice(['undo', 'reg.corp:5001', '--yes'])
    assert.equal(undone.code, 0, undone.said)
    assert.deepEqual(await host.snapshot(watched), before)
  })

  it('--offline: placed unproven; for another person’s podman a key of root’s is refused, before any write', async () => {
    const host = await freshHost({ podman: true })
    // It makes its own files the first time.
    await host.run(['podman', 'pull', `${registry}/none:1`])
    const before = await host.snapshot(watched)
    const sudo = { env: { SUDO_UID: '1', SUDO_GID: '1', SUDO_USER: 'daemon' } }
    const theirs = await runJson(host, [...trust, '--runtime', 'podman'], sudo)
    assert.equal(theirs.code, 4, theirs.stdout)
    assert.match(
      theirs.registry.error?.message ?? '',
      /podman runs as daemon, who cannot read a key of root's/,
    )
    assert.deepEqual(await host.snapshot(watched), before)
    // Where it was not named, Docker is served, and what becomes of podman is told.
    const docker = await runJson(host, trust, sudo)
    assert.deepEqual([docker.code, docker.registry.verified], [0, true], docker.stdout)
    const told = docker.registry.findings.find(({ code }) => code === 'trust-directory-unreadable')
    assert.match(told?.message ?? docker.stdout, /^\/etc\/docker\/certs\.d\/\S+ holds a key .*: podman/)
    assert.equal((await runJson(host, ['undo', registry, '--yes'], sudo)).code, 0)
    assert.deepEqual(await host.snapshot(watched), before)
    const run = await runJson(host, [...trust, '--offline'])
    assert.deepEqual([run.code, run.registry.verified], [0, false], run.stdout)
    for (const directory of ['/etc/docker/certs.d', '/etc/containers/certs.d'])
      assert.equal(
        await modes(host, `${directory}/${registry}`),
        'client.cert 600 root\nclient.key 600 root\n',
      )
    assert.doesNotMatch(run.stdout, /PRIVATE KEY/)
    assert.equal((await runJson(host, [...trust, '--runtime', 'docker'])).registry.verified, true)
    const pulled = await host.run(['podman', 'pull', `${registry}/none:1`])
    assert.match(pulled.stderr, /manifest unknown/)
    assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
    assert.deepEqual(await host.snapshot(watched), before)
  })

  it('--machine DIR: placed in the image for root alone, and undone', async () => {
    const host = await freshHost({ docker: false })
    const image = '/srv/image'
    const made = await host.run([
      'sh',
      '-c',
      `mkdir -p ${image}/etc ${image}/usr/sbin ${image}/var/lib ${image}/tmp && echo ID=debian > ${image}/etc/os-release && install -m 755 /dev/null ${image}/usr/sbin/dockerd`,
    ])
    assert.equal(made.code, 0, made.stderr)
    const before = await host.snapshot([`${image}/etc`])
    const there = ['--machine', image] as const
    const run = await runJson(host, [...trust, ...there, '--runtime', 'docker', '--offline', '--yes'])
    assert.equal(run.code, 0, run.stdout)
    assert.equal(
      await modes(host, `${image}/etc/docker/certs.d/${registry}`),
      'client.cert 600 root\nclient.key 600 root\n',
    )
    assert.equal((await runJson(host, ['undo', registry, '--yes', ...there])).code, 0)
    assert.deepEqual(await host.snapshot([`${image}/etc`]), before)
  })
})
