import { connect as connectTcp, isIP } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { clientCasAsked } from './certificate-request.ts'
import type { Limits } from './connect.ts'
import { within } from './deadline.ts'
import type { Target } from './reference.ts'
import { openTunnel } from './tunnel.ts'

/** A chain and a list of CAs; what is longer is not read to its end. */
const MAX_FLIGHT = 256 * 1024

/**
 * The CAs, by DER name, whose client certificates the server says it takes; empty: it names none. Node does not tell
 * what a server asks for, so that the first flight of a TLS 1.2 handshake is read off the wire. Undefined where the
 * server speaks only TLS 1.3, which hides it, and where nothing answers within the time of one stage.
 */
export async function lookClientCas(
  target: Target,
  address: string,
  limits: Limits,
): Promise<readonly Buffer[] | undefined> {
  try {
    const wire = await dial(target, address, limits)
    const flight = firstFlight(wire, isIP(target.host) === 0 ? target.host : undefined)
    return await within(limits.timeoutMs, 'client CAs', limits.signal, flight).finally(() => wire.destroy())
  } catch (error) {
    if (limits.signal?.aborted) throw error
    return undefined
  }
}

async function dial(target: Target, address: string, limits: Limits): Promise<Duplex> {
  const proxy = limits.proxyFor?.(target)
  if (proxy) return openTunnel(target, proxy, limits)
  const far = limits.wire?.dial(address, target.port)
  if (far) return within(limits.timeoutMs, 'connect', limits.signal, far)
  return connectTcp({ host: address, port: target.port })
}

/** Lets TLS begin over the wire, and hears what the server says until it has said what it asks for. */
function firstFlight(wire: Duplex, servername: string | undefined): Promise<readonly Buffer[] | undefined> {
  let heard = Buffer.alloc(0)
  return new Promise((resolve, reject) => {
    const tap = new Duplex({
      read: () => wire.resume(),
      write: (chunk: Buffer, _encoding, done) => void wire.write(chunk, done),
    })
    wire.on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk])
      const asked = clientCasAsked(heard)
      if (typeof asked !== 'string') resolve(asked)
      else if (asked === 'nothing' || heard.length > MAX_FLIGHT) resolve(undefined)
      else tap.push(chunk)
    })
    wire.on('close', () => {
      resolve(undefined)
      tap.destroy()
    })
    const socket = connectTls({
      socket: tap,
      ...(servername === undefined ? {} : { servername }),
      ...{ rejectUnauthorized: false, ca: [], minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' },
    })
    for (const stream of [wire, tap, socket]) stream.on('error', reject)
  })
}
