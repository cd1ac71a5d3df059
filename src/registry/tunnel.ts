import { connect as connectTcp, isIP, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { DeadlineError, within } from './deadline.ts'
import type { Limits } from './connect.ts'
import type { Proxy } from './proxy-rules.ts'
import type { Target } from './reference.ts'

const MAX_HEAD = 16 * 1024

/** The proxy would not, or could not; the message says what it did. */
export class ProxyError extends Error {
  /** Its status, where it answered. */
  readonly status: number | undefined
  constructor(proxy: Proxy, message: string, status?: number) {
    super(`the proxy ${proxy.shown} ${message}`.replace('  ', ' '))
    this.name = 'ProxyError'
    this.status = status
  }
}

/**
 * A connection to the target through a proxy: `CONNECT host:port` (RFC 9110 section 9.3.6), the name unresolved, since
 * the proxy looks it up. What follows the answer is the target's.
 * @throws ProxyError
 */
export async function openTunnel(target: Target, proxy: Proxy, limits: Limits): Promise<Duplex> {
  if (proxy.problem !== undefined) throw new ProxyError(proxy, `cannot be asked: ${proxy.problem}`)
  const wire = await limits.wire?.dial(proxy.host, proxy.port)
  const socket = proxy.tls
    ? connectTls({
        ...(wire ? { socket: wire } : { host: proxy.host, port: proxy.port }),
        ...(isIP(proxy.host) === 0 ? { servername: proxy.host } : {}),
      })
    : (wire ?? connectTcp({ host: proxy.host, port: proxy.port }))
  if (socket instanceof Socket) socket.setNoDelay(true)
  try {
    const event = proxy.tls ? 'secureConnect' : 'connect'
    // A wire without TLS tells nobody that it stands.
    if (socket !== wire) await bounded(proxy, limits, 'cannot be reached', ready(socket, proxy, event))
    const host = target.kind === 'ipv6' ? `[${target.host}]` : target.host
    const authority = `${host}:${target.port}`
    const secret = proxy.authorization === undefined ? '' : `Proxy-Authorization: ${proxy.authorization}\r\n`
    socket.write(
      `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nUser-Agent: trust-registry\r\n${secret}\r\n`,
    )
    const status = await bounded(proxy, limits, 'does not answer', answerOf(socket, proxy))
    if (status !== 200) throw new ProxyError(proxy, `answers ${status} to CONNECT ${authority}`, status)
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** The proxy's silence is no silence of the target. */
function bounded<T>(proxy: Proxy, limits: Limits, what: string, work: Promise<T>): Promise<T> {
  const { timeoutMs, signal } = limits
  return within(timeoutMs, 'proxy', signal, work).catch((error: unknown) => {
    if (error instanceof DeadlineError) throw new ProxyError(proxy, `${what} within ${timeoutMs / 1000} s`)
    throw error
  })
}

function ready(socket: Duplex, proxy: Proxy, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((done, reject) => {
    socket.once(event, () => {
      done()
    })
    socket.once('error', (error: Error) => {
      reject(new ProxyError(proxy, `cannot be reached: ${error.message}`))
    })
  })
}

/** Reads up to the empty line; the server speaks first only in protocols that are not TLS. */
function answerOf(socket: Duplex, proxy: Proxy): Promise<number> {
  return new Promise((done, reject) => {
    let head = ''
    const stop = (why: string): void => {
      reject(new ProxyError(proxy, why))
    }
    const read = (chunk: Buffer): void => {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end === -1 && head.length <= MAX_HEAD) return
      socket.off('data', read)
      socket.pause()
      const status = /^HTTP\/1\.[01] (\d{3})(?: |\r\n)/.exec(head)?.[1]
      if (status === undefined || end === -1) stop('does not answer like a proxy')
      else if (end + 4 < head.length && status === '200') stop('sent more than an answer')
      else done(Number(status))
    }
    socket.on('data', read)
    socket.once('error', (error: Error) => {
      stop(`broke off: ${error.message}`)
    })
    socket.once('close', () => {
      stop('closed the connection')
    })
  })
}
