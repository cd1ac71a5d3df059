import assert from 'node:assert/strict'
import { judgeRealm } from '../../src/registry/realm.ts'
import { fetchToken } from '../../src/registry/token.ts'
import { bearer, chain, eyes, failed, login, registry, secret, withPassword } from './login-scene.ts'
import { closeServers, endless, targetAt, tls } from './servers.ts'
import { json, site, type Reply } from './site.ts'

describe('registry/authenticate', () => {
  afterEach(closeServers)

  it('sends nothing to a registry that asks nobody', async () => {
    const open = await site(await chain(), json({}))
    assert.deepEqual(await login(open.port), { ok: true, scheme: 'none' })
    assert.deepEqual(
      open.asked.map(({ authorization }) => authorization),
      [undefined],
    )
  })

  it('Basic: asks, shows the password, and believes nothing but 200', async () => {
    const front = await registry(['Basic realm="r"'], withPassword)
    assert.deepEqual(await login(front.port), { ok: true, scheme: 'basic' })
    assert.deepEqual(
      front.asked.map((one) => [one.path, one.authorization]),
      [
        ['/v2/', undefined],
        ['/v2/', withPassword],
      ],
    )
    const wrong = await registry(['Basic realm="r"'], 'Basic other')
    const { kind, message } = failed(await login(wrong.port))
    assert.deepEqual([kind, message], ['refused', 'unauthorized: authentication required'])
  })

  it('Bearer: looks at the realm as anybody, then asks with the password, then shows the token', async () => {
    const { front, service, realm } = await bearer(json({ token: 't', refresh_token: 'r', expires_in: 300 }))
    assert.deepEqual(await login(front.port), { ok: true, scheme: 'bearer', realm, identityToken: 'r' })
    const query = 'client_id=docker&offline_token=true&service=reg'
    assert.deepEqual(
      service.asked.map((one) => [one.method, one.path, one.authorization]),
      [
        ['GET', `/token?${query}`, undefined],
        ['GET', `/token?account=joe&${query}`, withPassword],
      ],
    )
    assert.deepEqual(
      front.asked.map(({ authorization }) => authorization),
      [undefined, 'Bearer t'],
    )
  })

  it('an identity token goes in the body of a POST', async () => {
    const { front, service } = await bearer(json({ access_token: 't', token: 'other' }))
    const outcome = await login(front.port, { secret: { identityToken: 'idt&x' } })
    assert.equal(outcome.ok, true, 'access_token comes before token')
    const { method, path, body, authorization } = service.asked[1] ?? assert.fail('one request')
    assert.deepEqual([method, path, authorization], ['POST', '/token', undefined])
    assert.equal(body, 'grant_type=refresh_token&refresh_token=idt%26x&client_id=docker&service=reg')
  })

  it('with both challenges Basic counts, after the token, as in Docker', async () => {
    const service = await site(await chain(), json({ token: 't' }))
    const lines = [`Bearer realm="https://127.0.0.1:${service.port}/"`, 'Basic realm="r"']
    const front = await registry(lines, withPassword)
    assert.equal((await login(front.port)).ok, true)
    assert.equal(service.asked.length, 2)
  })

  it('a token for anybody is no login', async () => {
    const { front } = await bearer(json({ token: 'anonymous' }))
    const { kind, message } = failed(await login(front.port))
    assert.deepEqual([kind, message], ['refused', 'unauthorized: authentication required'])
  })

  const refusals: readonly (readonly [string, Reply, string, RegExp])[] = [
    [
      'in the format of registries',
      json({ errors: [{ code: 'UNAUTHORIZED', message: 'incorrect username or password' }] }, 401),
      'refused',
      /^unauthorized: incorrect username or password$/,
    ],
    [
      'with two errors',
      json({ errors: [{ code: 'DENIED' }, { message: 'ask joe' }, 7] }, 403),
      'refused',
      /^denied; ask joe$/,
    ],
    ['with details', json({ details: 'no such user' }, 401), 'refused', /^unauthorized: no such user$/],
    [
      'as text',
      (_, response) => response.writeHead(401).end('go\r\naway'),
      'refused',
      /^401 Unauthorized: go away$/,
    ],
    [
      'as a page',
      (_, response) => response.writeHead(500).end('<!DOCTYPE html><p>boom'),
      'failed',
      /^500 Internal Server Error: an HTML page$/,
    ],
    [
      'as a rate limit',
      json({ errors: [{ code: 'TOOMANYREQUESTS', message: 'slow down' }] }, 429),
      'failed',
      /^toomanyrequests: slow down$/,
    ],
    [
      'as a login page',
      (_, response) => response.end('<html>Sign in'),
      'failed',
      /^unable to decode token response: an HTML page$/,
    ],
    ['without a token', json({}), 'failed', /did not include a token/],
    ['with an empty token', json({ token: '', access_token: 7 }), 'failed', /did not include a token/],
    [
      'with a token that would be two headers',
      json({ token: 'a\r\nX-Y: z' }),
      'failed',
      /characters that belong into no header/,
    ],
    ['as an array', json([{ token: 't' }]), 'failed', /unable to decode/],
    [
      'packed, without being asked',
      (_, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(Buffer.from('1f8b0800', 'hex')),
      'failed',
      /unable to decode/,
    ],
    ['of more than 64 KiB', json({ token: 't', pad: 'x'.repeat(70_000) }), 'failed', /unable to decode/],
    [
      'that never ends',
      (_, response) => void response.write(Buffer.alloc(100_000, 'x')),
      'failed',
      /unable to decode/,
    ],
  ]
  for (const [what, reply, kind, message] of refusals) {
    it(`names an answer ${what}`, async () => {
      const { front } = await bearer(({ authorization, ...rest }, response) => {
        if (authorization === undefined) json({ token: 'anybody' })({ authorization, ...rest }, response)
        else reply({ authorization, ...rest }, response)
      })
      const outcome = failed(await login(front.port))
      assert.equal(outcome.kind, kind)
      assert.match(outcome.message, message)
      assert.ok(outcome.message.length < 400)
    })
  }

  it('waits for no silent or dripping token service', async () => {
    const { front } = await bearer(() => undefined)
    const { kind } = failed(await login(front.port, { limits: { timeoutMs: 200 } }))
    assert.equal(kind, 'failed')
    const dripping = await bearer((_, response) => {
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => {
        clearInterval(timer)
      })
    })
    assert.equal(failed(await login(dripping.front.port, { limits: { timeoutMs: 200 } })).kind, 'failed')
  })

  it('endless headers of a registry end it', async () => {
    const target = await tls(await chain(), endless('HTTP/1.1 200 OK\r\n', `x-y: ${'z'.repeat(1000)}\r\n`))
    assert.equal(failed(await login(target.port)).kind, 'failed')
  })

  it('a token without expiry, with a short one or a strange one lasts a minute', async () => {
    for (const expiry of [
      {},
      { expires_in: 5 },
      { expires_in: -1 },
      { expires_in: 'soon' },
      { expires_in: null },
    ]) {
      const { front, realm } = await bearer(json({ token: 't', ...expiry }))
      const judged = judgeRealm(targetAt(front.port), realm, [])
      assert.ok(judged.ok)
      const request = {
        realm: judged.realm,
        service: 'reg',
        secret,
        eyes: await eyes(),
        limits: { timeoutMs: 2000 },
        registryAddresses: ['127.0.0.1'],
      }
      assert.deepEqual(await fetchToken(request), { token: 't', lifetimeSeconds: 60 })
    }
  })

  it('ends with the signal', async () => {
    const controller = new AbortController()
    const { front } = await bearer(() => {
      controller.abort()
    })
    const limits = { timeoutMs: 2000, signal: controller.signal }
    await assert.rejects(login(front.port, { limits }), { name: 'AbortError' })
  })
})
