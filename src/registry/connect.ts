import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { within } from './deadline.ts'
import { lookUp } from './look-up.ts'
import { pinned, type Reach } from './reach.ts'
import type { Target } from './reference.ts'
import { openTunnel } from './tunnel.ts'

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

/** A way out that is not this computer's own: the resolver and the routes of another machine. */
export interface Wire {
  resolve(host: string): Promise<readonly string[] | undefined>
  dial(host: string, port: number): Promise<Duplex>
}

/** What one stage may take, and how hosts are reached. */
export interface Limits extends Reach {
  readonly wire?: Wire
  readonly timeoutMs: number
  /** To connect; `timeoutMs` unless told. */
  readonly dialMs?: number
  readonly signal?: AbortSignal
  /** Nothing older than an engine would speak: TLS 1.2, and OpenSSL's usual strength. */
  readonly modern?: boolean
}

/** More certificates than this are not looked at; OpenSSL itself stops at about 100 KiB. */
const MAX_SENT = 100

/** What is pinned, else what the resolver says; an address stands for itself. */
export async function resolve(target: Target, limits: Limits): Promise<readonly string[]> {
  const pins = pinned(target, limits.pins)
  if (pins.length > 0) return pins
  if (target.kind !== 'name') return [target.host]
  return lookUp(target.host, 'name look-up', limits).catch((error: unknown) => {
    // A proxy looks the name up by itself; this machine need not know it.
    if (limits.signal?.aborted || !limits.proxyFor?.(target)) throw error
    return []
  })
}

/**
 * Opens TLS without believing anything: no CA, no verification, old versions let in so that they can be named.
 * @throws the socket's error, or DeadlineError
 */
export async function openTls(
  target: Target,
  address: string,
  limits: Limits,
  connected: () => void = () => undefined,
): Promise<Connection> {
  let sent: readonly Buffer[] = []
  let firstError: Error | undefined
  const dialMs = limits.dialMs ?? limits.timeoutMs
  const proxy = limits.proxyFor?.(target)
  const wire = proxy
    ? await openTunnel(target, proxy, limits)
    : limits.wire && (await within(dialMs, 'connect', limits.signal, limits.wire.dial(address, target.port)))
  const socket = connectTls({
    ...(wire ? { socket: wire } : { host: address, port: target.port }),
    // RFC 6066 section 3: no address literals in SNI.
    ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
    rejectUnauthorized: false,
    ca: [],
    ...(limits.modern === true
      ? { minVersion: 'TLSv1.2' }
      : { minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' }),
    ALPNProtocols: ['http/1.1'],
    ...(limits.client ? { cert: limits.client.certificatePem, key: limits.client.keyPem } : {}),
  })
  socket.setNoDelay(true)
  // Loaded while the wire is waited for; where that fails, the request says so. Node dials a turn later.
  setImmediate(() => {
    import('./http.ts').catch(() => undefined)
  })
  // With TLS 1.2 and a demanded client certificate `secureConnect` never comes; the chain is readable here.
  socket.on('keylog', () => {
    if (sent.length === 0) sent = walkOnce(socket)
  })
  socket.on('error', (error: Error) => {
    // undici adds one of its own, which says less.
    firstError ??= error
  })
  wire?.on('error', (error: Error) => {
    firstError ??= error
    socket.destroy(error)
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
    // A wire tells nobody that it stands; what it has to say is an error, or the far end's bytes.
    if (!wire) await within(dialMs, 'connect', limits.signal, event('connect'))
    connected()
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
