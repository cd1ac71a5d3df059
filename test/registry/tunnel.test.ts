import assert from 'node:assert/strict'
import { createServer, connect, type Socket } from 'node:net'
import { probe } from '../../src/registry/probe.ts'
import { parseProxy, type Proxy } from '../../src/registry/proxy-rules.ts'
import type { Observation } from '../../src/registry/observation.ts'
import { parseRegistry, type Target } from '../../src/registry/reference.ts'
import { closeServers, listen, pki, tls } from './servers.ts'

const proxyAt = (port: number, secret = ''): Proxy => {
  const proxy = parseProxy(`http://${secret}127.0.0.1:${port}`)
  assert.ok(typeof proxy !== 'string')
  return proxy
}

/** A proxy that answers a CONNECT with `head` and then, where it is 200, leads to the port. */
async function proxy(port: number, head = 'HTTP/1.1 200 Connection established\r\n\r\n') {
  const asked: string[] = []
  const server = createServer((socket) => {
    socket.once('data', (bytes) => {
      asked.push(bytes.toString())
      socket.write(head)
      if (!head.includes(' 200 ')) return void socket.end()
      const onward = connect({ host: '127.0.0.1', port })
      onward.on('error', () => socket.destroy())
      socket.on('close', () => onward.destroy())
      socket.pipe(onward).pipe(socket)
    })
  })
  return { port: await listen(server), asked }
}

async function look(target: Target, way: Proxy, timeoutMs = 3000): Promise<Observation> {
  return probe(target, { timeoutMs, proxyFor: () => way })
}

describe('registry/tunnel', () => {
  afterEach(closeServers)

  it('goes through the proxy, which gets the name and does not see the rest', async () => {
    const { leaf } = await pki()
    const { port } = await tls([leaf])
    const { port: at, asked } = await proxy(port)
    const seen = await look(parseRegistry('reg.nowhere.example:5000'), proxyAt(at, 'joe:secret@'))
    assert.deepEqual([seen.failure, seen.ping?.status, seen.sent.length], [undefined, 200, 1])
    assert.deepEqual([seen.addresses, seen.proxy], [[], `http://127.0.0.1:${at}`])
    assert.equal(asked.length, 1)
    assert.match(
      asked[0] ?? '',
      /^CONNECT reg\.nowhere\.example:5000 HTTP\/1\.1\r\nHost: reg\.nowhere\.example:5000\r\n/,
    )
    assert.match(asked[0] ?? '', /\r\nProxy-Authorization: Basic am9lOnNlY3JldA==\r\n/)
    assert.doesNotMatch(asked[0] ?? '', /v2|secret/)
  })

  const refusals: readonly (readonly [string, string, RegExp, string | undefined])[] = [
    ['403', 'HTTP/1.1 403 Forbidden\r\n\r\n', /answers 403 to CONNECT reg\.corp:5000$/, 'Forbidden'],
    ['407', 'HTTP/1.1 407 Who are you\r\n\r\n', /answers 407/, 'Proxy Authentication Required'],
    ['no HTTP', 'SSH-2.0-x\r\n\r\n', /does not answer like a proxy$/, undefined],
    [
      'endless headers',
      `HTTP/1.1 403 x\r\n${'x: y\r\n'.repeat(5000)}`,
      /does not answer like a proxy$/,
      undefined,
    ],
    ['an end', '', /closed the connection$/, undefined],
    [
      'more than an answer',
      'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
      /sent more than an answer$/,
      undefined,
    ],
  ]
  for (const [what, head, message, goError] of refusals) {
    it(`names a proxy that answers with ${what}`, async () => {
      const { port } = await proxy(1, head)
      const { failure } = await look(parseRegistry('reg.corp:5000'), proxyAt(port))
      assert.equal(failure?.code, 'proxy-failed')
      assert.match(failure.detail, message)
      assert.equal(failure.goError, goError)
    })
  }

  it('names a proxy that is not there or says nothing', async () => {
    const gone = await look(parseRegistry('reg.corp:5000'), proxyAt(1))
    assert.match(
      gone.failure?.detail ?? '',
      /^the proxy http:\/\/127\.0\.0\.1:1 cannot be reached: connect ECONNREFUSED/,
    )
    const sockets: Socket[] = []
    const silent = await listen(createServer((socket) => void sockets.push(socket)))
    const { failure } = await look(parseRegistry('reg.corp:5000'), proxyAt(silent), 200)
    assert.deepEqual(
      [failure?.code, failure?.detail],
      ['proxy-failed', `the proxy http://127.0.0.1:${silent} does not answer within 0.2 s`],
    )
  })

  it('does not go round a proxy for a plain look', async () => {
    const { port } = await proxy(1, 'HTTP/1.1 200 OK\r\n\r\n')
    const { failure } = await look(parseRegistry('127.0.0.1:1'), proxyAt(port))
    assert.ok(failure)
    assert.notEqual(failure.code, 'plain-http')
  })
})
