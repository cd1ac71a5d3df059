import { DerReader, rightAlign, tag } from './der.ts'
import { goAtLeast, takesPaddedOids, type GoVersion } from './go-version.ts'
import { curves, pointFault } from './curves.ts'
import { mlDsaParameters, type MlDsaKey } from './ml-dsa.ts'

export type KeyAlgorithm = 'RSA' | 'DSA' | 'ECDSA' | 'Ed25519' | 'ML-DSA' | 'unknown'

export interface PublicKey {
  readonly algorithm: KeyAlgorithm
  /** Of the modulus or of the curve. */
  readonly bits?: number
  readonly curve?: string
  /** RSA only. */
  readonly exponent?: bigint
  readonly oddModulus?: boolean
  readonly mlDsa?: MlDsaKey
}

export interface AlgorithmIdentifier {
  readonly oid: string
  /** The whole element; absent when there is none. */
  readonly parameters?: Buffer
}

/** parser.go parseAI. */
export function readAlgorithm(der: DerReader, go: GoVersion): AlgorithmIdentifier | string {
  const oid = der.oid(takesPaddedOids(go))
  if (oid === undefined) return 'x509: malformed OID'
  if (der.empty) return { oid }
  const parameters = der.any()
  return parameters === undefined ? 'x509: malformed parameters' : { oid, parameters: parameters.full }
}

/** parser.go parsePublicKey (RFC 3279 2.3, RFC 5480, RFC 8410): a string is Go's reason against it. */
export function parsePublicKey(
  id: AlgorithmIdentifier,
  bits: { readonly bytes: Buffer; readonly unused: number },
  go: GoVersion,
): PublicKey | string {
  const data = rightAlign(bits)
  switch (id.oid) {
    case '1.2.840.113549.1.1.1':
      return parseRsa(id, data)
    case '1.2.840.10045.2.1':
      return parseEcdsa(id, data, go)
    case '1.3.101.112':
      if (id.parameters !== undefined) return 'x509: Ed25519 key encoded with illegal parameters'
      return data.length === 32 ? { algorithm: 'Ed25519', bits: 256 } : 'x509: wrong Ed25519 public key size'
    case '1.2.840.10040.4.1':
      return parseDsa(id, data)
    // X25519 is unknown, too: parser.go can read it, but is never asked to.
    default:
      return goAtLeast(go, 27) ? parseMlDsa(id, data) : { algorithm: 'unknown' }
  }
}

function parseRsa(id: AlgorithmIdentifier, data: Buffer): PublicKey | string {
  if (id.parameters?.toString('hex') !== '0500') return 'x509: RSA key missing NULL parameters'
  const der = new DerReader(data).enter(tag.sequence)
  if (der === undefined) return 'x509: invalid RSA public key'
  const modulus = der.integer()
  if (modulus === undefined) return 'x509: invalid RSA modulus'
  const exponent = der.int64()
  if (exponent === undefined) return 'x509: invalid RSA public exponent'
  if (!isPositive(modulus)) return 'x509: RSA modulus is not a positive number'
  if (exponent <= 0n) return 'x509: RSA public exponent is not a positive number'
  return {
    algorithm: 'RSA',
    bits: bitLength(modulus),
    exponent,
    oddModulus: ((modulus.at(-1) ?? 0) & 1) === 1,
  }
}

function parseEcdsa(id: AlgorithmIdentifier, data: Buffer, go: GoVersion): PublicKey | string {
  const oid = id.parameters === undefined ? undefined : new DerReader(id.parameters).oid(takesPaddedOids(go))
  if (oid === undefined) return 'x509: invalid ECDSA parameters'
  const curve = curves[oid]
  if (curve === undefined) return 'x509: unsupported elliptic curve'
  const fault = pointFault(curve, data)
  if (fault === undefined) return { algorithm: 'ECDSA', bits: curve.bits, curve: curve.name }
  return goAtLeast(go, 26) ? fault : 'x509: failed to unmarshal elliptic curve point'
}

function parseDsa(id: AlgorithmIdentifier, data: Buffer): PublicKey | string {
  const y = new DerReader(data).integer()
  if (y === undefined) return 'x509: invalid DSA public key'
  const parameters = new DerReader(id.parameters ?? Buffer.alloc(0)).enter(tag.sequence)
  const p = parameters?.integer()
  const q = parameters?.integer()
  const g = parameters?.integer()
  if (p === undefined || q === undefined || g === undefined) return 'x509: invalid DSA parameters'
  if (![y, p, q, g].every(isPositive)) return 'x509: zero or negative DSA parameter'
  return { algorithm: 'DSA', bits: bitLength(p) }
}

function parseMlDsa(id: AlgorithmIdentifier, octets: Buffer): PublicKey | string {
  const parameters = mlDsaParameters[id.oid]
  if (parameters === undefined) return { algorithm: 'unknown' }
  if (id.parameters !== undefined) return 'x509: ML-DSA key encoded with illegal parameters'
  if (octets.length !== parameters.keySize) return 'mldsa: invalid public key length'
  return { algorithm: 'ML-DSA', mlDsa: { parameters, octets } }
}

function isPositive(content: Buffer): boolean {
  return (content[0] ?? 0) < 0x80 && content.some((octet) => octet !== 0)
}

// Not by way of BigInt: a key may be as long as the whole file.
function bitLength(content: Buffer): number {
  const first = content.findIndex((octet) => octet !== 0)
  return first < 0 ? 0 : 8 * (content.length - first) - Math.clz32(content[first] ?? 0) + 24
}
