import { connect as connectTcp } from 'node:net'
import { errorCode, errorText } from '../errors.ts'
import type { Limits } from './connect.ts'
import { DeadlineError, within } from './deadline.ts'
import type { Failure } from './observation.ts'
import type { Target } from './reference.ts'
import { statusTexts } from './status.ts'
import { ProxyError } from './tunnel.ts'

/** Go's text for a failed dial (net/net.go OpError, net/dial.go). */
export function dialFailure(error: unknown, target: Target, address: string): Failure {
  const at = `dial tcp ${address.includes(':') ? `[${address}]` : address}:${target.port}`
  const code = errorCode(error)
  if (code === 'ETIMEDOUT') {
    return { code: 'timeout', stage: 'connect', detail: errorText(error), goError: `${at}: i/o timeout` }
  }
  const words: Record<string, string> = {
    ECONNREFUSED: 'connection refused',
    EHOSTUNREACH: 'no route to host',
    ENETUNREACH: 'network is unreachable',
    ECONNRESET: 'connection reset by peer',
    EACCES: 'permission denied',
  }
  const word = words[code ?? '']
  return {
    code: 'unreachable',
    stage: 'connect',
    detail: errorText(error),
    ...(word === undefined ? {} : { goError: `${at}: connect: ${word}` }),
  }
}

const DIAL_CODES = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
  'ENOTFOUND',
])

/** Whether the connection failed before TLS began. */
export function isDialError(error: unknown): boolean {
  return error instanceof DeadlineError ? error.stage === 'connect' : DIAL_CODES.has(errorCode(error) ?? '')
}

/**
 * Tells plain HTTP from something that is no TLS at all, by asking over a second, plain connection.
 * Go looks at the first five bytes of the answer in the same way (crypto/tls RecordHeaderError, net/http).
 */
export async function classifyPlain(
  target: Target,
  address: string,
  limits: Limits,
): Promise<Failure | undefined> {
  if (limits.proxyFor?.(target)) return undefined
  const socket =
    (await limits.wire?.dial(address, target.port)) ?? connectTcp({ host: address, port: target.port })
  const first = new Promise<Buffer>((resolveFirst, reject) => {
    // What is written before the connection stands waits for it.
    socket.write(`GET /v2/ HTTP/1.1\r\nHost: ${target.registry}\r\nConnection: close\r\n\r\n`)
    socket.once('data', resolveFirst)
    socket.once('error', reject)
    socket.once('close', () => {
      resolveFirst(Buffer.alloc(0))
    })
  })
  try {
    const bytes = await within(Math.min(limits.timeoutMs, 5000), 'first bytes', limits.signal, first)
    // Servers that do speak TLS answer a plain request in plain text too: Go, nginx, Apache.
    if (/HTTPS (?:server|port)|SSL-enabled/.test(bytes.toString('latin1'))) return undefined
    const start = bytes.subarray(0, 64).toString('latin1')
    if (start.startsWith('HTTP/')) {
      return {
        code: 'plain-http',
        stage: 'tls',
        detail: `the port answers plain HTTP: ${start.split('\r')[0] ?? ''}`,
        goError: 'http: server gave HTTP response to HTTPS client',
      }
    }
    if (start === '' || isTlsRecord(bytes)) return undefined
    return {
      code: 'not-tls',
      stage: 'tls',
      detail: `the port answers "${start.split(/[\r\n]/)[0] ?? ''}"`,
      goError: 'tls: first record does not look like a TLS handshake',
    }
  } catch (error) {
    if (limits.signal?.aborted) throw error
    return undefined
  } finally {
    socket.destroy()
  }
}

/** RFC 8446 section 5.1: an alert or a handshake message, of any version. */
function isTlsRecord(bytes: Buffer): boolean {
  return (bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 3
}

/** Names a handshake that failed after the connection stood. */
export function tlsFailure(error: unknown): Failure {
  const code = errorCode(error) ?? ''
  const detail = errorText(error)
  if (error instanceof ProxyError) {
    const goError = statusTexts[error.status ?? 0]
    return { code: 'proxy-failed', stage: 'connect', detail, ...(goError === undefined ? {} : { goError }) }
  }
  if (error instanceof DeadlineError) {
    return { code: 'timeout', stage: 'tls', detail, goError: 'net/http: TLS handshake timeout' }
  }
  if (/ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/.test(code)) {
    return {
      code: 'tls-too-old',
      stage: 'tls',
      detail,
      goError: 'remote error: tls: protocol version not supported',
    }
  }
  if (code.includes('CERTIFICATE_REQUIRED')) {
    return {
      code: 'client-certificate-required',
      stage: 'tls',
      detail,
      goError: 'remote error: tls: certificate required',
    }
  }
  if (code.includes('ALERT_BAD_CERTIFICATE')) {
    return {
      code: 'client-certificate-required',
      stage: 'tls',
      detail,
      goError: 'remote error: tls: bad certificate',
    }
  }
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE|RECORD_TOO/.test(code)) {
    return {
      code: 'not-tls',
      stage: 'tls',
      detail,
      goError: 'tls: first record does not look like a TLS handshake',
    }
  }
  if (code.includes('HANDSHAKE_FAILURE')) {
    return {
      code: 'tls-handshake-failed',
      stage: 'tls',
      detail,
      goError: 'remote error: tls: handshake failure',
    }
  }
  if (code === 'ECONNRESET') {
    return { code: 'tls-handshake-failed', stage: 'tls', detail, goError: 'EOF' }
  }
  return { code: 'tls-handshake-failed', stage: 'tls', detail }
}
