import { errorCode, errorText } from '../errors.ts'
import { hiddenSchemes, parseChallenges } from './challenge.ts'
import type { Connection, Limits } from './connect.ts'
import { exchange, header, lines } from './exchange.ts'
import { tlsFailure } from './failures.ts'
import type { Failure, Ping } from './observation.ts'
import type { Target } from './reference.ts'

const BODY_START = 1024

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
  const started = Date.now()
  try {
    const ask = { method: 'GET', path: '/v2/', maxBody: BODY_START } as const
    const answer = await exchange(target, connection, ask, limits)
    const midpoint = (started + Date.now()) / 2
    const challenges = lines(answer, 'www-authenticate')
    const apiVersion = header(answer, 'docker-distribution-api-version')
    const contentType = header(answer, 'content-type')
    const location = header(answer, 'location')
    const retryAfter = header(answer, 'retry-after')
    const hidden = hiddenSchemes(challenges)
    const date = Date.parse(header(answer, 'date') ?? '')
    return {
      midpoint,
      ...(Number.isNaN(date) ? {} : { date }),
      ping: {
        status: answer.status,
        challenges: parseChallenges(challenges),
        bodyStart: answer.body.toString('utf8'),
        ...(hidden.length === 0 ? {} : { hiddenSchemes: hidden }),
        ...(apiVersion === undefined ? {} : { apiVersion }),
        ...(contentType === undefined ? {} : { contentType }),
        ...(location === undefined ? {} : { location }),
        ...(retryAfter === undefined ? {} : { retryAfter }),
      },
    }
  } catch (error) {
    if (limits.signal?.aborted) throw error
    return { midpoint: started, failure: pingFailure(error, connection) }
  }
}

/**
 * Whether a registry of the first generation is there: `GET /v1/_ping` is 200 and names its version
 * (docker-registry 0.x, toolkit.py). On a connection of its own; whatever goes wrong is a no.
 */
export async function speaksV1(target: Target, connection: Connection, limits: Limits): Promise<boolean> {
  try {
    const ask = { method: 'GET', path: '/v1/_ping', maxBody: BODY_START } as const
    const answer = await exchange(target, connection, ask, limits)
    const named = ['x-docker-registry-version', 'x-docker-registry-standalone']
    return answer.status === 200 && named.some((name) => header(answer, name) !== undefined)
  } catch (error) {
    if (limits.signal?.aborted) throw error
    return false
  }
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
