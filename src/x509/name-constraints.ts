import { DerReader, contextTag, tag } from './der.ts'
import { domainNameValid, parseMailbox, reverseLabels } from './domain.ts'
import { goAtLeast, goHasFix, type GoVersion } from './go-version.ts'
import { quote, quoteBytes } from './go-text.ts'
import { mappedIpv4, parseIp, type IpNetwork } from './ip.ts'
import { need, refuse } from './parse-error.ts'

export interface Subtrees {
  readonly dns: readonly string[]
  readonly ip: readonly IpNetwork[]
  readonly email: readonly string[]
  readonly uri: readonly string[]
}

export interface NameConstraints {
  readonly permitted: Subtrees
  readonly excluded: Subtrees
  /** A form that Go does not check, such as directoryName, is present. */
  readonly unhandled: boolean
}

/** parser.go parseNameConstraintsExtension (RFC 5280 4.2.1.10). */
export function parseNameConstraints(value: Buffer, go: GoVersion): NameConstraints {
  const invalid = 'x509: invalid NameConstraints extension'
  const outer = new DerReader(value)
  const fields = need(outer.enter(tag.sequence), invalid)
  const permitted = optional(fields, contextTag(0, true), invalid)
  const excluded = optional(fields, contextTag(1, true), invalid)
  if (!outer.empty || !fields.empty) refuse(invalid)
  // RFC 5280 wants one of the two, and neither without an entry; Go minds if there is no entry at all.
  if (permitted?.empty !== false && excluded?.empty !== false)
    refuse('x509: empty name constraints extension')
  const allowed = readSubtrees(permitted, go)
  const banned = readSubtrees(excluded, go)
  return { permitted: allowed, excluded: banned, unhandled: allowed.unhandled || banned.unhandled }
}

function optional(der: DerReader, expected: number, complaint: string): DerReader | undefined {
  return der.peek(expected) ? need(der.enter(expected), complaint) : undefined
}

function readSubtrees(der: DerReader | undefined, go: GoVersion): Subtrees & { readonly unhandled: boolean } {
  const invalid = 'x509: invalid NameConstraints extension'
  const found = { dns: [] as string[], ip: [] as IpNetwork[], email: [] as string[], uri: [] as string[] }
  let unhandled = false
  while (der !== undefined && !der.empty) {
    const base = need(der.enter(tag.sequence)?.any(), invalid)
    switch (base.tag) {
      case contextTag(2):
        found.dns.push(dnsConstraint(base.content, go))
        break
      case contextTag(7):
        found.ip.push(ipConstraint(base.content, go))
        break
      case contextTag(1):
        found.email.push(emailConstraint(base.content, go))
        break
      case contextTag(6):
        found.uri.push(uriConstraint(base.content, go))
        break
      default:
        unhandled = true
    }
  }
  return { ...found, unhandled }
}

function ia5(content: Buffer): string {
  if (content.some((octet) => octet > 0x7f)) {
    refuse(`x509: invalid constraint value: x509: ${quoteBytes(content)} cannot be encoded as an IA5String`)
  }
  return content.toString('latin1')
}

function dnsConstraint(content: Buffer, go: GoVersion): string {
  const domain = ia5(content)
  return validConstraint(domain, go)
    ? domain
    : refuse(`x509: failed to parse dnsName constraint ${quote(domain)}`)
}

// CVE-2025-58187 brought another check of names, with other edge cases, to 1.24.8 and 1.25.2.
export function linearDomainCheck(go: GoVersion): boolean {
  return goHasFix(go, '24.8', '25.2')
}

function validConstraint(domain: string, go: GoVersion): boolean {
  if (linearDomainCheck(go)) return domainNameValid(domain, true)
  return reverseLabels(domain.startsWith('.') ? domain.slice(1) : domain, go) !== undefined
}

function ipConstraint(content: Buffer, go: GoVersion): IpNetwork {
  if (content.length !== 8 && content.length !== 32) {
    refuse(`x509: IP constraint contained value of length ${content.length}`)
  }
  const ip = content.subarray(0, content.length / 2)
  const mask = content.subarray(content.length / 2)
  if (!contiguous(mask)) refuse(`x509: IP constraint contained invalid mask ${mask.toString('hex')}`)
  if (goAtLeast(go, 27) && mappedIpv4(ip) !== undefined) {
    refuse('x509: IP constraint contained IPv4-mapped IPv6 address')
  }
  return { ip, mask }
}

function contiguous(mask: Buffer): boolean {
  const bits = [...mask].map((octet) => octet.toString(2).padStart(8, '0')).join('')
  return !bits.includes('01')
}

function emailConstraint(content: Buffer, go: GoVersion): string {
  const constraint = ia5(content)
  const valid = constraint.includes('@')
    ? parseMailbox(constraint, go) !== undefined
    : validConstraint(constraint, go)
  return valid ? constraint : refuse(`x509: failed to parse rfc822Name constraint ${quote(constraint)}`)
}

function uriConstraint(content: Buffer, go: GoVersion): string {
  const domain = ia5(content)
  if (parseIp(domain) !== undefined) {
    refuse(`x509: failed to parse URI constraint ${quote(domain)}: cannot be IP address`)
  }
  return validConstraint(domain, go)
    ? domain
    : refuse(`x509: failed to parse URI constraint ${quote(domain)}`)
}
