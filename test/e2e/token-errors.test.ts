import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import type { Route } from '../../fixtures/lab/server-options.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { credentials, daemonMessage, dockerLogin, runJson, users, withLab } from './scene.ts'

const password = { input: users.testuser }
const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Route => ({
  status,
  type: 'application/json',
  headers,
  body: JSON.stringify(body),
})
const errors = (code: string, message: string): unknown => ({ errors: [{ code, message }] })

/** What the token service answers to everybody, what Docker makes of it, and what we make of it. */
const services: readonly {
  readonly what: string
  readonly token: Route
  readonly docker: RegExp
  readonly message: string | RegExp
  readonly finding: string
  readonly fix: RegExp
}[] = [
  {
    what: 'a wrong password',
    token: json(errors('UNAUTHORIZED', 'incorrect username or password'), 401),
    docker: /unauthorized: incorrect username or password$/,
    message: 'unauthorized: incorrect username or password',
    finding: 'login-refused',
    fix: /^docker login -u testuser reg\.corp:/,
  },
  {
    what: 'a user who may not',
    token: json(errors('DENIED', 'requested access to the resource is denied'), 403),
    // Docker prints the code alone where the message is the usual one for it.
    docker: /: denied$/,
    message: 'denied: requested access to the resource is denied',
    finding: 'login-refused',
    fix: /^docker login -u testuser reg\.corp:/,
  },
  {
    what: 'an answer without a token',
    token: json({ expires_in: 300 }),
    docker: /authorization server did not include a token in the response$/,
    message: 'authorization server did not include a token in the response',
    finding: 'token-service-failed',
    fix: /^curl -u testuser '?https:\/\/reg\.corp:/,
  },
  {
    what: 'a page in the place of a token',
    token: { type: 'text/html', body: '<!doctype html><title>Sign in</title>' },
    docker: /unable to decode token response: /,
    message: 'unable to decode token response: an HTML page',
    finding: 'token-service-failed',
    fix: /has to answer 200/,
  },
  {
    what: 'too many requests',
    token: json(errors('TOOMANYREQUESTS', 'slow down'), 429, { 'retry-after': '30' }),
    docker: /toomanyrequests: slow down$/,
    message: 'toomanyrequests: slow down (come back after 30 s)',
    finding: 'token-service-failed',
    fix: /has to answer 200/,
  },
  {
    what: 'a service that is out of order',
    token: { status: 503, headers: { 'retry-after': '30' }, body: 'maintenance' },
    docker: /503 Service Unavailable|maintenance/,
    message: '503 Service Unavailable: maintenance (come back after 30 s)',
    finding: 'token-service-failed',
    fix: /has to answer 200/,
  },
]

/** What /v2/ itself answers. */
const fronts: readonly {
  readonly what: string
  readonly front: Route
  readonly docker: RegExp
  readonly code: number
  readonly finding: string
  readonly fix: RegExp
}[] = [
  {
    what: 'a Bearer challenge without a realm',
    front: json(errors('UNAUTHORIZED', 'authentication required'), 401, {
      'www-authenticate': 'Bearer service="reg"',
    }),
    docker: /no realm specified for token auth challenge$/,
    code: 6,
    finding: 'bad-challenge',
    fix: /realm: https:/,
  },
  {
    what: 'a wrong password by Basic',
    front: json(errors('UNAUTHORIZED', 'authentication required'), 401, {
      'www-authenticate': 'Basic realm="r"',
    }),
    docker: /login attempt to https:\/\/reg\.corp:\d+\/v2\/ failed with status: 401 Unauthorized$/,
    code: 10,
    finding: 'login-refused',
    fix: /^docker login -u testuser reg\.corp:/,
  },
]

describe('errors of the protocol, in our words and in Docker’s', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let host: Host

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    const chain = [await root.issue({ names: ['reg.corp'] })]
    for (const [index, { token }] of services.entries()) {
      const port = 5000 + index
      const realm = `Bearer realm="https://reg.corp:${port}/token",service="reg"`
      const routes = { '/v2/': { status: 401, headers: { 'www-authenticate': realm } }, '*': token }
      await server.web({ port, chain, routes })
    }
    for (const [index, { front }] of fronts.entries())
      await server.web({ port: 5100 + index, chain, routes: { '*': front } })
    host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address } })
    await host.write('/root/ca.pem', root.pem)
  })

  /** Docker's own words, once it trusts the registry. */
  const dockersWords = async (registry: string): Promise<string> => {
    const directory = `/etc/docker/certs.d/${registry}`
    await host.write(`${directory}/ca.crt`, root.pem)
    const words = daemonMessage(await dockerLogin(host, registry))
    await host.run(['rm', '-r', directory])
    return words
  }

  for (const [index, { what, docker, message, finding, fix }] of services.entries()) {
    it(`${what} at the token service`, async () => {
      const registry = `reg.corp:${5000 + index}`
      assert.match(await dockersWords(registry), docker)
      const run = await runJson(host, [registry, '--ca', '/root/ca.pem', ...credentials], password)
      assert.equal(run.code, 10, run.stdout)
      assert.equal(run.registry.login?.message, message)
      const found = run.registry.findings.find(({ code }) => code === finding)
      assert.match(found?.fix ?? `no ${finding}: ${run.stdout}`, fix)
      assert.equal(run.registry.verified, true, 'the trust is kept')
    })
  }

  for (const [index, { what, docker, code, finding, fix }] of fronts.entries()) {
    it(`${what} at /v2/`, async () => {
      const registry = `reg.corp:${5100 + index}`
      assert.match(await dockersWords(registry), docker)
      const run = await runJson(host, [registry, '--ca', '/root/ca.pem', ...credentials], password)
      assert.equal(run.code, code, run.stdout)
      const found = run.registry.findings.find((one) => one.code === finding)
      assert.match(found?.fix ?? `no ${finding}: ${run.stdout}`, fix)
    })
  }
})
