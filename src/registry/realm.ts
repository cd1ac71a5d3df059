import { parseRegistry, type Target } from './reference.ts'

const MAX_REALM = 2048

/** A token service that may be asked (distribution, spec/auth/token.md). */
export interface Realm {
  /** As the challenge has it. */
  readonly url: string
  readonly target: Target
  /** With its own query, without a fragment. */
  readonly path: string
  /** On another host than the registry: the user named it. */
  readonly foreign: boolean
}

export interface RealmRefusal {
  readonly code: 'realm-insecure' | 'realm-foreign' | 'bad-challenge'
  /** A sentence about the realm, without a full stop. */
  readonly why: string
  /** HOST or HOST:PORT, where only consent is missing. */
  readonly authority?: string
}

export type RealmAnswer =
  { readonly ok: true; readonly realm: Realm } | ({ readonly ok: false } & RealmRefusal)

/**
 * Whether credentials for `registry` may go to the token service that a challenge names: https, no user name in it, and
 * the same host or one that was named with consent. Read by a grammar of our own, so that no client can find another
 * host in it. A look as anybody may go to any host. Engines ask none of this (containerd auth/fetch.go, containers/image docker_client.go).
 */
export function judgeRealm(
  registry: Target,
  text: string,
  named: readonly string[],
  who: 'credentials' | 'anonymous' = 'credentials',
): RealmAnswer {
  const refused = (code: RealmRefusal['code'], why: string): RealmAnswer => ({ ok: false, code, why })
  if (text.length > MAX_REALM) return refused('bad-challenge', `the realm has ${text.length} characters`)
  // Go refuses control characters, Node drops some of them: no byte outside printable ASCII passes.
  if (!/^[!-~]+$/.test(text) || text.includes('\\'))
    return refused('bad-challenge', 'the realm holds characters that belong into no address')
  const [, scheme = '', authority = '', rest = ''] =
    /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/i.exec(text) ?? []
  if (scheme === '') return refused('bad-challenge', `the realm "${text}" is no full address`)
  if (scheme.toLowerCase() !== 'https') return refused('realm-insecure', `the realm ${text} is not https`)
  if (authority.includes('@')) return refused('realm-insecure', 'the realm holds a user name')
  const target = targetOf(authority)
  if (target === undefined) return refused('bad-challenge', `the realm's host "${authority}" is no host`)
  const path = rest.replace(/#.*$/, '')
  const foreign = target.host !== registry.host
  const realm = { url: text, target, path: path.startsWith('/') ? path : `/${path}`, foreign }
  if (who === 'anonymous' || !foreign || named.some((name) => isNamed(target, name)))
    return { ok: true, realm }
  const why = `the token service ${target.registry} is another host than the registry`
  return { ok: false, code: 'realm-foreign', why, authority: target.registry }
}

/** HOST stands for any port of it, HOST:PORT for that one. */
function isNamed(target: Target, name: string): boolean {
  const wanted = targetOf(name)
  if (wanted?.host !== target.host) return false
  return wanted.port === target.port || !/:\d+$/.test(name)
}

/** HOST or HOST:PORT as Docker reads a host; undefined where it is neither. */
export function targetOf(authority: string): Target | undefined {
  if (authority.includes('/')) return undefined
  try {
    return parseRegistry(authority.toLowerCase())
  } catch {
    return undefined
  }
}

/** What a token is asked for: the query that Docker's login sends, without a scope. */
export interface TokenQuestion {
  readonly service: string | undefined
  readonly account?: string
}

/** The realm's own query is kept; everything is encoded. */
export function tokenPath(realm: Realm, question: TokenQuestion): string {
  const [path = '/', own = ''] = realm.path.split(/\?(.*)/s)
  const query = new URLSearchParams(own)
  if (question.account !== undefined) query.append('account', question.account)
  query.append('client_id', CLIENT_ID)
  query.append('offline_token', 'true')
  if (question.service !== undefined) query.append('service', question.service)
  return `${path}?${query.toString()}`
}

/** The body of a request by refresh token (distribution, spec/auth/oauth.md). */
export function refreshBody(service: string | undefined, refreshToken: string): string {
  const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken })
  form.append('client_id', CLIENT_ID)
  if (service !== undefined) form.append('service', service)
  return form.toString()
}

/** What Docker calls itself; some services know no other client. */
const CLIENT_ID = 'docker'
