import { parseAlternativeNames, type AlternativeName } from './alternative-names.ts'
import { DerReader, contextTag, tag } from './der.ts'
import { goAtLeast, takesPaddedOids, type GoVersion } from './go-version.ts'
import { quote } from './go-text.ts'
import { parseNameConstraints, type NameConstraints } from './name-constraints.ts'
import { need, refuse } from './parse-error.ts'
import {
  certificatePolicies,
  inhibitAnyPolicy,
  policyConstraints,
  policyMappings,
} from './policy-extensions.ts'

export interface Extension {
  readonly oid: string
  readonly critical: boolean
  readonly value: Buffer
}

/** What the extensions say, in Go's reading of them. */
export interface ExtensionFacts {
  keyUsageBits: number
  basicConstraintsValid: boolean
  isCA: boolean
  /** -1: none. */
  maxPathLength: number
  alternativeNames: readonly AlternativeName[]
  nameConstraints?: NameConstraints
  extKeyUsages: readonly string[]
  subjectKeyId: Buffer
  authorityKeyId: Buffer
  caIssuers: string[]
  ocspServers: string[]
  /** Content octets of the OIDs, in hexadecimal. */
  policies: readonly string[]
  policyMappings: readonly { readonly issuer: string; readonly subject: string }[]
  requireExplicitPolicy?: number
  inhibitPolicyMapping?: number
  inhibitAnyPolicy?: number
  unhandledCritical: string[]
}

/** parser.go parseExtension and the duplicate check of parseCertificate (RFC 5280 4.2). */
export function readExtensions(list: DerReader, go: GoVersion): readonly Extension[] {
  const seen = new Set<string>()
  const extensions: Extension[] = []
  while (!list.empty) {
    const der = need(list.enter(tag.sequence), 'x509: malformed extension')
    const oid = need(der.oid(takesPaddedOids(go)), 'x509: malformed extension OID field')
    const marked = der.peek(tag.boolean)
    const critical = marked && need(der.boolean(), 'x509: malformed extension critical field')
    const value = need(der.read(tag.octetString), 'x509: malformed extension value field')
    if (seen.has(oid) && goAtLeast(go, 19)) refuse(duplicateText(oid, go))
    seen.add(oid)
    extensions.push({ oid, critical, value })
  }
  return extensions
}

function duplicateText(oid: string, go: GoVersion): string {
  const named = goAtLeast(go, 24)
  return `x509: certificate contains duplicate extension${named ? ` with OID ${quote(oid)}` : 's'}`
}

type Handler = (facts: ExtensionFacts, extension: Extension, go: GoVersion) => boolean | undefined

/** parser.go processExtensions: a handler that answers false leaves a critical extension unhandled. */
const handlers: Readonly<Record<string, Handler>> = {
  '2.5.29.15': keyUsage,
  '2.5.29.19': basicConstraints,
  '2.5.29.17': subjectAltName,
  '2.5.29.30': (facts, { value }, go) => {
    facts.nameConstraints = parseNameConstraints(value, go)
    return !facts.nameConstraints.unhandled
  },
  '2.5.29.31': (_, { value }) => {
    crlDistributionPoints(value)
    return true
  },
  '2.5.29.35': authorityKeyIdentifier,
  '2.5.29.36': policyConstraints,
  '2.5.29.37': extKeyUsage,
  '2.5.29.14': subjectKeyIdentifier,
  '2.5.29.32': certificatePolicies,
  '2.5.29.33': policyMappings,
  '2.5.29.54': inhibitAnyPolicy,
  '1.3.6.1.5.5.7.1.1': authorityInfoAccess,
}

export function readFacts(extensions: readonly Extension[], go: GoVersion): ExtensionFacts {
  const facts = noFacts()
  for (const extension of extensions) {
    const handled = handlers[extension.oid]?.(facts, extension, go) ?? false
    if (extension.critical && !handled) facts.unhandledCritical.push(extension.oid)
  }
  return facts
}

function noFacts(): ExtensionFacts {
  return {
    keyUsageBits: 0,
    basicConstraintsValid: false,
    isCA: false,
    maxPathLength: -1,
    alternativeNames: [],
    extKeyUsages: [],
    subjectKeyId: Buffer.alloc(0),
    authorityKeyId: Buffer.alloc(0),
    caIssuers: [],
    ocspServers: [],
    policies: [],
    policyMappings: [],
    unhandledCritical: [],
  }
}

