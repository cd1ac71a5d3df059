import { lookup } from 'node:dns/promises'
import { connect as connectTcp, isIP } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { errorCode, errorText } from '../errors.ts'
import { DeadlineError, within } from './deadline.ts'
import type { Failure } from './observation.ts'
import type { Target } from './reference.ts'

/** An open TLS connection that nobody has judged yet. */
export interface Connection {
  readonly socket: TLSSocket
  readonly address: string
  readonly tlsVersion: string
  /** DER, as sent. */
  readonly sent: readonly Buffer[]
  /** The socket's own, first error: undici only says "other side closed" (facts: TLS 1.3 and client certificates). */
  readonly socketError: () => Error | undefined
}

export interface Limits {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** More certificates than this are not looked at; OpenSSL itself stops at about 100 KiB. */
const MAX_SENT = 100

/** Addresses as the system's resolver gives them, hosts file included, in its order. */
export async function resolve(target: Target, limits: Limits): Promise<readonly string[]> {
  if (target.kind !== 'name') return [target.host]
  const found = await within(
    limits.timeoutMs,
    'name look-up',
    limits.signal,
    lookup(target.host, { all: true, verbatim: true }),
  )
  return [...new Set(found.map((entry) => entry.address))]
}

/**
 * Opens TLS without believing anything: no CA, no verification, old versions let in so that they can be named.
 * @throws the socket's error, or DeadlineError
 */
export async function openTls(target: Target, address: string, limits: Limits): Promise<Connection> {
  let sent: readonly Buffer[] = []
  let firstError: Error | undefined
  const socket = connectTls({
    host: address,
    port: target.port,
    // RFC 6066 section 3: no address literals in SNI.
    ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
    rejectUnauthorized: false,
    ca: [],
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT:@SECLEVEL=0',
    ALPNProtocols: ['http/1.1'],
  })
  socket.setNoDelay(true)
  // With TLS 1.2 and a demanded client certificate `secureConnect` never comes; the chain is readable here.
  socket.on('keylog', () => {
    if (sent.length === 0) sent = walkOnce(socket)
  })
  socket.on('error', (error: Error) => {
    // undici adds one of its own, which says less.
    firstError ??= error
  })
  const ended = new Promise<never>((_resolve, reject) => {
    socket.once('error', reject)
    socket.once('close', () => {
      reject(
        firstError ?? Object.assign(new Error('the server closed the connection'), { code: 'ECONNRESET' }),
      )
    })
  })
  const event = (name: 'connect' | 'secureConnect'): Promise<void> =>
    Promise.race([new Promise<void>((done) => socket.once(name, done)), ended])
  const secured = event('secureConnect')
  secured.catch(() => undefined)
  try {
    await within(limits.timeoutMs, 'connect', limits.signal, event('connect'))
    await within(limits.timeoutMs, 'TLS handshake', limits.signal, secured)
  } catch (error) {
    socket.destroy()
    if (error instanceof Error && sent.length > 0) Object.assign(error, { sent })
    throw error
  }
  if (sent.length === 0) sent = walkOnce(socket)
  return {
    socket,
    address,
    tlsVersion: socket.getProtocol() ?? 'unknown',
    sent,
    socketError: () => firstError,
  }
}

// Up to Node 24 the call empties OpenSSL's stack, so it may be made only once (facts: "Getting the raw chain").
function walkOnce(socket: TLSSocket): readonly Buffer[] {
  const chain: Buffer[] = []
  let next = socket.getPeerX509Certificate()
  while (next !== undefined && chain.length < MAX_SENT) {
    chain.push(next.raw)
    next = next.issuerCertificate
  }
  return chain
}

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
  const socket = connectTcp({ host: address, port: target.port })
  const first = new Promise<Buffer>((resolveFirst, reject) => {
    socket.once('connect', () => {
      socket.write(`GET /v2/ HTTP/1.1\r\nHost: ${target.registry}\r\nConnection: close\r\n\r\n`)
    })
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
    if (start === '') return undefined
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

/** Names a handshake that failed after the connection stood. */
export function tlsFailure(error: unknown): Failure {
  const code = errorCode(error) ?? ''
  const detail = errorText(error)
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
