import { DerReader, contextTag, tag } from './der.ts'
import { goAtLeast, type GoVersion } from './go-version.ts'
import { mlDsaParameters } from './ml-dsa.ts'
import type { AlgorithmIdentifier, KeyAlgorithm } from './public-key.ts'

export type Hash = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512'

export interface SignatureAlgorithm {
  /** Go's x509.SignatureAlgorithm.String. */
  readonly name: string
  readonly key: KeyAlgorithm
  /** Absent where the algorithm hashes by itself. */
  readonly hash?: Hash
  readonly pss?: true
}

const sha1Rsa: SignatureAlgorithm = { name: 'SHA1-RSA', key: 'RSA', hash: 'sha1' }

const algorithms: Readonly<Record<string, SignatureAlgorithm>> = {
  '1.2.840.113549.1.1.4': { name: 'MD5-RSA', key: 'RSA', hash: 'md5' },
  '1.2.840.113549.1.1.5': sha1Rsa,
  '1.3.14.3.2.29': sha1Rsa,
  '1.2.840.113549.1.1.11': { name: 'SHA256-RSA', key: 'RSA', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { name: 'SHA384-RSA', key: 'RSA', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { name: 'SHA512-RSA', key: 'RSA', hash: 'sha512' },
  '1.2.840.10040.4.3': { name: 'DSA-SHA1', key: 'DSA', hash: 'sha1' },
  '2.16.840.1.101.3.4.3.2': { name: 'DSA-SHA256', key: 'DSA', hash: 'sha256' },
  '1.2.840.10045.4.1': { name: 'ECDSA-SHA1', key: 'ECDSA', hash: 'sha1' },
  '1.2.840.10045.4.3.2': { name: 'ECDSA-SHA256', key: 'ECDSA', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { name: 'ECDSA-SHA384', key: 'ECDSA', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { name: 'ECDSA-SHA512', key: 'ECDSA', hash: 'sha512' },
  '1.3.101.112': { name: 'Ed25519', key: 'Ed25519' },
}

const pssHashes: Readonly<Record<string, readonly [Hash, bigint]>> = {
  '2.16.840.1.101.3.4.2.1': ['sha256', 32n],
  '2.16.840.1.101.3.4.2.2': ['sha384', 48n],
  '2.16.840.1.101.3.4.2.3': ['sha512', 64n],
}

/** x509.go getSignatureAlgorithmFromAI; undefined for an algorithm that Go does not know. */
export function signatureAlgorithm(id: AlgorithmIdentifier, go: GoVersion): SignatureAlgorithm | undefined {
  if (id.oid === '1.2.840.113549.1.1.10') return pssAlgorithm(id)
  const known = algorithms[id.oid] ?? mlDsaAlgorithm(id.oid, go)
  // RFC 8410 3 and RFC 9881 2: these must have no parameters; Go does not look at those of the others.
  const bare = known?.key === 'Ed25519' || known?.key === 'ML-DSA'
  return bare && id.parameters !== undefined ? undefined : known
}

function mlDsaAlgorithm(oid: string, go: GoVersion): SignatureAlgorithm | undefined {
  const parameters = mlDsaParameters[oid]
  return parameters && goAtLeast(go, 27) ? { name: parameters.name, key: 'ML-DSA' } : undefined
}

// RFC 4055 3.1: only the three settings with equal hashes, a salt of the hash's length and trailer 1.
function pssAlgorithm(id: AlgorithmIdentifier): SignatureAlgorithm | undefined {
  const fields = new DerReader(id.parameters ?? Buffer.alloc(0)).enter(tag.sequence)
  const hash = hashIdentifier(fields?.enter(contextTag(0, true)))
  const mask = fields?.enter(contextTag(1, true))?.enter(tag.sequence)
  const maskFunction = mask?.oid()
  const maskHash = hashIdentifier(mask)
  const salt = fields?.enter(contextTag(2, true))?.int64()
  const trailer = fields?.peek(contextTag(3, true)) === true ? fields.enter(contextTag(3, true))?.int64() : 1n
  if (hash === undefined || hash !== maskHash || maskFunction !== '1.2.840.113549.1.1.8') return undefined
  const known = pssHashes[hash]
  if (known === undefined || salt !== known[1] || trailer !== 1n) return undefined
  return { name: `${known[0].toUpperCase()}-RSAPSS`, key: 'RSA', hash: known[0], pss: true }
}

function hashIdentifier(der: DerReader | undefined): string | undefined {
  const identifier = der?.enter(tag.sequence)
  const oid = identifier?.oid()
  if (identifier === undefined || oid === undefined) return undefined
  if (identifier.empty) return oid
  return identifier.any()?.full.toString('hex') === '0500' ? oid : undefined
}
