import assert from 'node:assert/strict'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { createCa } from '../../fixtures/pki.ts'
import { judgeRealm } from '../../src/registry/realm.ts'
import { fetchToken } from '../../src/registry/token.ts'
import { bearer, chain, eyes, failed, login, registry, secret, withPassword } from './login-scene.ts'
import { closeServers, targetAt } from './servers.ts'
import { json, site, type Reply, type Site } from './site.ts'

describe('registry/authenticate: what no password is sent to', () => {
  afterEach(closeServers)

  /** Nothing that anybody got holds the password, the user name or a token. */
  function nothingLeft(...sites: readonly Site[]): void {
    for (const { asked } of sites) {
      for (const one of asked) {
        assert.equal(one.authorization, undefined)
        assert.doesNotMatch(`${one.path} ${one.body}`, /canary|joe|idt/)
      }
    }
  }

  it('a registry whose chain the engine does not accept', async () => {
    const stranger = await createCa({ name: 'Stranger', keyKind: 'p-256' })
    const forged = [await stranger.issue({ names: [], ips: ['127.0.0.1'], keyKind: 'p-256' })]
    const evil = await site(forged, (_, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end(),
    )
    const { kind, message } = failed(await login(evil.port))
    assert.equal(kind, 'untrusted')
    assert.match(message, /x509: certificate signed by unknown authority/)
    assert.equal(evil.asked.length, 0, 'not even a question')
  })

  it('a token service whose chain the engine does not accept', async () => {
    const stranger = await createCa({ name: 'Stranger', keyKind: 'p-256' })
    const forged = [await stranger.issue({ names: [], ips: ['127.0.0.1'], keyKind: 'p-256' })]
    const evil = await site(forged, json({ token: 't' }))
    const front = await registry([`Bearer realm="https://127.0.0.1:${evil.port}/"`], 'Bearer t')
    const { kind, message } = failed(await login(front.port))
    assert.equal(kind, 'untrusted')
    assert.match(message, /x509: certificate signed by unknown authority/)
    assert.equal(evil.asked.length, 0)
    nothingLeft(front)
  })

  const hostile = [
    'http://127.0.0.1:PORT/t',
    'https://localhost:PORT/t',
    'https://169.254.169.254/t',
    'https://[::ffff:127.0.0.1]:PORT/t',
    'https://[::ffff:a9fe:a9fe]/t',
    'https://joe@127.0.0.1:PORT/t',
    'https://127.0.0.1@localhost:PORT/t',
    'file:///etc/passwd',
    '/t',
    'https://127.0.0.1\\@localhost:PORT/',
  ]
  for (const realm of hostile) {
    it(`the realm ${realm}`, async () => {
      const evil = await site(await chain(), json({ token: 't' }))
      const url = realm.replace('PORT', String(evil.port)).replace('\\', '\\\\')
      const front = await registry([`Bearer realm="${url}"`, 'Basic realm="r"'], withPassword)
      assert.equal(failed(await login(front.port)).kind, 'withheld')
      assert.equal(evil.asked.length, 0)
      nothingLeft(front)
    })
  }

  it('a realm on another host, until it is named', async () => {
    const service = await site(await chain(), json({ token: 't' }))
    const front = await registry([`Bearer realm="https://localhost:${service.port}/t"`], 'Bearer t')
    const outcome = failed(await login(front.port))
    assert.deepEqual([outcome.code, outcome.authority], ['realm-foreign', `localhost:${service.port}`])
    nothingLeft(service, front)
    assert.equal((await login(front.port, { namedRealms: ['localhost'] })).ok, true)
  })

  it('a realm whose name leads to this machine, though the registry is elsewhere', async () => {
    const service = await site(await chain(), json({ token: 't' }))
    const judged = judgeRealm(targetAt(1), `https://localhost:${service.port}/t`, ['localhost'])
    assert.ok(judged.ok)
    const request = {
      realm: judged.realm,
      service: 's',
      secret,
      eyes: await eyes(),
      limits: { timeoutMs: 2000 },
    }
    const answer = await fetchToken({ ...request, registryAddresses: ['198.18.0.1'] })
    assert.match('kind' in answer ? answer.message : '', /local or metadata address/)
    assert.equal(service.asked.length, 0)
  })

  it('what has been sent by the time that it stops is told', async () => {
    const service = await site(await chain(), json({ token: 't' }))
    const evil = await site(await chain(), json({ token: 't' }))
    const away = await site(await chain(), (_, response) =>
      response.writeHead(302, { location: `https://127.0.0.1:${evil.port}/` }).end(),
    )
    const realms = [service, away].map(({ port }) => `Bearer realm="https://127.0.0.1:${port}/"`)
    const front = await registry(realms, 'Bearer t')
    const outcome = failed(await login(front.port))
    assert.equal(outcome.kind, 'withheld')
    assert.deepEqual(outcome.sentTo, [`127.0.0.1:${service.port}`])
    nothingLeft(away, evil, front)

    const late = failed(await login((await registry(realms.slice(1), 'Bearer t')).port))
    assert.deepEqual(late.sentTo, [])
  })

  it('a registry that shows another chain once it is to get the token', async () => {
    const stranger = await createCa({ name: 'Stranger', keyKind: 'p-256' })
    const forged = [await stranger.issue({ names: [], ips: ['127.0.0.1'], keyKind: 'p-256' })]
    const evil = await site(forged, json({}))
    const service = await site(await chain(), json({ token: 't' }))
    const front = await registry([`Bearer realm="https://127.0.0.1:${service.port}/"`], 'Bearer t')
    let looks = 0
    const limits = {
      timeoutMs: 2000,
      wire: {
        resolve: (): Promise<readonly string[]> => Promise.resolve(['127.0.0.1']),
        dial: (host: string, port: number): Promise<Duplex> => {
          if (port === front.port) looks++
          const to = port === front.port && looks > 1 ? evil.port : port
          return Promise.resolve(connect({ host, port: to }))
        },
      },
    }
    const outcome = failed(await login(front.port, { limits }))
    assert.deepEqual([outcome.kind, outcome.sentTo], ['untrusted', [`127.0.0.1:${service.port}`]])
    nothingLeft(evil)
  })

  for (const status of [301, 302, 303, 307, 308]) {
    it(`where a realm, a token or a registry leads by ${status}`, async () => {
      const evil = await site(await chain(), json({ token: 't' }))
      const location = `https://127.0.0.1:${evil.port}/stolen`
      const away: Reply = (_, response) => response.writeHead(status, { location }).end()
      const always = await bearer(away)
      const { kind, message } = failed(await login(always.front.port))
      assert.equal(kind, 'withheld')
      assert.ok(message.includes(location))
      nothingLeft(always.service, always.front)
      const late = await bearer((one, response) => {
        if (one.authorization === undefined) json({ token: 't' })(one, response)
        else away(one, response)
      })
      assert.equal(failed(await login(late.front.port)).kind, 'failed')
      const front = await site(await chain(), away)
      assert.equal(failed(await login(front.port)).kind, 'failed')
      nothingLeft(front)
      assert.deepEqual(evil.asked, [], 'nobody went there')
    })
  }
})
