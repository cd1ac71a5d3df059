import { createHash } from 'node:crypto'
import type { AlternativeName } from './alternative-names.ts'
import {
  readExtensionList,
  readKey,
  readName,
  readSignatureAlgorithm,
  readVersion,
} from './certificate-fields.ts'
import { DerReader, rightAlign, signedInteger, tag } from './der.ts'
import { readFacts, type Extension, type ExtensionFacts } from './extensions.ts'
import { goAtLeast, newestGo, type GoVersion } from './go-version.ts'
import { ipText } from './ip.ts'
import type { NameConstraints } from './name-constraints.ts'
import type { Name } from './name.ts'
import { CertificateParseError, accept, need, refuse } from './parse-error.ts'
import type { PublicKey } from './public-key.ts'
import type { SignatureAlgorithm } from './signature-algorithm.ts'
import { readTime } from './time.ts'

const keyUsages = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const

/** RFC 5280 4.2.1.3, in the order of its bits. */
export type KeyUsage = (typeof keyUsages)[number]

/** A certificate as Go's x509.Certificate sees it (RFC 5280 4.1). */
export interface Certificate {
  readonly raw: Buffer
  /** Of the DER, 64 upper-case hexadecimal digits. */
  readonly sha256: string
  /** Of the SubjectPublicKeyInfo, likewise. */
  readonly spkiSha256: string
  readonly version: number
  /** Hexadecimal, as `openssl x509 -serial` prints it. */
  readonly serialNumber: string
  /** Decimal, as Go prints it. */
  readonly serialDecimal: string
  readonly subject: Name
  readonly issuer: Name
  readonly rawSubject: Buffer
  readonly rawIssuer: Buffer
  readonly rawTbs: Buffer
  readonly rawSpki: Buffer
  readonly notBefore: Date
  readonly notAfter: Date
  readonly notBeforeText: string
  readonly notAfterText: string
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
  readonly emailAddresses: readonly string[]
  readonly uris: readonly string[]
  readonly alternativeNames: readonly AlternativeName[]
  /** The extension's value where it is present, even without a name that Go reads. */
  readonly rawAlternativeNames?: Buffer
  readonly isCA: boolean
  readonly basicConstraintsValid: boolean
  readonly maxPathLen?: number
  readonly keyUsage: readonly KeyUsage[]
  /** OIDs. */
  readonly extKeyUsages: readonly string[]
  readonly subjectKeyId?: string
  readonly authorityKeyId?: string
  readonly caIssuers: readonly string[]
  readonly ocspServers: readonly string[]
  readonly nameConstraints?: NameConstraints
  readonly policies: readonly string[]
  readonly policyMappings: ExtensionFacts['policyMappings']
  readonly requireExplicitPolicy?: number
  readonly inhibitPolicyMapping?: number
  readonly inhibitAnyPolicy?: number
  readonly publicKey: PublicKey
  /** Go's name, `0` for one it does not know. */
  readonly signatureAlgorithm: string
  readonly signatureDetails?: SignatureAlgorithm
  readonly signature: Buffer
  readonly selfIssued: boolean
  readonly extensions: readonly Extension[]
  readonly unhandledCriticalExtensions: readonly string[]
  /** The rules it was read by. */
  readonly go: GoVersion
}

/**
 * x509.ParseCertificate: throws CertificateParseError with Go's words, in Go's order of complaint.
 */
