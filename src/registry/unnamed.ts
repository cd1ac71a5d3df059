import { isIP } from 'node:net'
import { tryParseCertificate, verifyHostname } from '../x509/index.ts'
import { openTls, type Limits } from './connect.ts'
import { sentBefore } from './open.ts'
import type { Target } from './reference.ts'

/** Whether a server that chooses its certificate by name (RFC 6066 section 3) has chosen another host's. */
export function isOfAnotherHost(sent: readonly Buffer[], { host }: Target): boolean {
  const [leaf] = sent
  const read = leaf && tryParseCertificate(leaf)
  return read !== undefined && !(read instanceof Error) && verifyHostname(read, host) !== undefined
}

/**
 * The chain for clients that send no server name, DER as sent. To an address nobody sends one, and beyond a proxy the
 * address is not ours to choose: undefined, as it is where nothing answers within the time of one stage.
 */
export async function lookUnnamed(
  target: Target,
  address: string,
  limits: Limits,
): Promise<readonly Buffer[] | undefined> {
  const version = isIP(address)
  if (target.kind !== 'name' || version === 0 || limits.proxyFor?.(target)) return undefined
  const nameless: Target = { ...target, host: address, kind: version === 6 ? 'ipv6' : 'ipv4' }
  // A proxy was asked for by the name; and whoever answers without one is shown no certificate of ours.
  const bare: Limits = { ...limits, proxyFor: undefined, client: undefined }
  try {
    const { socket, sent } = await openTls(nameless, address, bare)
    socket.destroy()
    return sent
  } catch (error) {
    if (limits.signal?.aborted) throw error
    const sent = sentBefore(error)
    return sent.length > 0 ? sent : undefined
  }
}
