import { lookup } from 'node:dns/promises'
import { within } from './deadline.ts'
import type { Limits } from './connect.ts'

/** glibc's own defaults (resolv.conf(5)): five seconds for each of two attempts. */
const DEFAULT_S = 5

/**
 * Addresses as the system's resolver gives them, hosts file included, in its order. That resolver cannot be
 * called off: what it still waits for when our time is over, the end of the program waits for as well. So it is
 * given no more time than we have, as far as glibc takes a hint, and only where that is less than it would take.
 */
export async function lookUp(host: string, what: string, limits: Limits): Promise<readonly string[]> {
  if (limits.wire) {
    const found = await within(limits.timeoutMs, what, limits.signal, limits.wire.resolve(host))
    // Without a tool over there the far end of the wire looks it up by itself.
    if (found === undefined) return [host]
    if (found.length === 0)
      throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' })
    return found
  }
  const seconds = limits.timeoutMs / 1000
  if (seconds < 2 * DEFAULT_S) {
    const each = Math.max(1, Math.floor(seconds / 2))
    process.env['RES_OPTIONS'] ??= `timeout:${each} attempts:${seconds < 2 ? 1 : 2}`
  }
  const found = await within(
    limits.timeoutMs,
    what,
    limits.signal,
    lookup(host, { all: true, verbatim: true }),
  )
  return [...new Set(found.map((entry) => entry.address))]
}
