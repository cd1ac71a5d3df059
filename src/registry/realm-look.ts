import { errorText } from '../errors.ts'
import { mayCall } from './addresses.ts'
import { openTls, resolve, type Limits } from './connect.ts'
import type { Challenge, RealmLook } from './observation.ts'
import { judgeRealm, type Realm } from './realm.ts'
import type { Target } from './reference.ts'

/** Token services beyond these are not looked at. */
const MAX_REALMS = 4

/**
 * The chains of the token services that the challenges name, as anybody sees them: a handshake each, and no request.
 * Only what a password could be sent to with consent is called; the registry's own chain is known already.
 */
export function lookAtRealms(
  registry: Target,
  challenges: readonly Challenge[],
  seen: { readonly sent: readonly Buffer[]; readonly addresses: readonly string[] },
  limits: Limits,
): Promise<readonly RealmLook[]> {
  const realms = challenges
    .filter(({ scheme }) => scheme === 'bearer')
    .flatMap(({ parameters }) => {
      const answer = judgeRealm(registry, parameters['realm'] ?? '', [], 'anonymous')
      return answer.ok ? [answer.realm] : []
    })
  const unique = [...new Map(realms.map((realm) => [authorityOf(realm.target), realm])).values()]
  return Promise.all(
    unique.slice(0, MAX_REALMS).map((realm) => {
      const same = authorityOf(realm.target) === authorityOf(registry)
      const known = { ...lookOf(realm), sent: seen.sent }
      return same ? Promise.resolve(known) : handshake(realm, seen.addresses, limits)
    }),
  )
}

async function handshake(
  realm: Realm,
  registryAddresses: readonly string[],
  limits: Limits,
): Promise<RealmLook> {
  const { target } = realm
  const look = lookOf(realm)
  try {
    const addresses = await resolve(target, limits)
    const refused = addresses.find((address) => !mayCall(address, registryAddresses))
    if (refused !== undefined) return { ...look, problem: `${refused} is a local or metadata address` }
    const connection = await openTls(target, addresses[0] ?? target.host, anonymous(limits))
    connection.socket.destroy()
    return { ...look, sent: connection.sent }
  } catch (error) {
    if (limits.signal?.aborted) throw error
    return { ...look, problem: errorText(error) }
  }
}

/** Who we are is shown to nobody for a look. */
function anonymous(limits: Limits): Limits {
  const known = Object.entries(limits).filter(([name]) => name !== 'client')
  return { ...(Object.fromEntries(known) as unknown as Limits), modern: true }
}

function lookOf({ url, target }: Realm): RealmLook {
  return { url, target, sent: [] }
}

function authorityOf({ host, port }: Target): string {
  return `${host} ${port}`
}
