import { parseMailbox, type Mailbox } from './domain.ts'
import { goAtLeast, type GoVersion } from './go-version.ts'
import { equalFold, lowerAscii } from './go-text.ts'
import { networkContains, networkText, type IpNetwork } from './ip.ts'

/** The constraint that matches, as Go prints it; undefined for none. */
export type Query<T> = (name: T) => string | undefined

/**
 * constraints.go nameConstraintsSet: sorted, and void of entries that an earlier one covers, so that one
 * binary search finds the match. Which one is printed depends on this order.
 */
function sortAndPrune<T>(
  entries: readonly T[],
  compare: (a: T, b: T) => number,
  covers: (a: T, b: T) => boolean,
): readonly T[] {
  const kept: T[] = []
  for (const entry of entries.toSorted(compare)) {
    const last = kept.at(-1)
    if (last === undefined || !covers(last, entry)) kept.push(entry)
  }
  return kept
}

function search<T>(
  entries: readonly T[],
  compare: (entry: T) => number,
  match: (entry: T) => boolean,
): T | undefined {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    const entry = entries[middle]
    if (entry !== undefined && compare(entry) < 0) low = middle + 1
    else high = middle
  }
  const found = entries[low]
  if (found !== undefined && compare(found) === 0) return found
  const nearest = entries[Math.max(low - 1, 0)]
  return nearest !== undefined && match(nearest) ? nearest : undefined
}

export function ipQuery(networks: readonly IpNetwork[]): Query<Buffer> | undefined {
  if (networks.length === 0) return undefined
  const byLength = (length: number): readonly IpNetwork[] =>
    sortAndPrune(
      networks.filter((network) => network.ip.length === length),
      (a, b) => Buffer.compare(a.ip, b.ip) || Buffer.compare(a.mask, b.mask),
      (a, b) => networkContains(a, b.ip) && networkContains(a, lastAddress(b)),
    )
  const sets = { 4: byLength(4), 16: byLength(16) }
  return (ip) => {
    const found = search(
      ip.length === 4 ? sets[4] : sets[16],
      (network) => Buffer.compare(network.ip, ip),
      (network) => networkContains(network, ip),
    )
    return found === undefined ? undefined : networkText(found)
  }
}

function lastAddress(network: IpNetwork): Buffer {
  return Buffer.from(network.ip.map((octet, i) => octet | (~(network.mask[i] ?? 0) & 0xff)))
}

// constraints.go dnsHasSuffix: a leading period asks for a subdomain.
function isSuffix(constraint: string, name: string): boolean {
  if (constraint.length > name.length) return false
  const rest = name.length - constraint.length
  if (!equalFold(constraint, name.slice(rest))) return false
  return constraint.startsWith('.') || rest === 0 || name[rest - 1] === '.'
}

// constraints.go dnsCompare: from the right, letters alike, and the period before everything else.
function compareReversed(a: string, b: string): number {
  for (let i = 1; i <= a.length && i <= b.length; i++) {
    const difference = weight(a.charCodeAt(a.length - i)) - weight(b.charCodeAt(b.length - i))
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function weight(code: number): number {
  if (code === 0x2e) return 0
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code
}

export function dnsQuery(
  constraints: readonly string[],
  permitted: boolean,
  go: GoVersion,
): Query<string> | undefined {
  if (constraints.length === 0) return undefined
  if (constraints.includes('')) return () => ''
  const entries = sortAndPrune(constraints, compareReversed, isSuffix)
  const parents = permitted ? new Map<string, string>() : wildcardParents(entries, go)
  return (name) => {
    const found = search(
      entries,
      (entry) => compareReversed(entry, name),
      (entry) => isSuffix(entry, name),
    )
    if (found !== undefined || !name.startsWith('*')) return found
    return parents.get(withoutFirstLabel(foldFor(name, go)))
  }
}

// CVE-2025-61727: a wildcard name may stand for an excluded one, a label further down.
function wildcardParents(entries: readonly string[], go: GoVersion): Map<string, string> {
  const parents = new Map<string, string>()
  for (const entry of entries) {
    const name = foldFor(entry, go)
    const parent = withoutFirstLabel(name)
    if (parent !== '') parents.set(parent, name)
  }
  return parents
}

// CVE-2026-33810: letter case counted in 1.26.0 and 1.26.1.
function foldFor(name: string, go: GoVersion): string {
  return goAtLeast(go, 26, 2) ? lowerAscii(name) : name
}

function withoutFirstLabel(name: string): string {
  const period = name.indexOf('.')
  return period < 0 ? '' : name.slice(period)
}

export function emailQuery(
  constraints: readonly string[],
  permitted: boolean,
  go: GoVersion,
): Query<Mailbox> | undefined {
  if (constraints.length === 0) return undefined
  const domains = dnsQuery(
    constraints.filter((constraint) => !constraint.includes('@')),
    permitted,
    go,
  )
  const exact = new Set<string>()
  for (const constraint of constraints) {
    const mailbox = constraint.includes('@') ? parseMailbox(constraint, go) : undefined
    if (mailbox !== undefined) exact.add(address(mailbox))
  }
  return (mailbox) => (exact.has(address(mailbox)) ? address(mailbox) : domains?.(mailbox.domain))
}

function address(mailbox: Mailbox): string {
  return `${mailbox.local}@${lowerAscii(mailbox.domain)}`
}
