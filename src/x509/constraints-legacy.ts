import type { AlternativeName } from './alternative-names.ts'
import type { Certificate } from './certificate.ts'
import { domainNameValid, parseMailbox, reverseLabels, type Mailbox } from './domain.ts'
import { goAtLeast, goHasFix, type GoVersion } from './go-version.ts'
import { equalFold, lowerAscii, quote } from './go-text.ts'
import { ipText, networkContains, networkText, parseIp, type IpNetwork } from './ip.ts'
import { linearDomainCheck } from './name-constraints.ts'
import { uriHostname } from './uri.ts'

/** verify.go's default for VerifyOptions.MaxConstraintComparisions. */
const maxComparisons = 250_000

/** Go's text in full, as the two kinds of failure are worded apart. */
type Failure = string | undefined

const notAuthorized = 'x509: a root or intermediate certificate is not authorized to sign for this name: '

/**
 * Name constraints as Go checked them up to 1.25, in isValid: each constrained certificate that joins the
 * chain is held against the names below it (RFC 5280 4.2.1.10).
 */
export function legacyConstraintFailure(
  constrained: Certificate,
  chain: readonly Certificate[],
  go: GoVersion,
): Failure {
  if (constrained.nameConstraints === undefined) return undefined
  const check = new LegacyCheck(constrained.nameConstraints, go)
  for (const certificate of namesInReach(constrained, chain, go)) {
    for (const name of certificate.alternativeNames) {
      const failure = check.failure(name)
      if (failure !== undefined) return failure
    }
  }
  return undefined
}

// The leaf alone at first; in 1.19 the constrained certificate itself, too; then everything below it.
function namesInReach(
  constrained: Certificate,
  chain: readonly Certificate[],
  go: GoVersion,
): readonly Certificate[] {
  if (goAtLeast(go, 20)) return chain
  const leaf = chain.slice(0, 1)
  return goAtLeast(go, 19) ? [...leaf, constrained] : leaf
}

type Match<T> = (constraint: T, excluded: boolean) => boolean | { readonly error: string }

class LegacyCheck {
  readonly #constraints: NonNullable<Certificate['nameConstraints']>
  readonly #go: GoVersion
  readonly #folded = new Map<string, string | undefined>()
  #comparisons = 0

  constructor(constraints: NonNullable<Certificate['nameConstraints']>, go: GoVersion) {
    this.#constraints = constraints
    this.#go = go
  }

