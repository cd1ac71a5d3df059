import { errorText } from '../errors.ts'
import { refusalText } from './answers.ts'
import { parseChallenges } from './challenge.ts'
import { resolve, type Limits } from './connect.ts'
import { lines, type Answer } from './exchange.ts'
import type { Challenge } from './observation.ts'
import { judgeRealm, type Realm, type RealmRefusal } from './realm.ts'
import type { Target } from './reference.ts'
import { basic, fetchToken, type Secret } from './token.ts'
import { askVerified, UntrustedError, type Eyes } from './verified.ts'

const MAX_BODY = 64 * 1024

export interface LoginRequest {
  readonly target: Target
  readonly secret: Secret
  readonly eyes: Eyes
  readonly limits: Limits
  /** From `--token-realm` or a prompt: HOST or HOST:PORT. */
  readonly namedRealms: readonly string[]
}

export type LoginOutcome = { readonly realm?: string } & (
  | {
      readonly ok: true
      /** `none`: the registry asks nobody, and nothing secret was sent. */
      readonly scheme: 'none' | 'basic' | 'bearer'
      /** To be stored in the place of the password. */
      readonly identityToken?: string
    }
  | {
      readonly ok: false
      /** `withheld`, `untrusted`: it stopped before the next one got a secret; `refused`: the other side would not have it. */
      readonly kind: 'withheld' | 'untrusted' | 'refused' | 'failed'
      readonly code?: RealmRefusal['code']
      /** HOST or HOST:PORT of a realm that only consent keeps from being asked. */
      readonly authority?: string
      readonly message: string
      /** Who had got the password, or what it was changed into, by then: HOST or HOST:PORT. */
      readonly sentTo: readonly string[]
    }
)

/** What one stage says of a failure; who had got the secret by then is known at the end. */
type Stage = LoginOutcome | Omit<Extract<LoginOutcome, { ok: false }>, 'sentTo'>

interface Work extends LoginRequest {
  readonly sending: (authority: string) => void
}

/**
 * Logs in as Docker's client does, over chains that the engine accepts:
 *   1. `GET /v2/` as anybody: 200 asks nobody, 401 brings challenges;
 *   2. every realm is judged before anything goes to one of them;
 *   3. a Bearer challenge is answered with a token of its realm, a Basic one with the password, which then counts;
 *   4. `GET /v2/` again, with that: 200, and nothing less, is a login.
 */
export async function authenticate(request: LoginRequest): Promise<LoginOutcome> {
  const sent = new Set<string>()
  const stage = await logIn({ ...request, sending: (authority) => sent.add(authority) })
  return stage.ok ? stage : { ...stage, sentTo: [...sent] }
}

async function logIn(request: Work): Promise<Stage> {
  const { target, limits } = request
  try {
    const first = await askRegistry(request)
    if (first.status === 200) return { ok: true, scheme: 'none' }
    if (first.status !== 401) return { ok: false, kind: 'failed', message: refusalText(first) }
    return await answerChallenges(request, parseChallenges(lines(first, 'www-authenticate')))
  } catch (error) {
    if (limits.signal?.aborted) throw error
    const kind = error instanceof UntrustedError ? 'untrusted' : 'failed'
    return { ok: false, kind, message: `${target.registry}: ${errorText(error)}` }
  }
}

async function answerChallenges(request: Work, challenges: readonly Challenge[]): Promise<Stage> {
  const { secret } = request
  const realms = realmsOf(request, challenges)
  if ('code' in realms) {
    const { code, why, authority, realm } = realms
    const named = authority === undefined ? {} : { authority }
    return { ok: false, kind: 'withheld', code, realm, message: why, ...named }
  }
  let authorization: string | undefined
  let identityToken: string | undefined
  for (const { realm, service } of realms.asked) {
    const registryAddresses = await resolve(request.target, request.limits)
    const token = await fetchToken({ ...request, realm, service, registryAddresses })
    if ('kind' in token) return { ok: false, realm: realm.url, ...token }
    authorization = `Bearer ${token.token}`
    identityToken = token.refreshToken
  }
  const last = realms.asked.at(-1)?.realm.url
  const realm = last === undefined ? {} : { realm: last }
  if (challenges.some(({ scheme }) => scheme === 'basic') && 'password' in secret)
    authorization = basic(secret)
  if (authorization === undefined) {
    const message = 'the registry asks in no way that a password or a token answers (Basic, Bearer)'
    return { ok: false, kind: 'withheld', message }
  }
  const answer = await askRegistry(request, authorization)
  if (answer.status === 200) {
    const scheme = authorization.startsWith('Basic ') ? 'basic' : 'bearer'
    return { ok: true, scheme, ...realm, ...(identityToken === undefined ? {} : { identityToken }) }
  }
  const kind = answer.status === 401 || answer.status === 403 ? 'refused' : 'failed'
  return { ok: false, kind, ...realm, message: refusalText(answer) }
}

interface Asked {
  readonly realm: Realm
  readonly service: string | undefined
}

/** Every Bearer challenge's realm: an engine may take any of them, so each must do. */
function realmsOf(
  { target, namedRealms }: LoginRequest,
  challenges: readonly Challenge[],
): { readonly asked: readonly Asked[] } | (RealmRefusal & { readonly realm: string }) {
  const asked: Asked[] = []
  for (const { scheme, parameters } of challenges) {
    if (scheme !== 'bearer') continue
    const realm = parameters['realm'] ?? ''
    const answer = judgeRealm(target, realm, namedRealms)
    if (!answer.ok) return { ...answer, realm }
    asked.push({ realm: answer.realm, service: parameters['service'] })
  }
  return { asked }
}

function askRegistry({ target, eyes, limits, sending }: Work, authorization?: string): Promise<Answer> {
  const look = { method: 'GET', path: '/v2/', maxBody: MAX_BODY } as const
  const told = {
    headers: { authorization: authorization ?? '' },
    sending: (): void => {
      sending(target.registry)
    },
  }
  return askVerified(target, authorization === undefined ? look : { ...look, ...told }, eyes, limits)
}