export function parseCertificate(der: Uint8Array, go: GoVersion = newestGo): Certificate {
  const bytes = Buffer.from(der.buffer, der.byteOffset, der.byteLength)
  const outer = need(new DerReader(bytes).element(tag.sequence), 'x509: malformed certificate')
  const input = new DerReader(outer.content)
  const tbsElement = need(input.element(tag.sequence), 'x509: malformed tbs certificate')
  const tbs = new DerReader(tbsElement.content)

  const version = readVersion(tbs)
  const serial = need(tbs.integer(), 'x509: malformed serial number')
  if ((serial[0] ?? 0) >= 0x80 && goAtLeast(go, 23)) refuse('x509: negative serial number')
  const algorithm = readSignatureAlgorithm(tbs, input, go)
  const issuer = readName(tbs, go)
  const validity = need(tbs.enter(tag.sequence), 'x509: malformed validity')
  const notBefore = accept(readTime(validity))
  const notAfter = accept(readTime(validity))
  const subject = readName(tbs, go)
  const key = readKey(tbs, go)
  const extensions = readExtensionList(tbs, version, go)
  const facts = readFacts(extensions, go)
  const signature = need(input.bitString(), 'x509: malformed signature')
  if (outer.full.length !== bytes.length) refuse('x509: trailing data')

  return {
    raw: bytes,
    sha256: sha256(bytes),
    spkiSha256: sha256(key.raw),
    version,
    serialNumber: serialHex(serial),
    serialDecimal: signedInteger(serial).toString(),
    subject: subject.name,
    issuer: issuer.name,
    rawSubject: subject.raw,
    rawIssuer: issuer.raw,
    rawTbs: tbsElement.full,
    rawSpki: key.raw,
    notBefore: notBefore.date,
    notAfter: notAfter.date,
    notBeforeText: notBefore.text,
    notAfterText: notAfter.text,
    publicKey: key.key,
    signatureAlgorithm: algorithm?.name ?? '0',
    ...(algorithm === undefined ? {} : { signatureDetails: algorithm }),
    signature: rightAlign(signature),
    selfIssued: subject.raw.equals(issuer.raw),
    extensions,
    ...present(facts, extensions),
    go,
  }
}

/** The outcome of parsing as a value, for callers that must not throw. */
export function tryParseCertificate(
  der: Uint8Array,
  go: GoVersion = newestGo,
): Certificate | CertificateParseError {
  try {
    return parseCertificate(der, go)
  } catch (error) {
    if (error instanceof CertificateParseError) return error
    throw error
  }
}

function present(facts: ExtensionFacts, extensions: readonly Extension[]) {
  const names = facts.alternativeNames
  const texts = (kind: 'dns' | 'email' | 'uri'): readonly string[] =>
    names.flatMap((name) => (name.kind === kind ? [name.text] : []))
  const san = extensions.find((extension) => extension.oid === '2.5.29.17')
  return {
    dnsNames: texts('dns'),
    emailAddresses: texts('email'),
    uris: texts('uri'),
    ipAddresses: names.flatMap((name) => (name.kind === 'ip' ? [ipText(name.ip)] : [])),
    alternativeNames: names,
    ...(san === undefined ? {} : { rawAlternativeNames: san.value }),
    isCA: facts.isCA,
    basicConstraintsValid: facts.basicConstraintsValid,
    ...(facts.maxPathLength < 0 ? {} : { maxPathLen: facts.maxPathLength }),
    keyUsage: keyUsages.filter((_, bit) => (facts.keyUsageBits & (1 << bit)) !== 0),
    extKeyUsages: facts.extKeyUsages,
    ...(facts.subjectKeyId.length === 0 ? {} : { subjectKeyId: facts.subjectKeyId.toString('hex') }),
    ...(facts.authorityKeyId.length === 0 ? {} : { authorityKeyId: facts.authorityKeyId.toString('hex') }),
    caIssuers: facts.caIssuers,
    ocspServers: facts.ocspServers,
    ...(facts.nameConstraints === undefined ? {} : { nameConstraints: facts.nameConstraints }),
    policies: facts.policies,
    policyMappings: facts.policyMappings,
    ...(facts.requireExplicitPolicy === undefined
      ? {}
      : { requireExplicitPolicy: facts.requireExplicitPolicy }),
    ...(facts.inhibitPolicyMapping === undefined ? {} : { inhibitPolicyMapping: facts.inhibitPolicyMapping }),
    ...(facts.inhibitAnyPolicy === undefined ? {} : { inhibitAnyPolicy: facts.inhibitAnyPolicy }),
    unhandledCriticalExtensions: facts.unhandledCritical,
  }
}

function serialHex(serial: Buffer): string {
  const value = signedInteger(serial)
  const digits = (value < 0n ? -value : value).toString(16).toUpperCase()
  return `${value < 0n ? '-' : ''}${digits.length % 2 === 0 ? '' : '0'}${digits}`
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').toUpperCase()
}