  failure(name: AlternativeName): Failure {
    const { permitted, excluded } = this.#constraints
    switch (name.kind) {
      case 'ip': {
        const match: Match<IpNetwork> = (network) => networkContains(network, name.ip)
        return this.#compare('IP address', ipText(name.ip), match, networkText, permitted.ip, excluded.ip)
      }
      case 'dns': {
        if (!this.#validDns(name.text)) return `x509: cannot parse dnsName ${quote(name.text)}`
        const match: Match<string> = (constraint, isExcluded) =>
          this.#domain(name.text, constraint, isExcluded)
        return this.#compare('DNS name', name.text, match, asIs, permitted.dns, excluded.dns)
      }
      case 'email': {
        const mailbox = parseMailbox(name.text, this.#go)
        if (mailbox === undefined) return 'x509: cannot parse rfc822Name {"" ""}'
        const match: Match<string> = (constraint, isExcluded) => this.#email(mailbox, constraint, isExcluded)
        return this.#compare('email address', name.text, match, asIs, permitted.email, excluded.email)
      }
      case 'uri': {
        const match: Match<string> = (constraint, isExcluded) => this.#uri(name, constraint, isExcluded)
        return this.#compare('URI', name.text, match, asIs, permitted.uri, excluded.uri)
      }
    }
  }

  // verify.go checkNameConstraints: what is excluded first, then what is permitted.
  #compare<T>(
    type: string,
    name: string,
    match: Match<T>,
    text: (constraint: T) => string,
    permitted: readonly T[],
    excluded: readonly T[],
  ): Failure {
    this.#comparisons += excluded.length
    if (this.#comparisons > maxComparisons) return 'x509: unknown error'
    for (const constraint of excluded) {
      const outcome = match(constraint, true)
      if (typeof outcome === 'object') return notAuthorized + outcome.error
      if (outcome)
        return `${notAuthorized}${type} ${quote(name)} is excluded by constraint ${quote(text(constraint))}`
    }
    this.#comparisons += permitted.length
    if (this.#comparisons > maxComparisons) return 'x509: unknown error'
    for (const constraint of permitted) {
      const outcome = match(constraint, false)
      if (typeof outcome === 'object') return notAuthorized + outcome.error
      if (outcome) return undefined
    }
    return permitted.length === 0
      ? undefined
      : `${notAuthorized}${type} ${quote(name)} is not permitted by any constraint`
  }

  #validDns(name: string): boolean {
    return linearDomainCheck(this.#go) ? domainNameValid(name, false) : this.#fold(name) !== undefined
  }

  // Lower case, so that a suffix is found as fast as may be; undefined for what is no domain.
  #fold(domain: string): string | undefined {
    const known = this.#folded.get(domain)
    if (known !== undefined || this.#folded.has(domain)) return known
    const labels = reverseLabels(domain, this.#go)
    const folded = labels === undefined ? undefined : lowerAscii(labels.toReversed().join('.'))
    this.#folded.set(domain, folded)
    return folded
  }

  #domain(domain: string, constraint: string, excluded: boolean): boolean | { readonly error: string } {
    if (constraint === '') return true
    const name = this.#fold(domain)
    if (name === undefined) return { error: `x509: internal error: cannot parse domain ${quote(domain)}` }
    const subdomainsOnly = constraint.startsWith('.')
    const bare = subdomainsOnly ? constraint.slice(1) : constraint
    const wanted = this.#fold(bare)
    if (wanted === undefined) return { error: `x509: internal error: cannot parse domain ${quote(bare)}` }
    if (
      excluded &&
      domain.startsWith('*') &&
      name.includes('.') &&
      wanted !== '' &&
      this.#wildcardsExcluded
    ) {
      return wildcardMeets(name, wanted, subdomainsOnly)
    }
    return (name === wanted && !subdomainsOnly) || wanted === '' || name.endsWith(`.${wanted}`)
  }

  get #wildcardsExcluded(): boolean {
    return goHasFix(this.#go, '24.11', '25.5')
  }

  #email(mailbox: Mailbox, constraint: string, excluded: boolean): boolean | { readonly error: string } {
    if (!constraint.includes('@')) return this.#domain(mailbox.domain, constraint, excluded)
    const wanted = parseMailbox(constraint, this.#go)
    if (wanted === undefined)
      return { error: `x509: internal error: cannot parse constraint ${quote(constraint)}` }
    return mailbox.local === wanted.local && equalFold(mailbox.domain, wanted.domain)
  }

  #uri(
    uri: { readonly text: string; readonly host: string },
    constraint: string,
    excluded: boolean,
  ): boolean | { readonly error: string } {
    if (uri.host === '') {
      return { error: `URI with empty host (${quote(uri.text)}) cannot be matched against constraints` }
    }
    const host = uriHostname(uri.host)
    if ('error' in host) return host
    if (isAddress(host.name, this.#go)) {
      return { error: `URI with IP (${quote(uri.text)}) cannot be matched against constraints` }
    }
    return this.#domain(host.name, constraint, excluded)
  }
}

// CVE-2025-61727: a wildcard may stand for an excluded name; its first label and the constraint's are let go.
function wildcardMeets(name: string, wanted: string, subdomainsOnly: boolean): boolean {
  const labels = name.split('.').slice(1)
  const rest = wanted.split('.').slice(1)
  if (labels.length < rest.length || (subdomainsOnly && labels.length === rest.length)) return false
  return rest.length === 0 || `.${labels.join('.')}`.endsWith(`.${rest.join('.')}`)
}

function asIs(text: string): string {
  return text
}

/** CVE-2024-45341: an IPv6 address with a zone is an address as well. */
export function isAddress(host: string, go: GoVersion): boolean {
  if (host.startsWith('[') && host.endsWith(']')) return true
  const zoned = goHasFix(go, '22.11', '23.5', '24.0') && host.includes(':')
  const zone = zoned ? host.indexOf('%') : -1
  return parseIp(zone < 0 ? host : host.slice(0, zone)) !== undefined
}
