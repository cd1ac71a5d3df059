import { openTls, type Limits } from './connect.ts'
import type { OtherLook } from './observation.ts'
import type { Target } from './reference.ts'

/** Addresses beyond these are not looked at. */
const MAX_OTHERS = 3
/** A way that is dead is not waited for long: the registry has answered by another one. */
const PATIENCE_MS = 3000

/**
 * The chains behind the other addresses of the name, a handshake each: an engine may come to any of them. Those that
 * were tried before the one in use have failed already; those that do not answer soon are left out.
 */
export async function lookElsewhere(
  target: Target,
  addresses: readonly string[],
  used: string,
  limits: Limits,
): Promise<readonly OtherLook[]> {
  const rest = limits.proxyFor?.(target) ? [] : addresses.slice(addresses.indexOf(used) + 1)
  const patience = Math.min(limits.timeoutMs, PATIENCE_MS)
  const looks = await Promise.all(
    rest.slice(0, MAX_OTHERS).map(async (address) => {
      try {
        const connection = await openTls(target, address, { ...limits, timeoutMs: patience })
        connection.socket.destroy()
        return [{ address, sent: connection.sent }]
      } catch (error) {
        if (limits.signal?.aborted) throw error
        return []
      }
    }),
  )
  return looks.flat()
}
