import assert from 'node:assert/strict'
import { authenticate, type LoginOutcome, type LoginRequest } from '../../src/registry/authenticate.ts'
import { basic } from '../../src/registry/token.ts'
import { CertPool, parseCertificate } from '../../src/x509/index.ts'
import { pki, targetAt } from './servers.ts'
import { site, type Reply, type Site } from './site.ts'

export const secret = { username: 'joe', password: 'canary-p4ss' }
export const withPassword = basic(secret)

export async function eyes() {
  const { root, intermediate } = await pki()
  return {
    roots: CertPool.of(parseCertificate(root.certificate), parseCertificate(intermediate.certificate)),
    at: new Date(),
  }
}

export async function chain() {
  const { intermediate } = await pki()
  return [
    await intermediate.issue({ names: ['localhost'], ips: ['127.0.0.1'], keyKind: 'p-256' }),
    intermediate,
  ]
}

export async function login(port: number, more: Partial<LoginRequest> = {}): Promise<LoginOutcome> {
  return authenticate({
    target: targetAt(port),
    secret,
    eyes: await eyes(),
    limits: { timeoutMs: 2000 },
    namedRealms: [],
    ...more,
  })
}

/** A registry that asks with these lines and lets in whoever shows `good`. */
export async function registry(challenges: readonly string[], good: string): Promise<Site> {
  return site(await chain(), ({ authorization }, response) => {
    if (authorization === good) response.writeHead(200).end('{}')
    else {
      const body = { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] }
      response.writeHead(401, { 'www-authenticate': challenges as string[] }).end(JSON.stringify(body))
    }
  })
}

/** A registry with a token service on another port of the same host. */
export async function bearer(token: Reply, good = 'Bearer t') {
  const service = await site(await chain(), token)
  const realm = `https://127.0.0.1:${service.port}/token`
  const front = await registry([`Bearer realm="${realm}",service="reg"`], good)
  return { service, realm, front }
}

export const failed = (outcome: LoginOutcome): Extract<LoginOutcome, { ok: false }> => {
  assert.ok(!outcome.ok, 'no failure')
  return outcome
}
