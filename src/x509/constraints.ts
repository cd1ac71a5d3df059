import type { AlternativeName } from './alternative-names.ts'
import type { Certificate } from './certificate.ts'
import { isAddress } from './constraints-legacy.ts'
import { domainNameValid, parseMailbox, type Mailbox } from './domain.ts'
import type { GoVersion } from './go-version.ts'
import { lowerAscii, quote } from './go-text.ts'
import { ipText } from './ip.ts'
import { dnsQuery, emailQuery, ipQuery, type Query } from './constraint-sets.ts'
import type { NameConstraints } from './name-constraints.ts'
import { uriHostname } from './uri.ts'

interface Rule<T> {
  readonly type: string
  readonly permitted: Query<T> | undefined
  readonly excluded: Query<T> | undefined
}

interface Rules {
  readonly ip: Rule<Buffer>
  readonly dns: Rule<string>
  readonly uri: Rule<string>
  readonly email: Rule<Mailbox>
}

/** A certificate's rules and its place in the chain. */
interface Level extends Rules {
  readonly index: number
}

// Sorted once, however many chains a certificate stands in.
const sorted = new WeakMap<Certificate, Rules>()

/**
 * constraints.go checkChainConstraints, since Go 1.26: on the finished chain, every constrained certificate
 * against the names of all certificates below it; addresses first, then DNS names, URIs, mailboxes.
 * The text is without the prefix that says what kind of failure it is.
 */
export function chainConstraintFailure(chain: readonly Certificate[], go: GoVersion): string | undefined {
  const levels = chain.flatMap((certificate, index) => levelOf(certificate, index, go) ?? [])
  for (const [index, certificate] of chain.entries()) {
    if (certificate.rawAlternativeNames === undefined) continue
    const above = levels.filter((level) => level.index > index)
    if (above.length === 0) {
      if (levels.length > 0) return undefined
      continue
    }
    const names = readNames(certificate.alternativeNames, go)
    if (typeof names === 'string') return names
    for (const level of above) {
      const failure = levelFailure(level, names)
      if (failure !== undefined) return failure
    }
  }
  return undefined
}

function levelOf(certificate: Certificate, index: number, go: GoVersion): Level | undefined {
  if (certificate.nameConstraints === undefined) return undefined
  const known = sorted.get(certificate) ?? rulesOf(certificate.nameConstraints, go)
  sorted.set(certificate, known)
  return { index, ...known }
}

function rulesOf({ permitted, excluded }: NameConstraints, go: GoVersion): Rules {
  return {
    ip: { type: 'IP address', permitted: ipQuery(permitted.ip), excluded: ipQuery(excluded.ip) },
    dns: {
      type: 'DNS name',
      permitted: dnsQuery(permitted.dns, true, go),
      excluded: dnsQuery(excluded.dns, false, go),
    },
    uri: {
      type: 'URI',
      permitted: dnsQuery(permitted.uri, true, go),
      excluded: dnsQuery(excluded.uri, false, go),
    },
    email: {
      type: 'email address',
      permitted: emailQuery(permitted.email, true, go),
      excluded: emailQuery(excluded.email, false, go),
    },
  }
}

interface Names {
  readonly ips: readonly Buffer[]
  readonly dns: readonly string[]
  readonly uris: readonly { readonly text: string; readonly host: string }[]
  readonly emails: readonly { readonly mailbox: Mailbox; readonly text: string }[]
}

function readNames(names: readonly AlternativeName[], go: GoVersion): Names | string {
  const ips: Buffer[] = []
  const dns: string[] = []
  const uris: { text: string; host: string }[] = []
  const emails: { mailbox: Mailbox; text: string }[] = []
  const failures = { uri: undefined as string | undefined, email: undefined as string | undefined }
  for (const name of names) {
    if (name.kind === 'ip') ips.push(name.ip)
    else if (name.kind === 'dns') dns.push(name.text)
    else if (name.kind === 'uri') {
      const host = uriHost(name, go)
      if ('error' in host) failures.uri ??= host.error
      else uris.push({ text: name.text, host: host.name })
    } else {
      const mailbox = parseMailbox(name.text, go)
      if (mailbox === undefined) failures.email ??= `cannot parse rfc822Name ${quote(name.text)}`
      else emails.push(emailOf(mailbox))
    }
  }
  return failures.uri ?? failures.email ?? { ips, dns, uris, emails }
}

function emailOf(mailbox: Mailbox): { mailbox: Mailbox; text: string } {
  const lowered = { local: mailbox.local, domain: lowerAscii(mailbox.domain) }
  return { mailbox: lowered, text: quote(`${lowered.local}@${lowered.domain}`) }
}

function uriHost(
  uri: { readonly text: string; readonly host: string },
  go: GoVersion,
): { readonly name: string } | { readonly error: string } {
  if (uri.host === '') {
    return { error: `URI with empty host (${quote(uri.text)}) cannot be matched against constraints` }
  }
  const host = uriHostname(lowerAscii(uri.host))
  if ('error' in host) return { error: `cannot parse URI host ${quote(uri.host)}: ${host.error}` }
  if (isAddress(host.name, go)) {
    return { error: `URI with IP (${quote(uri.text)}) cannot be matched against constraints` }
  }
  return host
}

function levelFailure(level: Level, names: Names): string | undefined {
  for (const ip of names.ips) {
    const failure = ruleFailure(level.ip, ip, quote(ipText(ip)))
    if (failure !== undefined) return failure
  }
  for (const name of names.dns) {
    if (!domainNameValid(name, false)) return `x509: cannot parse dnsName ${quote(name)}`
    const failure = ruleFailure(level.dns, name, quote(name))
    if (failure !== undefined) return failure
  }
  for (const { text, host } of names.uris) {
    if (!domainNameValid(host, false)) return `x509: internal error: URI SAN ${quote(text)} failed to parse`
    const failure = ruleFailure(level.uri, host, quote(text))
    if (failure !== undefined) return failure
  }
  for (const { mailbox, text } of names.emails) {
    if (!domainNameValid(mailbox.domain, false)) return `x509: cannot parse rfc822Name ${text}`
    const failure = ruleFailure(level.email, mailbox, text)
    if (failure !== undefined) return failure
  }
  return undefined
}

// constraints.go checkConstraints: what is permitted first, unlike Go up to 1.25.
function ruleFailure<T>(rule: Rule<T>, name: T, text: string): string | undefined {
  if (rule.permitted !== undefined && rule.permitted(name) === undefined) {
    return `${rule.type} ${text} is not permitted by any constraint`
  }
  const match = rule.excluded?.(name)
  return match === undefined ? undefined : `${rule.type} ${text} is excluded by constraint ${quote(match)}`
}
