import { parseCertificate, type Certificate } from './certificate.ts'
import { CertificateFileError } from './certificate-file-error.ts'
import { DerReader, tag } from './der.ts'
import { CertificateParseError } from './parse-error.ts'
import { certificatesFromPkcs7 } from './pkcs7.ts'

/**
 * The certificates of a file that a person names: PEM with one or many, DER, or PKCS#7 in either dress.
 * More forgiving than Go where form is concerned, as what is written later is our own encoding; a private
 * key is refused, for it has no business in a file that is about to be handed around.
 */
export async function readCertificates(bytes: Uint8Array): Promise<readonly Certificate[]> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = decodeText(buffer)
  if (text.trim() === '') throw new CertificateFileError('empty', 'it is empty')
  const found = text.includes('-----BEGIN ') ? await fromPem(text) : await fromDer(buffer)
  return found.map(parse)
}

// Notepad's UTF-16 is told by its byte order mark.
function decodeText(buffer: Buffer): string {
  return buffer[0] === 0xff && buffer[1] === 0xfe ? buffer.toString('utf16le') : buffer.toString('latin1')
}

const block = /-----BEGIN ([^\r\n-]+)-----([^-]*)-----END \1-----/g

async function fromPem(text: string): Promise<readonly Buffer[]> {
  if (/-----BEGIN [^\r\n-]*PRIVATE KEY-----/.test(text)) {
    throw new CertificateFileError(
      'private-key',
      'it holds a private key; give a file with the certificate only',
    )
  }
  const found: Buffer[] = []
  for (const [, label = '', body = ''] of text.matchAll(block)) {
    const der = Buffer.from(body.replace(/^[^\r\n]*:[^\r\n]*$/gm, ''), 'base64')
    if (label === 'PKCS7' || label === 'CMS') found.push(...(await certificatesFromPkcs7(der)))
    else if (/^(?:X509 |TRUSTED )?CERTIFICATE$/.test(label)) found.push(firstElement(der))
  }
  if (found.length === 0) throw new CertificateFileError('unknown', 'no PEM block in it is a certificate')
  return found
}

// OpenSSL's TRUSTED CERTIFICATE appends its own settings to the certificate.
function firstElement(der: Buffer): Buffer {
  return new DerReader(der).element(tag.sequence)?.full ?? der
}

async function fromDer(buffer: Buffer): Promise<readonly Buffer[]> {
  if (buffer[0] !== tag.sequence) throw new CertificateFileError('unknown', 'it is neither PEM nor DER')
  const inside = new DerReader(buffer).enter(tag.sequence)
  // BER of indefinite length is not for our reader; only PKCS#7 comes in it.
  if (inside === undefined || inside.peek(tag.oid)) return certificatesFromPkcs7(buffer)
  if (inside.peek(tag.integer)) throw keyOrBundle(inside)
  return [buffer]
}

/** What a file in DER is where it is no certificate: a key, a PKCS#12 bundle or PKCS#7; a damaged one is none of these. */
export function otherDer(buffer: Buffer): CertificateFileError | 'pkcs7' | undefined {
  const inside = new DerReader(buffer).enter(tag.sequence)
  if (inside?.peek(tag.integer)) return keyOrBundle(inside)
  const isBer = buffer[1] === 0x80 && buffer[2] === tag.oid
  return isBer || inside?.peek(tag.oid) ? 'pkcs7' : undefined
}

// PKCS#1, PKCS#8 and SEC 1 keys start with version 0 or 1; PKCS#12 (RFC 7292) starts with 3.
function keyOrBundle(inside: DerReader): CertificateFileError {
  if (inside.int64() === 3n) {
    const advice = 'take the certificate out of it first: openssl pkcs12 -in FILE -nokeys -out ca.pem'
    return new CertificateFileError('pkcs12', `it is a PKCS#12 bundle; ${advice}`)
  }
  return new CertificateFileError('private-key', 'it is a private key; give a file with the certificate only')
}

function parse(der: Buffer): Certificate {
  try {
    return parseCertificate(der)
  } catch (error) {
    if (!(error instanceof CertificateParseError)) throw error
    throw new CertificateFileError('refused', `Go refuses a certificate in it: ${error.message}`, {
      cause: error,
    })
  }
}
