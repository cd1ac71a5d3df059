import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import type { HostOptions } from '../../fixtures/lab/lab.ts'
import { image } from '../../fixtures/lab/image.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import type { Service } from '../../fixtures/lab/service.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { credentials, runJson, users, watched, withLab } from './scene.ts'

const password = { input: users.testuser }

/** What the real docker, or podman, does with a login: push, drop, pull. */
export async function pushAndPull(host: Host, registry: string, program = 'docker'): Promise<void> {
  const name = `${registry}/team/hello:1`
  for (const [argv, input] of [
    [[program, 'import', '-', name], image()],
    [[program, 'push', name], ''],
    [[program, 'rmi', name], ''],
    [[program, 'pull', name], ''],
  ] as const) {
    const { code, stderr, stdout } = await host.run(argv, { input })
    assert.equal(code, 0, `${argv.join(' ')}: ${stdout}${stderr}`)
  }
}

describe('token services', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let other: CertificateAuthority
  let signer: CertificateAuthority
  let server: Server
  let elsewhere: Server
  let service: Service

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    other = await createCa({ name: 'Corp Token CA', keyKind: 'p-256' })
    signer = await createCa({ name: 'Token Signer' })
    server = await scene.lab.server('registry')
    elsewhere = await scene.lab.server('auth')
    const chain = [await root.issue({ names: ['reg.corp'] })]
    service = await server.tokenService({ port: 5001, chain, users, signer })
    await server.tokenService({ port: 15_900, users, signer, identityTokens: true })
    await elsewhere.tokenService({
      port: 443,
      chain: [await other.issue({ names: ['auth.corp'] })],
      users,
      signer,
    })
    const realms: readonly (readonly [number, string])[] = [
      [5000, 'https://reg.corp:5001/token'],
      [5002, 'https://auth.corp/token'],
    ]
    for (const [port, realm] of realms) await server.dockerRegistry({ port, chain, token: { realm, signer } })
    await server.nginx({
      port: 5003,
      chain,
      token: { realm: 'https://reg.corp:5003/token', signer },
      directives: ['location /token { proxy_pass http://127.0.0.1:15900; }'],
    })
  })

  async function freshHost(more: HostOptions = {}): Promise<Host> {
    const hosts = { 'reg.corp': server.address, 'auth.corp': elsewhere.address }
    const host = await scene.lab.host('client', { hosts, ...more })
    await host.write('/root/ca.pem', root.pem)
    await host.write('/root/token-ca.pem', other.pem)
    return host
  }

  it('on the same host: looked at first, then login, push and pull', async () => {
    const host = await freshHost()
    const run = await runJson(host, ['reg.corp:5000', '--ca', '/root/ca.pem', ...credentials], password)
    assert.equal(run.code, 0, run.stdout)
    assert.deepEqual(
      [run.registry.login?.ok, run.registry.login?.realm],
      [true, 'https://reg.corp:5001/token'],
    )
    const [first] = service.log().match(/"GET \/token\?\S+ HTTP\/1\.1" 200.*/g) ?? []
    assert.doesNotMatch(first ?? 'with a password', /with a password/, 'the first look is anonymous')
    await pushAndPull(host, 'reg.corp:5000')
  })

  it('podman: its own login, push and pull by tokens', async () => {
    const host = await freshHost({ podman: true, withoutDocker: true })
    const run = await runJson(host, ['reg.corp:5000', '--ca', '/root/ca.pem', ...credentials], password)
    assert.deepEqual([run.code, run.registry.login?.ok], [0, true], run.stdout)
    await pushAndPull(host, 'reg.corp:5000', 'podman')
  })

  it('a wrong password: the token service is quoted, exit 10, trust is kept or taken back', async () => {
    const host = await freshHost()
    const before = await host.snapshot(watched)
    const args = ['reg.corp:5000', '--ca', '/root/ca.pem', ...credentials]
    const required = await runJson(host, [...args, '--login-required'], { input: 'wrong' })
    assert.equal(required.code, 10, required.stdout)
    assert.match(required.registry.error?.message ?? '', /unauthorized: incorrect username or password$/)
    assert.deepEqual(await host.snapshot(watched), before)
    const kept = await runJson(host, args, { input: 'wrong' })
    assert.deepEqual([kept.code, kept.registry.verified, kept.registry.login?.attempted], [10, true, true])
    assert.equal(kept.registry.login?.message, 'unauthorized: incorrect username or password')
    const finding = kept.registry.findings.find(({ code }) => code === 'login-refused')
    assert.match(finding?.fix ?? '', /^docker login -u testuser reg\.corp:5000/)
    assert.equal(await host.exists('/root/.docker/config.json'), false)
  })

  it('behind the same nginx, with identity tokens: the token is stored, not the password', async () => {
    const host = await freshHost()
    const run = await runJson(host, ['reg.corp:5003', '--ca', '/root/ca.pem', ...credentials], password)
    assert.equal(run.code, 0, run.stdout)
    const stored = await host.read('/root/.docker/config.json')
    const config = JSON.parse(stored) as { auths: Record<string, { auth: string; identitytoken: string }> }
    const { auth, identitytoken } = config.auths['reg.corp:5003'] ?? assert.fail(stored)
    assert.equal(Buffer.from(auth, 'base64').toString(), 'testuser:')
    assert.match(identitytoken, /^[0-9a-f-]{36}$/)
    await pushAndPull(host, 'reg.corp:5003')
  })

  it('on another host with another CA: consent first, then its CA beside that of the registry', async () => {
    const host = await freshHost()
    const args = ['reg.corp:5002', '--ca', '/root/ca.pem', ...credentials]
    const unasked = await runJson(host, args, password)
    assert.deepEqual([unasked.code, unasked.registry.login?.attempted], [10, false], unasked.stdout)
    const foreign = unasked.registry.findings.find(({ code }) => code === 'realm-foreign')
    assert.match(foreign?.fix ?? '', /--token-realm auth\.corp/)
    const named = [...args, '--token-realm', 'auth.corp']
    const unknown = await runJson(host, named, password)
    assert.deepEqual([unknown.code, unknown.registry.login?.attempted], [10, false])
    const untrusted = unknown.registry.findings.find(({ code }) => code === 'realm-untrusted')
    assert.match(untrusted?.message ?? '', /auth\.corp.*x509: certificate signed by unknown authority/)
    const mended = await runJson(host, [...named, '--ca', '/root/token-ca.pem'], password)
    assert.deepEqual([mended.code, mended.registry.login?.ok], [0, true], mended.stdout)
    await pushAndPull(host, 'reg.corp:5002')
  })
})
