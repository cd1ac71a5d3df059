import type { ApiAnswer } from './docker-api.ts'
import type { EngineAnswer } from './engine.ts'

/** What stands before the fault itself, by the job: a pull into containerd's store, a build of 20.10, a later one. */
const JOB =
  /^(?:failed to resolve reference "[^"]*": |failed to resolve image: |failed to solve with frontend dockerfile\.v0: failed to create LLB definition: |\S+: failed to resolve source metadata for \S+: )/

const TLS_TROUBLE =
  /x509: |tls: |certificate|http: server gave HTTP response|: EOF$|TLS handshake timeout|missing key |missing client certificate |failed to load (?:keypair|X509) |(?:load|read) (?:CA cert|CERT file) |^(?:open|stat|read|readdirent|failed to read) \//
/**
 * What comes after is a text of the registry's own, whatever it says: an error by its code (distribution
 * registry/api/errcode, v2 descriptors), a status line, a body.
 */
const REGISTRY_SAYS =
  /^(?:(?:Get|Head) "?https:\S+ )?(?:errors:\s+)?(?:(?:unknown|unsupported|unauthorized|denied|unavailable|toomanyrequests|(?:blob|digest|manifest|manifest blob|name|range|size|tag|pagination number)(?: upload)? (?:unknown|invalid|unverified)): |login attempt to \S+ failed with status: |received unexpected HTTP status: |error parsing HTTP \d{3} response body: |error from registry: )/

/** nginx lets everybody through the handshake, and says with a page that a client certificate was missing or wrong. */
const NGINX_WANTS_ONE = /^error parsing HTTP 400 response body: [^]*\bSSL certificate\b/

/** The registry was never reached, whatever words its name holds. */
const NOT_REACHED = /dial tcp|proxyconnect|i\/o timeout|connection reset|deadline exceeded|Client\.Timeout/
const REACHED =
  /no basic auth credentials|unauthorized|denied|manifest unknown|no such manifest|not found|Login Succeeded|failed with status|name unknown|authorization server|no realm specified|token|HTTP status|error parsing HTTP|toomanyrequests|unmarshalling/i

/** Tells a refused chain from an answer of the registry itself: the status alone says neither (facts 1.6). */
export function judgeMessage(status: number, message: string): EngineAnswer['outcome'] {
  // The registry answered and sent the client on to its token service: what failed there is not its chain.
  if (/^(?:Get|Head) "?https:\S+ (?:Get|Post) "?https?:/.test(message)) return 'accepted'
  const told = message.replace(JOB, '')
  if (NGINX_WANTS_ONE.test(told)) return 'refused'
  if (REGISTRY_SAYS.test(told)) return 'accepted'
  // containerd's own words for the same (core/remotes/docker/authorizer.go).
  if (told.startsWith('failed to authorize: ')) return 'accepted'
  const said = told.replace(/https?:\/\/[^\s"]*[^\s":]|(?<=\blookup )\S+/g, '')
  if (TLS_TROUBLE.test(said)) return 'refused'
  if (NOT_REACHED.test(said)) return 'unclear'
  if (status === 200 || REACHED.test(said)) return 'accepted'
  return 'unclear'
}

/** What the daemon's answer to a question about a registry comes to. */
export function answered({ status, message }: ApiAnswer): EngineAnswer {
  return { outcome: judgeMessage(status, message), message }
}

/** Docker before 23 logs in at an address in brackets, and knows no image there (distribution/reference; seen on 20.10.24). */
export function isImage({ message }: ApiAnswer): boolean {
  return message !== 'invalid reference format'
}
