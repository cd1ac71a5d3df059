import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { asn1 as Asn1 } from 'node-forge'
import { CertificateFileError } from './certificate-file-error.ts'

export interface Pkcs12 {
  /** DER, in the order of the file. */
  readonly certificates: readonly Buffer[]
  readonly keys: readonly KeyObject[]
}

/**
 * The certificates and keys of a PKCS#12 file (RFC 7292), in the encodings of old and new OpenSSL, Windows and macOS.
 * @throws CertificateFileError `password` where the password does not fit, `damaged` for anything else
 */
export async function readPkcs12(bytes: Uint8Array, password: string): Promise<Pkcs12> {
  const { default: forge } = await import('node-forge')
  const { asn1, pkcs12, pki } = forge
  const der = (tree: Asn1.Asn1): Buffer => Buffer.from(asn1.toDer(tree).getBytes(), 'latin1')
  const octets = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  try {
    const file = pkcs12.pkcs12FromAsn1(asn1.fromDer(octets), false, password)
    const bags = file.safeContents.flatMap((content) => content.safeBags)
    // What forge cannot parse (anything but RSA) it hands on as its tree.
    const certificates = bags
      .filter((bag) => bag.type === pki.oids['certBag'])
      .map((bag) => der(bag.cert ? pki.certificateToAsn1(bag.cert) : bag.asn1))
    const keys = bags
      .filter((bag) => bag.type === pki.oids['keyBag'] || bag.type === pki.oids['pkcs8ShroudedKeyBag'])
      .map((bag) => {
        const type = bag.key ? 'pkcs1' : 'pkcs8'
        const tree = bag.key ? pki.privateKeyToAsn1(bag.key) : bag.asn1
        return createPrivateKey({ key: der(tree), format: 'der', type })
      })
    return { certificates, keys }
  } catch (error) {
    const wrong = error instanceof Error && /password/i.test(error.message)
    throw wrong
      ? new CertificateFileError('password', 'its password is another one', { cause: error })
      : new CertificateFileError('damaged', 'it is no PKCS#12 file that can be read', { cause: error })
  }
}
