import { DerReader, contextTag, tag } from './der.ts'
import { readExtensions, type Extension } from './extensions.ts'
import type { GoVersion } from './go-version.ts'
import { parseName, type Name } from './name.ts'
import { accept, need, refuse } from './parse-error.ts'
import { parsePublicKey, readAlgorithm, type PublicKey } from './public-key.ts'
import { signatureAlgorithm, type SignatureAlgorithm } from './signature-algorithm.ts'

// The fields of a TBSCertificate (RFC 5280 4.1.2) as parser.go parseCertificate reads them, each with its complaint.

export function readVersion(tbs: DerReader): number {
  const expected = contextTag(0, true)
  if (!tbs.peek(expected)) return 1
  const der = tbs.enter(expected)
  const version = der?.int64()
  if (der?.empty !== true || version === undefined || version < 0n) {
    return refuse('x509: malformed version')
  }
  // RFC 5280 4.1.2.1 counts from 0; the largest number wraps in Go's int, and passes.
  const counted = BigInt.asIntN(64, version + 1n)
  return counted > 3n ? refuse('x509: invalid version') : Number(counted)
}

export function readSignatureAlgorithm(
  tbs: DerReader,
  input: DerReader,
  go: GoVersion,
): SignatureAlgorithm | undefined {
  const inner = need(tbs.read(tag.sequence), 'x509: malformed signature algorithm identifier')
  const outer = need(input.read(tag.sequence), 'x509: malformed algorithm identifier')
  if (!inner.equals(outer)) refuse("x509: inner and outer signature algorithm identifiers don't match")
  return signatureAlgorithm(accept(readAlgorithm(new DerReader(inner), go)), go)
}

export function readName(tbs: DerReader, go: GoVersion): { readonly raw: Buffer; readonly name: Name } {
  // Go says issuer of the subject, too.
  const { full } = need(tbs.element(tag.sequence), 'x509: malformed issuer')
  return { raw: full, name: accept(parseName(full, go)) }
}

export function readKey(tbs: DerReader, go: GoVersion): { readonly raw: Buffer; readonly key: PublicKey } {
  const { full, content } = need(tbs.element(tag.sequence), 'x509: malformed spki')
  const spki = new DerReader(content)
  const identifier = need(spki.enter(tag.sequence), 'x509: malformed public key algorithm identifier')
  const algorithm = accept(readAlgorithm(identifier, go))
  const bits = need(spki.bitString(), 'x509: malformed subjectPublicKey')
  return { raw: full, key: accept(parsePublicKey(algorithm, bits, go)) }
}

export function readExtensionList(tbs: DerReader, version: number, go: GoVersion): readonly Extension[] {
  if (version < 2) return []
  skip(tbs, contextTag(1), 'x509: malformed issuerUniqueID')
  skip(tbs, contextTag(2), 'x509: malformed subjectUniqueID')
  if (version < 3 || !tbs.peek(contextTag(3, true))) return []
  const list = tbs.enter(contextTag(3, true))?.enter(tag.sequence)
  return readExtensions(need(list, 'x509: malformed extensions'), go)
}

function skip(tbs: DerReader, expected: number, complaint: string): void {
  if (tbs.peek(expected)) need(tbs.any(), complaint)
}
