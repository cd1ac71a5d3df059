import type { Client } from './http.ts'
import { errorCode, errorText } from '../errors.ts'
import { parseChallenges } from './challenge.ts'
import type { Connection, Limits } from './connect.ts'
import type { Failure, Ping } from './observation.ts'
import type { Target } from './reference.ts'
import { tlsFailure } from './failures.ts'

const BODY_START = 1024
/** nginx recipes answer 404 to `Go ` and to old `docker/1.x` agents. */
const USER_AGENT = 'trust-registry'

export interface PingAnswer {
  readonly ping?: Ping
  readonly failure?: Failure
  /** The server's clock (RFC 9110 section 6.6.1), in milliseconds since 1970. */
  readonly date?: number
  /** This machine's clock in the middle of the round trip. */
  readonly midpoint: number
}

/**
 * `GET /v2/` on the connection that the handshake opened (distribution spec, end-1): what answers here
 * is what was looked at, and no second handshake is paid for.
 */
export async function ping(target: Target, connection: Connection, limits: Limits): Promise<PingAnswer> {
  const client = await clientOver(target, connection, limits)
  const started = Date.now()
  try {
    const signal = AbortSignal.timeout(limits.timeoutMs)
    const answer = await client.request({
      path: '/v2/',
      method: 'GET',
      headers: { 'user-agent': USER_AGENT, accept: '*/*', connection: 'close' },
      signal: limits.signal ? AbortSignal.any([signal, limits.signal]) : signal,
    })
    const midpoint = (started + Date.now()) / 2
    const bodyStart = await readStart(answer.body)
    const header = (name: string): string | undefined => single(answer.headers[name])
    const apiVersion = header('docker-distribution-api-version')
    const contentType = header('content-type')
    const location = header('location')
    const retryAfter = header('retry-after')
    const date = Date.parse(header('date') ?? '')
    return {
      midpoint,
      ...(Number.isNaN(date) ? {} : { date }),
      ping: {
        status: answer.statusCode,
        challenges: parseChallenges([answer.headers['www-authenticate'] ?? []].flat()),
        bodyStart,
        ...(apiVersion === undefined ? {} : { apiVersion }),
        ...(contentType === undefined ? {} : { contentType }),
        ...(location === undefined ? {} : { location }),
        ...(retryAfter === undefined ? {} : { retryAfter }),
      },
    }
  } catch (error) {
    if (limits.signal?.aborted) throw error
    return { midpoint: started, failure: pingFailure(error, connection) }
  } finally {
    client.destroy().catch(() => undefined)
    connection.socket.destroy()
  }
}

async function clientOver(target: Target, connection: Connection, limits: Limits): Promise<Client> {
  const undici = await import('./http.ts')
  let given = false
  const host = target.kind === 'ipv6' ? `[${target.host}]` : target.host
  return new undici.Client(`https://${host}:${target.port}`, {
    headersTimeout: limits.timeoutMs,
    bodyTimeout: limits.timeoutMs,
    pipelining: 1,
    // Called at once, the callback would hang the request for ever.
    connect: (_options, callback) => {
      queueMicrotask(() => {
        // undici asks again, for ever, when it is given a socket that has ended, or a socket's error.
        const ended = given || connection.socket.destroyed
        given = true
        if (ended) callback(new Error('the server closed the connection'), null)
        else callback(null, connection.socket)
      })
    },
  })
}

async function readStart(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const part of body) {
      parts.push(part)
      size += part.length
      if (size >= BODY_START) break
    }
  } catch {
    // A body that breaks off does not spoil the status and the headers that came before it.
  }
  return Buffer.concat(parts).subarray(0, BODY_START).toString('utf8')
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}

function pingFailure(error: unknown, connection: Connection): Failure {
  const own = connection.socketError()
  if (own && errorCode(own)?.startsWith('ERR_SSL_')) return { ...tlsFailure(own), stage: 'ping' }
  const code = errorCode(error) ?? ''
  const name = error instanceof Error ? error.name : ''
  if (name === 'TimeoutError' || code.includes('TIMEOUT')) {
    return {
      code: 'timeout',
      stage: 'ping',
      detail: 'GET /v2/: no complete answer in time',
      goError: 'net/http: request canceled (Client.Timeout exceeded while awaiting headers)',
    }
  }
  if (/HEADERS_OVERFLOW|HPE_/.test(code) || name === 'HTTPParserError') {
    return { code: 'not-a-registry', stage: 'ping', detail: `GET /v2/: ${errorText(error)}` }
  }
  return { code: 'not-a-registry', stage: 'ping', detail: `GET /v2/: ${errorText(error)}`, goError: 'EOF' }
}
