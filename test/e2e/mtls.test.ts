import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import type { HostOptions } from '../../fixtures/lab/lab.ts'
import { image } from '../../fixtures/lab/image.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import {
  credentials,
  daemonMessage,
  dockerLogin,
  runJson,
  users,
  watched,
  withLab,
  strayKeys,
} from './scene.ts'

const pair = ['--client-cert', '/root/me.pem', '--client-key', '/root/me.key'] as const
const password = { input: users.testuser }

describe('mutual TLS', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let clients: CertificateAuthority
  let hosts: Record<string, string>
  /** A host with Docker: each test leaves it as it was. */
  let shared: Host

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    clients = await createCa({ name: 'Corp Clients CA' })
    const server = await scene.lab.server('registry')
    const chain = [await root.issue({ names: ['reg.corp'] })]
    for (const [port, version] of [
      [5000, 'TLSv1.2'],
      [5001, 'TLSv1.3'],
    ] as const) {
      const directives = [`ssl_protocols ${version};`]
      await server.nginx({ port, chain, users, clientCa: clients, directives })
    }
    await server.dockerRegistry({ port: 5002, chain, users, clientCa: clients })
    hosts = { 'reg.corp': server.address }
    shared = await freshHost()
  })

  const freshHost = async (options: HostOptions = {}): Promise<Host> => {
    const host = await scene.lab.host('client', { hosts, ...options })
    const me = await clients.issue({ names: ['me'], ekus: ['clientAuth'] })
    await host.write('/root/ca.pem', root.pem)
    await host.write('/root/me.pem', me.pem)
    await host.write('/root/me.key', me.key)
    return host
  }
  const pushAndPull = async (host: Host, program: string, registry: string): Promise<void> => {
    const name = `${registry}/team/hello:1`
    for (const [argv, input] of [
      [[program, 'import', '-', name], image()],
      [[program, 'push', name], ''],
      [[program, 'rmi', name], ''],
      [[program, 'pull', name], ''],
      [[program, 'rmi', name], ''],
    ] as const) {
      const { code, stdout, stderr } = await host.run(argv, { input })
      assert.equal(code, 0, `${argv.join(' ')}: ${stdout}${stderr}`)
    }
  }

  for (const [port, what, words] of [
    [5000, 'nginx, TLS 1.2', /400 Bad Request$/],
    [5001, 'nginx, TLS 1.3', /400 Bad Request$/],
    [5002, 'docker-registry', /remote error: tls: (?:bad certificate|certificate required)$/],
  ] as const) {
    const registry = `reg.corp:${port}`
    it(`${what}: wanted, placed for its owner alone, proven by login, push and pull, undone to the byte`, async () => {
      const host = shared
      const before = await host.snapshot(watched)
      const trust = [registry, '--ca', '/root/ca.pem']
      const directory = `/etc/docker/certs.d/${registry}`
      await host.run(['sh', '-c', `mkdir -p ${directory} && cp /root/ca.pem ${directory}/ca.crt`])
      assert.match(daemonMessage(await dockerLogin(host, registry)), words)
      const seen = await runJson(host, ['diagnose', registry])
      const wanted = seen.registry.findings.find(({ code }) => code === 'client-certificate-required')
      // TLS 1.3 hides whose it takes.
      assert.equal(
        wanted?.message.includes('; it takes those of Corp Clients CA'),
        port !== 5001,
        seen.stdout,
      )
      assert.match(wanted.fix ?? '', new RegExp(`^trust-registry ${registry} --client-cert `))
      await host.run(['rm', '-r', '/etc/docker/certs.d'])

      const run = await runJson(host, [...trust, ...pair, ...credentials, '--json-pem', '-v'], password)
      assert.deepEqual([run.code, run.registry.login?.ok], [0, true], run.stdout)
      assert.equal(run.registry.probe?.ping?.status, 401, 'we are let in as the engine is')
      assert.doesNotMatch(run.stdout + run.stderr, /PRIVATE KEY/)
      const { stdout } = await host.run(['sh', '-c', `cd ${directory} && stat -c '%n %a %U' client.*`])
      assert.equal(stdout, 'client.cert 600 root\nclient.key 600 root\n')
      assert.equal((await dockerLogin(host, registry)).code, 0)
      await pushAndPull(host, 'docker', registry)
      assert.equal((await runJson(host, [...trust, ...pair])).registry.changed, false)
      assert.equal(await strayKeys(host), '', 'no key is left but in its place')
      assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
      assert.deepEqual(await host.snapshot(watched), before)
    })
  }

  it('podman takes it from a PKCS#12 file, whose password comes from a file', async () => {
    const host = await freshHost({ podman: true, withoutDocker: true })
    await host.write('/root/p12.password', 'canary-p12\n', 0o600)
    const make = 'openssl pkcs12 -export -in me.pem -inkey me.key -passout file:p12.password -out me.p12'
    assert.equal((await host.run(['sh', '-c', `cd /root && ${make}`])).code, 0)
    const trust = ['reg.corp:5001', '--ca', '/root/ca.pem', '--client-p12', '/root/me.p12', ...credentials]
    const closed = await host.product([...trust, '--no-input'], password)
    assert.equal(closed.code, 2, closed.stdout)
    assert.match(closed.stderr, /TRUST_REGISTRY_CLIENT_PASSWORD_FILE=FILE/)
    const env = { TRUST_REGISTRY_CLIENT_PASSWORD_FILE: '/root/p12.password' }
    const run = await runJson(host, trust, { ...password, env })
    assert.deepEqual([run.code, run.registry.login?.ok], [0, true], run.stdout)
    assert.doesNotMatch(run.stdout + run.stderr, /canary/)
    await pushAndPull(host, 'podman', 'reg.corp:5001')
  })

  it('what no server would take ends before anything is looked at; what this one does not take is rolled back', async () => {
    const host = shared
    const stranger = await createCa({ name: 'Stranger' })
    const day = 86_400_000
    const cases = {
      old: await clients.issue({
        names: ['old'],
        // Keys of one kind may be the same one here.
        keyKind: 'p-256',
        ekus: ['clientAuth'],
        notBefore: new Date(Date.now() - 9 * day),
        notAfter: new Date(Date.now() - day),
      }),
      server: await clients.issue({ names: ['server'], ekus: ['serverAuth'] }),
      other: await stranger.issue({ names: ['other'], ekus: ['clientAuth'] }),
    }
    for (const [name, { pem, key }] of Object.entries(cases)) {
      await host.write(`/root/${name}.pem`, pem)
      await host.write(`/root/${name}.key`, key)
    }
    const before = await host.snapshot(watched)
    const registry = 'reg.corp:5000'
    const trust = [registry, '--ca', '/root/ca.pem']
    const show = (certificate: string, key = certificate): Promise<{ code: number | null; stderr: string }> =>
      host.product([
        ...trust,
        '--client-cert',
        `/root/${certificate}.pem`,
        '--client-key',
        `/root/${key}.key`,
      ])
    for (const [run, message] of [
      [await show('old'), /it has expired on/],
      [await show('server'), /not meant for TLS clients/],
      [await show('me', 'old'), /the key belongs to no certificate of the file/],
      [await host.product([...trust, '--client-cert', '/root/me.pem']), /belong together/],
      [await host.product([...trust, 'reg.corp:5001', ...pair]), /is for one registry/],
      [await host.product([...trust, ...pair, '--client-p12', '/root/me.p12']), /exclude it/],
    ] as const) {
      assert.equal(run.code, 2, `${String(message)}: ${run.stderr}`)
      assert.match(run.stderr, message)
    }
    const unknown = await runJson(host, [
      ...trust,
      '--client-cert',
      '/root/other.pem',
      '--client-key',
      '/root/other.key',
    ])
    assert.equal(unknown.code, 8, unknown.stdout)
    assert.match(unknown.registry.error?.message ?? '', /engines would not show this client certificate/)
    assert.match(unknown.registry.error?.seen ?? '', /issued by CN=Stranger\ntaken: Corp Clients CA/)
    const hidden = [...trust.slice(1), '--client-cert', '/root/other.pem', '--client-key', '/root/other.key']
    const tried = await runJson(host, ['reg.corp:5001', ...hidden])
    assert.equal(tried.code, 8, tried.stdout)
    assert.match(tried.registry.error?.message ?? '', /rolled back/)
    assert.deepEqual(await host.snapshot(watched), before)
  })
})
