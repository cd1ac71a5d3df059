import { errorText } from '../errors.ts'
import { mayCall } from './addresses.ts'
import { readToken, refusalText, type Token } from './answers.ts'
import type { Limits } from './connect.ts'
import type { Answer, Ask } from './exchange.ts'
import { refreshBody, tokenPath, type Realm } from './realm.ts'
import { askVerified, UntrustedError, type Eyes } from './verified.ts'

const MAX_TOKEN_BODY = 64 * 1024

export interface Password {
  readonly username: string
  readonly password: string
}

/** What somebody logs in with: a password, or what an earlier login left in its place. */
export type Secret = Password | { readonly identityToken: string }

/** Why there is no token; `withheld`, `untrusted`: nothing secret was sent to this service. */
export interface TokenRefusal {
  readonly kind: 'withheld' | 'refused' | 'failed' | 'untrusted'
  readonly message: string
}

export interface TokenRequest {
  readonly realm: Realm
  readonly service: string | undefined
  readonly secret?: Secret
  readonly eyes: Eyes
  readonly limits: Limits
  /** Where the registry is: only there may the realm be on loopback or on a link-local address. */
  readonly registryAddresses: readonly string[]
  /** Told of who is about to get the secret: HOST or HOST:PORT. */
  readonly sending?: (authority: string) => void
}

/**
 * A token from a realm that `judgeRealm` let pass (distribution, spec/auth/token.md and oauth.md):
 *   1. the realm is asked as anybody might ask, over a chain that the engine accepts, at an address that may be called;
 *      one that sends clients elsewhere gets nothing;
 *   2. an identity token goes in the body of a POST;
 *   3. a password goes in a GET, as Basic; no redirect is followed;
 *   4. the answer is a token, or the service's own words.
 */
export async function fetchToken(request: TokenRequest): Promise<Token | TokenRefusal> {
  const { realm, service, secret, limits } = request
  try {
    const look = await ask(request, {
      method: 'GET',
      path: tokenPath(realm, { service }),
      maxBody: MAX_TOKEN_BODY,
    })
    const led = redirected(realm, look)
    if (led !== undefined) return led
    if (secret === undefined) return outcome(realm, look)
    const sending = (): void => request.sending?.(realm.target.registry)
    return outcome(realm, await ask(request, { ...authenticated(request, secret), sending }))
  } catch (error) {
    if (limits.signal?.aborted) throw error
    const message = `the token service ${realm.target.registry}: ${errorText(error)}`
    return { kind: error instanceof UntrustedError ? 'untrusted' : 'failed', message }
  }
}

function authenticated({ realm, service }: TokenRequest, secret: Secret): Ask {
  if ('identityToken' in secret) {
    return {
      method: 'POST',
      // The realm's own path and query: what is asked goes in the body.
      path: realm.path,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: refreshBody(service, secret.identityToken),
      maxBody: MAX_TOKEN_BODY,
    }
  }
  const path = tokenPath(realm, { service, account: secret.username })
  return { method: 'GET', path, headers: { authorization: basic(secret) }, maxBody: MAX_TOKEN_BODY }
}

/** RFC 7617, in UTF-8. */
export function basic({ username, password }: Password): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function ask({ realm, eyes, limits, registryAddresses }: TokenRequest, question: Ask): Promise<Answer> {
  return askVerified(realm.target, question, eyes, limits, (addresses) => {
    const refused = addresses.find((address) => !mayCall(address, registryAddresses))
    if (refused === undefined) return addresses
    throw new UntrustedError(
      `${refused} is a local or metadata address, which is not asked on a challenge's word`,
    )
  })
}

function redirected(realm: Realm, answer: Answer): TokenRefusal | undefined {
  if (answer.status < 300 || answer.status >= 400) return undefined
  const to = [answer.headers['location'] ?? 'elsewhere'].flat()[0] ?? ''
  const message = `the token service ${realm.target.registry} sends clients on to ${to.slice(0, 200)}`
  return { kind: 'withheld', message }
}

function outcome(realm: Realm, answer: Answer): Token | TokenRefusal {
  const led = redirected(realm, answer)
  if (led !== undefined) return { ...led, kind: 'failed' }
  if (answer.status !== 200) {
    const kind = answer.status === 401 || answer.status === 403 ? 'refused' : 'failed'
    return { kind, message: refusalText(answer) }
  }
  const token = readToken(answer)
  return typeof token === 'string' ? { kind: 'failed', message: token } : token
}