function keyUsage(facts: ExtensionFacts, { value }: Extension): boolean {
  const { bytes } = need(new DerReader(value).bitString(), 'x509: invalid key usage')
  for (let bit = 0; bit < 9; bit++) {
    if (((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0) facts.keyUsageBits |= 1 << bit
  }
  return true
}

function basicConstraints(facts: ExtensionFacts, { value }: Extension, go: GoVersion): boolean {
  const complaint = (site: string): string =>
    `x509: invalid basic constraints${goAtLeast(go, 22) ? '' : ` ${site}`}`
  const der = need(new DerReader(value).enter(tag.sequence), complaint('a'))
  facts.isCA = der.peek(tag.boolean) && need(der.boolean(), complaint('b'))
  if (der.peek(tag.integer)) {
    const length = need(der.int64(), complaint('c'))
    if (length < 0n && goAtLeast(go, 25)) refuse(complaint('c'))
    facts.maxPathLength = Number(length)
  }
  facts.basicConstraintsValid = true
  return true
}

function subjectAltName(facts: ExtensionFacts, { value }: Extension, go: GoVersion): boolean {
  facts.alternativeNames = parseAlternativeNames(value, go)
  return facts.alternativeNames.length > 0
}

// The names are of no use to a verdict, their form is.
function crlDistributionPoints(value: Buffer): void {
  const invalid = 'x509: invalid CRL distribution point'
  const points = need(new DerReader(value).enter(tag.sequence), `${invalid}s`)
  while (!points.empty) {
    const point = need(points.enter(tag.sequence), invalid)
    if (!point.peek(contextTag(0, true))) continue
    const names = need(point.enter(contextTag(0, true))?.enter(contextTag(0, true)), invalid)
    while (names.peek(contextTag(6))) need(names.read(contextTag(6)), invalid)
  }
}

// RFC 5280 4.2.1.1, 4.2.1.2 and 4.2.2.1 say MUST NOT be critical; Go insists since 1.23.
function refuseCritical(extension: Extension, what: string, go: GoVersion): void {
  if (extension.critical && goAtLeast(go, 23)) refuse(`x509: ${what} incorrectly marked critical`)
}

function authorityKeyIdentifier(facts: ExtensionFacts, extension: Extension, go: GoVersion): boolean {
  refuseCritical(extension, 'authority key identifier', go)
  const invalid = 'x509: invalid authority key identifier'
  const der = need(new DerReader(extension.value).enter(tag.sequence), invalid)
  if (der.peek(contextTag(0))) facts.authorityKeyId = need(der.read(contextTag(0)), invalid)
  return true
}

function subjectKeyIdentifier(facts: ExtensionFacts, extension: Extension, go: GoVersion): boolean {
  refuseCritical(extension, 'subject key identifier', go)
  const der = new DerReader(extension.value)
  facts.subjectKeyId = need(der.read(tag.octetString), 'x509: invalid subject key identifier')
  return true
}

function authorityInfoAccess(facts: ExtensionFacts, extension: Extension, go: GoVersion): boolean {
  refuseCritical(extension, 'authority info access', go)
  const invalid = 'x509: invalid authority info access'
  const der = need(new DerReader(extension.value).enter(tag.sequence), invalid)
  while (!der.empty) {
    const description = need(der.enter(tag.sequence), invalid)
    const method = need(description.oid(takesPaddedOids(go)), invalid)
    if (!description.peek(contextTag(6))) continue
    const url = need(description.read(contextTag(6)), invalid).toString('latin1')
    if (method === '1.3.6.1.5.5.7.48.1') facts.ocspServers.push(url)
    if (method === '1.3.6.1.5.5.7.48.2') facts.caIssuers.push(url)
  }
  return true
}

function extKeyUsage(facts: ExtensionFacts, { value }: Extension, go: GoVersion): boolean {
  const invalid = 'x509: invalid extended key usages'
  const der = need(new DerReader(value).enter(tag.sequence), invalid)
  const usages: string[] = []
  while (!der.empty) usages.push(need(der.oid(takesPaddedOids(go)), invalid))
  facts.extKeyUsages = usages
  return true
}
