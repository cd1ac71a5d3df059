import { constants, createPublicKey, verify as verifySignature, type KeyObject } from 'node:crypto'
import type { Certificate } from './certificate.ts'
import { goAtLeast, newestGo, type GoVersion } from './go-version.ts'
import { mlDsaFault } from './ml-dsa.ts'
import type { PublicKey } from './public-key.ts'
import type { SignatureAlgorithm } from './signature-algorithm.ts'

/** Longer keys are never tried: OpenSSL refuses them too, and no CA in use comes near. */
const maxRsaBits = 16384

/**
 * x509.go CheckSignatureFrom: Go's complaint, or undefined when `parent` may sign and did sign `child`.
 */
export function checkSignatureFrom(
  child: Certificate,
  parent: Certificate,
  go: GoVersion,
): string | undefined {
  const noAuthority = parent.basicConstraintsValid ? !parent.isCA : parent.version === 3
  const noSigning = parent.keyUsage.length > 0 && !parent.keyUsage.includes('keyCertSign')
  if (noAuthority || noSigning) {
    return 'x509: invalid signature: parent certificate cannot sign this kind of certificate'
  }
  return checkSignature(child, parent, go)
}

const unimplemented = 'x509: cannot verify signature: algorithm unimplemented'

const goTypes: Readonly<Partial<Record<PublicKey['algorithm'], string>>> = {
  RSA: '*rsa.PublicKey',
  ECDSA: '*ecdsa.PublicKey',
  Ed25519: 'ed25519.PublicKey',
  'ML-DSA': '*mldsa.PublicKey',
}

// x509.go checkSignature: the algorithm first, then the key, then the arithmetic.
function checkSignature(child: Certificate, parent: Certificate, go: GoVersion): string | undefined {
  const algorithm = child.signatureDetails
  const key = parent.publicKey
  if (key.algorithm === 'unknown' || algorithm === undefined) return unimplemented
  if (algorithm.hash === 'md5') return insecure(algorithm, '')
  if (algorithm.hash === 'sha1' && goAtLeast(go, 18)) return insecure(algorithm, sha1Escape(algorithm, go))
  const type = goTypes[key.algorithm]
  if (type === undefined) return unimplemented
  if (key.algorithm !== algorithm.key) {
    return `x509: signature algorithm specifies an ${algorithm.key} public key, but have public key of type ${type}`
  }
  const weakness = key.algorithm === 'RSA' ? rsaWeakness(key, go) : undefined
  if (weakness !== undefined) return weakness
  const own = key.mlDsa?.parameters.name
  if (own !== undefined && own !== algorithm.name) {
    return `x509: signature algorithm specifies an ML-DSA public key with ${algorithm.name} parameters, but have a public key with ${own} parameters`
  }
  return signatureFault(child, parent, algorithm)
}

const failures: Readonly<Partial<Record<PublicKey['algorithm'], string>>> = {
  RSA: 'crypto/rsa: verification error',
  ECDSA: 'x509: ECDSA verification failure',
  Ed25519: 'x509: Ed25519 verification failure',
}

function insecure(algorithm: SignatureAlgorithm, escape: string): string {
  return `x509: cannot verify signature: insecure algorithm ${algorithm.name}${escape}`
}

function sha1Escape(algorithm: SignatureAlgorithm, go: GoVersion): string {
  const escapable = algorithm.key !== 'DSA' && !goAtLeast(go, 24)
  return escapable ? ' (temporarily override with GODEBUG=x509sha1=1)' : ''
}

/** crypto/rsa's own refusals of a key, before it calculates (checkKeySize, checkPublicKey). */
export function rsaWeakness(key: PublicKey, go: GoVersion): string | undefined {
  if (!goAtLeast(go, 24)) return undefined
  const bits = key.bits ?? 0
  if (bits < 1024) {
    const advice = 'see https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size'
    return `crypto/rsa: ${bits}-bit keys are insecure (${advice})`
  }
  const exponent = key.exponent ?? 0n
  if (exponent < 2n) return 'crypto/rsa: public exponent too small or negative'
  if ((exponent & 1n) === 0n) return 'crypto/rsa: public exponent is even'
  return exponent > 2n ** 31n - 1n ? 'crypto/rsa: public exponent too large' : undefined
}

const cacheSize = 1000
const keys = new Map<string, KeyObject | undefined>()
const faults = new Map<string, string | undefined>()

// createPublicKey costs more than most checks, and the same pairs come up again for every consumer.
function remember<T>(cache: Map<string, T>, name: string, make: () => T): T {
  const known = cache.get(name)
  if (known !== undefined || cache.has(name)) return known as T
  if (cache.size >= cacheSize) cache.clear()
  const made = make()
  cache.set(name, made)
  return made
}

// Go's complaint about the arithmetic; the algorithm fits the key.
function signatureFault(
  child: Certificate,
  parent: Certificate,
  algorithm: SignatureAlgorithm,
): string | undefined {
  const { publicKey: own } = parent
  if (own.algorithm === 'RSA' && (own.bits ?? 0) > maxRsaBits) return failures.RSA
  return remember(faults, `${child.sha256}${parent.spkiSha256}`, () => {
    if (own.mlDsa !== undefined) {
      const fault = mlDsaFault(own.mlDsa, child.rawTbs, child.signature)
      return fault === undefined ? undefined : `x509: ML-DSA verification failure: ${fault}`
    }
    const key = remember(keys, parent.spkiSha256, () => publicKey(parent))
    return key !== undefined && calculates(child, key, algorithm)
      ? undefined
      : (failures[algorithm.key] ?? unimplemented)
  })
}

function publicKey(parent: Certificate): KeyObject | undefined {
  try {
    return createPublicKey({ key: parent.rawSpki, format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

function calculates(child: Certificate, key: KeyObject, algorithm: SignatureAlgorithm): boolean {
  const padding =
    algorithm.pss === true
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : {}
  try {
    return verifySignature(algorithm.hash ?? null, child.rawTbs, { key, ...padding }, child.signature)
  } catch {
    return false
  }
}

/** Whether `parent`'s key made `child`'s signature, by an algorithm and a key that Go trusts. */
export function isSignedBy(child: Certificate, parent: Certificate, go: GoVersion = newestGo): boolean {
  return checkSignature(child, parent, go) === undefined
}

/** RFC 5280 3.2: issued to itself and signed with its own key, whatever the algorithm is worth today. */
export function isSelfSigned(certificate: Certificate): boolean {
  const algorithm = certificate.signatureDetails
  if (!certificate.selfIssued || algorithm?.key !== certificate.publicKey.algorithm) return false
  return signatureFault(certificate, certificate, algorithm) === undefined
}
