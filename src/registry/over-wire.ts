import { isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { errorText } from '../errors.ts'
import type { Wire } from './connect.ts'
import { within } from './deadline.ts'
import type { Connector } from './http.ts'

/**
 * HTTP from another machine: to an address that was checked before, by its routes. Whoever answers is not verified.
 * @param ms to connect
 */
export function overWire(
  wire: Wire,
  { protocol, port, hostname }: URL,
  address: string,
  ms: number,
  signal: AbortSignal | undefined,
): Connector {
  const secure = protocol === 'https:'
  const number = port === '' ? (secure ? 443 : 80) : Number(port)
  const dial = async (): Promise<Duplex> => {
    const stream = await within(ms, 'AIA connect', signal, wire.dial(address, number))
    if (!secure) return stream
    const servername = isIP(hostname) === 0 ? { servername: hostname } : {}
    return connectTls({ socket: stream, rejectUnauthorized: false, ...servername })
  }
  let asked = false
  return (_options, done) => {
    // undici asks again, for ever, where the stream that it was given has ended.
    const stream = asked ? Promise.reject(new Error('the server closed the connection')) : dial()
    asked = true
    stream.then(
      (found) => {
        if (willDo(found)) done(null, found)
        else done(new Error('the connection has ended'), null)
      },
      (error: unknown) => {
        done(error instanceof Error ? error : new Error(errorText(error)), null)
      },
    )
  }
}

/** undici's types want a socket; it asks no more of one than any stream has. */
function willDo(stream: Duplex): stream is Socket {
  return stream.writable
}
