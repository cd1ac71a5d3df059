import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { openTls } from '../../src/registry/connect.ts'
import type { Observation } from '../../src/registry/observation.ts'
import { ping } from '../../src/registry/ping.ts'
import { probe } from '../../src/registry/probe.ts'
import { answer, closeServers, endless, pki, tcp, tls } from './servers.ts'

/** One answer to `GET /v2/`, over TLS. */
async function ask(
  serve: Parameters<typeof tls>[1],
  limits: Parameters<typeof probe>[1] = { timeoutMs: 5000 },
): Promise<Observation> {
  const { leaf } = await pki()
  return probe(await tls([leaf], serve), limits)
}

const head = (status: string, ...headers: readonly string[]): string =>
  [`HTTP/1.1 ${status}`, ...headers, '', ''].join('\r\n')

describe('registry/ping', () => {
  afterEach(closeServers)

  it('asks once, as nobody in particular', async () => {
    const requests: string[] = []
    const seen = await ask((socket) => {
      socket.once('data', (bytes: Buffer) => {
        requests.push(bytes.toString())
        socket.end(head('200 OK', 'Docker-Distribution-Api-Version: registry/2.0', 'Content-Length: 0'))
      })
    })
    assert.equal(requests.length, 1)
    assert.match(requests[0] ?? '', /^GET \/v2\/ HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/i)
    // nginx recipes turn these away.
    assert.doesNotMatch(requests[0] ?? '', /user-agent: (?:Go |docker\/1)|authorization|cookie/i)
    assert.equal(seen.ping?.status, 200)
    assert.equal(seen.ping.apiVersion, 'registry/2.0')
    assert.equal(seen.failure, undefined)
  })

  it('reads every challenge', async () => {
    const lines = [
      'WWW-Authenticate: Bearer realm="https://a/t",service="s"',
      'www-authenticate: Basic realm="r"',
    ]
    const { ping } = await ask(answer(head('401 Unauthorized', ...lines, 'Content-Length: 0')))
    assert.equal(ping?.status, 401)
    assert.deepEqual(ping.challenges, [
      { scheme: 'bearer', parameters: { realm: 'https://a/t', service: 's' } },
      { scheme: 'basic', parameters: { realm: 'r' } },
    ])
  })

  it('has no challenge, though the status asks for one', async () => {
    const { ping, failure } = await ask(answer(head('401 Unauthorized', 'Content-Length: 0')))
    assert.deepEqual([ping?.status, ping?.challenges, failure], [401, [], undefined])
  })

  it('does not follow', async () => {
    const { ping } = await ask(
      answer(head('301 Moved', 'Location: http://127.0.0.1:1/', 'Content-Length: 0')),
    )
    assert.deepEqual([ping?.status, ping?.location], [301, 'http://127.0.0.1:1/'])
  })

  it('shows the beginning of a page', async () => {
    const page = `<!DOCTYPE html><title>Log in</title>${'x'.repeat(5000)}`
    const { ping } = await ask(answer(`${head('200 OK', 'Content-Type: text/html')}${page}`))
    assert.equal(ping?.contentType, 'text/html')
    assert.equal(ping.bodyStart, page.slice(0, 1024))
  })

  it('names a rate limit', async () => {
    const { ping } = await ask(answer(head('429 Too Many', 'Retry-After: 7', 'Content-Length: 0')))
    assert.deepEqual([ping?.status, ping?.retryAfter], [429, '7'])
  })

  it('stops in a body without end', async () => {
    const { ping } = await ask(endless(head('200 OK'), 'x'.repeat(65_536)))
    assert.equal(ping?.bodyStart, 'x'.repeat(1024))
  })

  it('does not unpack what was packed', async () => {
    const { ping } = await ask(answer(`${head('200 OK', 'Content-Encoding: gzip')}not gzip`))
    assert.equal(ping?.bodyStart, 'not gzip')
  })

  it('keeps status and headers of a body that breaks off or dries up', async () => {
    const part = `${head('503 Unavailable', 'Content-Length: 100')}abc`
    const broken = await ask(answer(part))
    assert.deepEqual([broken.ping?.status, broken.ping?.bodyStart], [503, 'abc'])
    const dry = await ask((socket) => socket.once('data', () => socket.write(part)), { timeoutMs: 100 })
    assert.deepEqual([dry.ping?.status, dry.ping?.bodyStart], [503, 'abc'])
  })

  const noRegistry: readonly (readonly [string, Parameters<typeof tls>[1]])[] = [
    ['headers without end', endless('HTTP/1.1 200 OK\r\n', `x-y: ${'z'.repeat(1000)}\r\n`)],
    ['a header of 80 KiB', answer(head('200 OK', `x: ${'y'.repeat(80 * 1024)}`, 'Content-Length: 0'))],
    ['what is not HTTP', answer('220 mail.corp ESMTP\r\n')],
    ['an end without an answer', (socket) => socket.once('data', () => socket.end())],
    ['an end before the question', (socket) => socket.end()],
  ]
  it('reads on behind a header of 20 KiB, as Docker does', async () => {
    const long = head('200 OK', `x: ${'y'.repeat(20 * 1024)}`, 'Content-Length: 0')
    const { failure, ping } = await ask(answer(long))
    assert.deepEqual([failure, ping?.status], [undefined, 200])
  })

  for (const [what, serve] of noRegistry) {
    it(`calls ${what} no registry`, async () => {
      const { failure, ping, sent } = await ask(serve)
      assert.deepEqual([failure?.code, failure?.stage, ping], ['not-a-registry', 'ping', undefined])
      assert.equal(sent.length, 1)
    })
  }

  it('does not wait for a connection that has ended before it was used', async () => {
    const { leaf } = await pki()
    const target = await tls([leaf], (socket) => socket.end())
    const limits = { timeoutMs: 5000 }
    const connection = await openTls(target, '127.0.0.1', limits)
    if (!connection.socket.destroyed) await once(connection.socket.resume(), 'close')
    const { failure } = await ping(target, connection, limits)
    assert.equal(failure?.code, 'not-a-registry')
  })

  it('does not believe an answer that came before the question', async () => {
    const { leaf } = await pki()
    const target = await tls([leaf], (socket) => socket.write(head('200 OK', 'Content-Length: 0')))
    const limits = { timeoutMs: 5000 }
    const connection = await openTls(target, '127.0.0.1', limits)
    if (connection.socket.readableLength === 0) await once(connection.socket, 'readable')
    const { failure } = await ping(target, connection, limits)
    assert.equal(failure?.code, 'not-a-registry')
  })

  it('calls silence a timeout, the chain kept', async () => {
    const { failure, sent } = await ask((socket) => socket.resume(), { timeoutMs: 100 })
    assert.deepEqual([failure?.code, failure?.stage, sent.length], ['timeout', 'ping', 1])
    assert.match(failure?.goError ?? '', /Client\.Timeout exceeded while awaiting headers/)
  })

  it('ends with the signal', async () => {
    const controller = new AbortController()
    const limits = { timeoutMs: 5000, signal: controller.signal }
    const serve: Parameters<typeof tls>[1] = (socket) => {
      socket.once('data', () => {
        controller.abort()
      })
    }
    await assert.rejects(ask(serve, limits), { name: 'AbortError' })
  })

  it('compares the clocks', async () => {
    for (const hours of [0, -26, 5]) {
      const date = new Date(Date.now() + hours * 3_600_000).toUTCString()
      const { clockSkewSeconds: skew } = await ask(
        answer(head('200 OK', `Date: ${date}`, 'Content-Length: 0')),
      )
      assert.ok(skew !== undefined && Math.abs(skew - hours * 3600) <= 2, `${hours} h: ${String(skew)}`)
    }
    for (const line of ['X: y', 'Date: yesterday']) {
      const { clockSkewSeconds } = await ask(answer(head('200 OK', line, 'Content-Length: 0')))
      assert.equal(clockSkewSeconds, undefined)
    }
  })

  it('keeps no process alive', async () => {
    const { leaf } = await pki()
    const hanging = await tls([leaf], (socket) => {
      socket.once('data', () => socket.write(`${head('200 OK')}${'x'.repeat(2000)}`))
    })
    const silent = await tcp(() => undefined)
    const from = new URL('../../src/registry/', import.meta.url).href
    const script = `
      import { probe } from '${from}probe.ts'
      import { parseRegistry } from '${from}reference.ts'
      for (const name of ${JSON.stringify([hanging.registry, silent.registry])}) {
        const { ping, failure } = await probe(parseRegistry(name), { timeoutMs: 300 })
        console.log(ping?.status ?? failure?.code)
      }`
    const argv = ['--import', 'tsx', '--input-type=module', '--eval', script]
    const { stdout } = await promisify(execFile)(process.execPath, argv, { timeout: 9000 })
    assert.equal(stdout, '200\ntimeout\n')
  })
})
