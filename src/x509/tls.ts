import { tryParseCertificate, type Certificate } from './certificate.ts'
import { goAtLeast, goHasFix, newestGo, type GoVersion } from './go-version.ts'

export type SentChain =
  | { readonly ok: true; readonly certificates: readonly Certificate[] }
  | {
      readonly ok: false
      readonly kind: 'malformed-certificate' | 'weak-key' | 'no-certificate'
      /** Go's text, whole: no verification prefix belongs before it. */
      readonly message: string
      /** Position in the list as sent. */
      readonly index: number
    }

/**
 * crypto/tls handshake_client.go verifyServerCertificate, the part before Verify: one certificate that does
 * not parse, wherever it stands, ends the handshake; so does an RSA key that takes too long to check.
 */
export function checkSentChain(raw: readonly Uint8Array[], go: GoVersion = newestGo): SentChain {
  if (raw.length === 0) {
    return {
      ok: false,
      kind: 'no-certificate',
      message: 'tls: received empty certificates message',
      index: 0,
    }
  }
  const certificates: Certificate[] = []
  for (const [index, der] of raw.entries()) {
    const certificate = tryParseCertificate(der, go)
    if (certificate instanceof Error) {
      const message = `tls: failed to parse certificate from server: ${certificate.message}`
      return { ok: false, kind: 'malformed-certificate', message, index }
    }
    const { algorithm, bits = 0 } = certificate.publicKey
    if (algorithm === 'RSA' && bits > maxRsaBits(go)) {
      const message = `tls: server sent certificate containing RSA key larger than ${maxRsaBits(go)} bits`
      return { ok: false, kind: 'weak-key', message, index }
    }
    certificates.push(certificate)
  }
  return { ok: true, certificates }
}

// CVE-2023-29409, in 1.21 from the start and in 1.19.12 and 1.20.7.
function maxRsaBits(go: GoVersion): number {
  return goHasFix(go, '19.12', '20.7') ? 8192 : Number.POSITIVE_INFINITY
}

/** What Go says of a server whose own key is of no use in a handshake, in spite of a valid chain. */
export function leafKeyFailure(leaf: Certificate, go: GoVersion = newestGo): string | undefined {
  const { algorithm, bits = 0 } = leaf.publicKey
  switch (algorithm) {
    case 'RSA': {
      if (bits >= 1024 || !goAtLeast(go, 24)) return undefined
      const advice = 'see https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size'
      return `tls: invalid signature by the server certificate: crypto/rsa: ${bits}-bit keys are insecure (${advice})`
    }
    case 'ECDSA':
    case 'Ed25519':
      return undefined
    case 'ML-DSA':
      return undefined
    case 'DSA':
    case 'unknown': {
      const type = algorithm === 'DSA' ? '*dsa.PublicKey' : '<nil>'
      return `tls: server's certificate contains an unsupported type of public key: ${type}`
    }
  }
}
