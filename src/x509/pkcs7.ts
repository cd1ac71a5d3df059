import type { asn1 as Asn1 } from 'node-forge'
import { CertificateFileError } from './certificate-file-error.ts'

// The published types know an older form.
type FromDer = (
  octets: string,
  options: { readonly strict: boolean; readonly parseAllBytes: boolean; readonly decodeBitStrings: boolean },
) => Asn1.Asn1

const signedData = '1.2.840.113549.1.7.2'

/**
 * The certificates of a degenerate SignedData (RFC 5652 5.1, the .p7c of RFC 5280 4.2.2.1), in order, as DER.
 * Such files may be BER, which our own reader refuses: hence node-forge, loaded when one turns up. Its
 * certificate parser knows RSA only, so the octets are taken from its tree as they are.
 */
export async function certificatesFromPkcs7(der: Uint8Array): Promise<Buffer[]> {
  const { default: forge } = await import('node-forge')
  const { asn1 } = forge
  try {
    const octets = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('latin1')
    const fromDer = asn1.fromDer as unknown as FromDer
    const tree = fromDer(octets, { strict: false, parseAllBytes: false, decodeBitStrings: false })
    const certificates = certificateSet(tree, asn1)
    return certificates.map((element) => Buffer.from(asn1.toDer(element).getBytes(), 'latin1'))
  } catch (error) {
    if (error instanceof CertificateFileError) throw error
    throw new CertificateFileError('damaged', 'it is no PKCS#7 file that can be read', { cause: error })
  }
}

function certificateSet(contentInfo: Asn1.Asn1, asn1: typeof Asn1): readonly Asn1.Asn1[] {
  const [type, content] = children(contentInfo)
  const oid = type?.type === asn1.Type.OID && typeof type.value === 'string' ? asn1.derToOid(type.value) : ''
  if (content === undefined || oid !== signedData) {
    throw new CertificateFileError('damaged', 'it is a PKCS#7 file of another kind than signed data')
  }
  const fields = children(children(content)[0])
  // certificates [0] IMPLICIT; the digest algorithms and the content before it are universal.
  const set = fields.find(
    (field) => field.tagClass === asn1.Class.CONTEXT_SPECIFIC && (field.type as number) === 0,
  )
  return children(set).filter(
    (child) => child.tagClass === asn1.Class.UNIVERSAL && child.type === asn1.Type.SEQUENCE,
  )
}

function children(element: Asn1.Asn1 | undefined): readonly Asn1.Asn1[] {
  return Array.isArray(element?.value) ? element.value : []
}
