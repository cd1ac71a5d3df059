import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { tryParseCertificate, type Certificate } from './certificate.ts'
import { CertificateFileError } from './certificate-file-error.ts'
import { extKeyUsageOids } from './key-usage.ts'
import { encodePem, readPem } from './pem.ts'
import { readPkcs12 } from './pkcs12.ts'
import { isSelfSigned, isSignedBy } from './signature.ts'
import { day } from './words.ts'

/** A client certificate with its key, as mutual TLS wants them: checked to belong together. */
export interface ClientPair {
  readonly leaf: Certificate
  /** The leaf, then its issuers as far as they were given. */
  readonly chain: readonly Certificate[]
  /** The chain in PEM. */
  readonly certificatePem: string
  /** PKCS#8, without a password: engines ask for none. */
  readonly keyPem: string
}

/**
 * `--client-cert` and `--client-key`: PEM with the leaf first, or DER; a key in PEM or DER, with a password or without.
 * @throws CertificateFileError
 */
export function readPair(certificate: Uint8Array, key: Uint8Array, password?: string): ClientPair {
  const blocks = [...readPem(certificate)].filter(({ label }) => label === 'CERTIFICATE')
  const ders = blocks.length > 0 ? blocks.map(({ bytes }) => bytes) : [Buffer.from(certificate)]
  return pairOf(ders, [readKey(key, password)])
}

/** `--client-p12`. @throws CertificateFileError */
export async function readPairFile(bytes: Uint8Array, password: string): Promise<ClientPair> {
  const { certificates, keys } = await readPkcs12(bytes, password)
  if (keys.length === 0) throw new CertificateFileError('unknown', 'it holds no private key')
  return pairOf(certificates, keys)
}

function readKey(bytes: Uint8Array, passphrase: string | undefined): KeyObject {
  const buffer = Buffer.from(bytes)
  const pem = buffer.includes('-----BEGIN ')
  const forms = pem
    ? [{ format: 'pem' } as const]
    : (['pkcs8', 'pkcs1', 'sec1'] as const).map((type) => ({ format: 'der', type }) as const)
  for (const form of forms) {
    try {
      return createPrivateKey({ key: buffer, ...form, ...(passphrase === undefined ? {} : { passphrase }) })
    } catch {
      continue
    }
  }
  if (pem && buffer.includes('ENCRYPTED')) {
    const why = passphrase === undefined ? 'the key is encrypted' : 'the password of the key is another one'
    throw new CertificateFileError('password', why)
  }
  throw new CertificateFileError('damaged', 'it holds no private key that can be read')
}

function pairOf(ders: readonly Buffer[], keys: readonly KeyObject[]): ClientPair {
  const certificates = ders.map((der) => {
    const parsed = tryParseCertificate(der)
    if (!(parsed instanceof Error)) return parsed
    throw new CertificateFileError('refused', `Go refuses a certificate in it: ${parsed.message}`)
  })
  for (const leaf of certificates) {
    const own = new X509Certificate(leaf.raw)
    const key = keys.find((candidate) => own.checkPrivateKey(candidate))
    if (key === undefined) continue
    const chain = [leaf, ...issuersOf(leaf, certificates)]
    return {
      leaf,
      chain,
      certificatePem: chain.map(({ raw }) => encodePem(raw)).join(''),
      keyPem: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    }
  }
  if (certificates.length === 0) throw new CertificateFileError('unknown', 'it holds no certificate')
  throw new CertificateFileError('mismatch', 'the key belongs to no certificate of the file')
}

/** In order, a self-signed root left out: servers have it. */
function issuersOf(leaf: Certificate, others: readonly Certificate[]): readonly Certificate[] {
  const chain: Certificate[] = []
  let child = leaf
  for (;;) {
    const issuer = others.find(
      (other) => other !== child && !chain.includes(other) && isSignedBy(child, other),
    )
    if (issuer === undefined || isSelfSigned(issuer)) return chain
    chain.push(issuer)
    child = issuer
  }
}

/** Why no server would take the certificate at this time, whatever it trusts; undefined where nothing is wrong. */
export function clientFault({ leaf }: ClientPair, at: Date): string | undefined {
  if (at > leaf.notAfter) return `it has expired on ${day(leaf.notAfter)}`
  if (at < leaf.notBefore) return `it is not valid before ${day(leaf.notBefore)}`
  const usages = leaf.extKeyUsages
  const fit = usages.length === 0 || usages.some((oid) => CLIENT_USAGES.has(oid))
  return fit ? undefined : 'it is not meant for TLS clients (no clientAuth among its extended key usages)'
}

const CLIENT_USAGES: ReadonlySet<string> = new Set([extKeyUsageOids.clientAuth, extKeyUsageOids.any])
