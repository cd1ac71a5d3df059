import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import { labRoot } from '../../fixtures/lab/root.ts'
import type { Route } from '../../fixtures/lab/server-options.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { consumer, credentials, daemonMessage, runJson, users, withLab } from './scene.ts'

const error = (code: string, message: string): string => JSON.stringify({ errors: [{ code, message }] })
const token = (status: number, body: string): Route => ({ status, type: 'application/json', body })

const denied = /pull access denied.*, repository does not exist or may require/

/** Everything that is asked of a registry is answered alike here; its token service stands beside it. */
const served = (front: Route, tokens: Route): Record<string, Route> => ({ '/token': tokens, '*': front })

/** What a pull into containerd's store says, and what we say where somebody logs in. */
const cases: readonly {
  readonly what: string
  /** of `/v2/`; PORT is the server's own */
  readonly challenge: string
  readonly token: Route
  readonly pull: RegExp
  readonly finding: string
  readonly fix: RegExp
}[] = [
  {
    what: 'nobody has logged in',
    challenge: 'Basic realm="r"',
    token: {},
    pull: /pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials$/,
    finding: 'login-refused',
    fix: /^docker login -u testuser reg\.corp:/,
  },
  {
    what: 'the token service refuses',
    challenge: 'Bearer realm="https://reg.corp:PORT/token",service="reg"',
    token: token(401, error('UNAUTHORIZED', 'incorrect username or password')),
    pull: /^error from registry: incorrect username or password$/,
    finding: 'login-refused',
    fix: /^docker login -u testuser reg\.corp:/,
  },
  {
    what: 'the token is not enough',
    challenge: 'Bearer realm="https://reg.corp:PORT/token",service="reg",error="insufficient_scope"',
    token: token(200, JSON.stringify({ token: 't' })),
    pull: denied,
    finding: 'login-refused',
    fix: /^docker login -u testuser reg\.corp:/,
  },
  {
    what: 'the token service is out of order',
    challenge: 'Bearer realm="https://reg.corp:PORT/token",service="reg"',
    token: token(200, JSON.stringify({ expires_in: 300 })),
    pull: /failed to authorize: failed to fetch anonymous token: .*token/,
    finding: 'token-service-failed',
    fix: /^curl -u testuser '?https:\/\/reg\.corp:/,
  },
]

describe('errors of pulls into containerd’s store, and our words beside them', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let host: Host

  before('another suite', async function () {
    this.timeout(660_000)
    const path = await labRoot('sid')
    root = await createCa({ name: 'Corp Root CA' })
    const corp = await createCa({ name: 'Private CA', keyKind: 'p-256' })
    const server = await scene.lab.server('registry')
    const chain = [await root.issue({ names: ['reg.corp'] })]
    for (const [index, { challenge, token: answer }] of cases.entries()) {
      const port = 5000 + index
      const line = challenge.replace('PORT', String(port))
      const front: Route = { status: 401, headers: { 'www-authenticate': line } }
      await server.web({ port, chain, routes: served(front, answer) })
    }
    const away = 'Bearer realm="https://reg.corp:5100/token",service="reg"'
    await server.web({
      port: 5100,
      chain: [await corp.issue({ names: ['reg.corp'] })],
      routes: served(
        { status: 401, headers: { 'www-authenticate': away } },
        token(200, JSON.stringify({ token: 't' })),
      ),
    })
    host = await scene.lab.host('client', {
      ...{ hosts: { 'reg.corp': server.address }, root: path, containerdStore: true },
    })
    await host.write('/root/ca.pem', root.pem)
    await host.write('/root/private.pem', corp.pem)
    // Tokens are fetched by the OS store alone; it is read at the first handshake.
    await host.installSystemCa(root.pem)
  })

  const pull = async (registry: string): Promise<string> =>
    daemonMessage(await host.run(['docker', 'pull', `${registry}/team/app:1`]))

  for (const [index, { what, pull: words, finding, fix }] of cases.entries()) {
    it(`${what}: the chain is trusted, the login is what is missing`, async () => {
      const registry = `reg.corp:${5000 + index}`
      const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem'])
      assert.deepEqual([trusted.code, trusted.registry.verified], [0, true], trusted.stdout)
      assert.equal(consumer(trusted.registry, 'docker-containerd').state, 'trusted')
      assert.match(await pull(registry), words)
      const input = { input: users.testuser }
      const run = await runJson(host, [registry, '--ca', '/root/ca.pem', ...credentials], input)
      assert.equal(run.code, 10, run.stdout)
      const found = run.registry.findings.find(({ code }) => code === finding)
      assert.match(found?.fix ?? `no ${finding}: ${run.stdout}`, fix)
    })
  }

  it('tokens are fetched by the OS store alone: said beside the pull’s own words, and mended by scope system', async () => {
    const registry = 'reg.corp:5100'
    const trust = [registry, '--ca', '/root/private.pem']
    const trusted = await runJson(host, trust)
    assert.deepEqual([trusted.code, trusted.registry.verified], [0, true], trusted.stdout)
    const refused =
      /failed to authorize: failed to fetch anonymous token: .*x509: certificate signed by unknown/
    assert.match(await pull(registry), refused)
    const found = trusted.registry.findings.find(({ code }) => code === 'realm-untrusted')
    assert.match(
      found?.message ?? trusted.stdout,
      /^pulls into containerd's image store, .*x509: certificate signed/,
    )
    assert.match(
      found?.fix ?? '',
      /^trust-registry reg\.corp:5100 --ca TOKEN-CA\.pem --scope system {6}# Docker, which reads that store once, is restarted/,
    )
    const system = await runJson(host, [...trust, '--scope', 'system', '--yes'])
    assert.equal(system.code, 0, system.stdout)
    assert.ok(
      system.registry.plan.some(({ action, target }) => action === 'restart' && target === 'docker'),
      system.stdout,
    )
    // A token that lets nobody in, fetched.
    assert.match(await pull(registry), /: 401 Unauthorized$|pull access denied/)
    const { registry: now, stdout } = await runJson(host, ['diagnose', registry])
    assert.ok(!now.findings.some(({ code }) => code === 'realm-untrusted'), stdout)
  })
})
