import { TrustError } from '../../errors.ts'
import type { Finding } from '../../judge/index.ts'
import { CertPool, otherDer, readPool, type GoVersion, type PemIssue } from '../../x509/index.ts'
import { readCertificateBlocks } from '../../x509/pem-issues.ts'
import { shellWord } from '../../machine/shell.ts'
import { adviceOn } from '../file-advice.ts'
import { readNamedFile } from '../files.ts'

const MAX_FILE = 1024 * 1024
const DER_SEQUENCE = 0x30

/**
 * `--chain`: DER of each certificate, in the order of the file. What is no PEM at all ends the run; what
 * is in it is for the verdict to judge, however broken.
 */
export async function readChainFile(path: string): Promise<readonly Buffer[]> {
  const bytes = await readNamedFile(path, 'the --chain file', MAX_FILE)
  refuseOther('--chain', path, bytes)
  if (isDer(bytes)) return [bytes]
  const { blocks, ignored } = readCertificateBlocks(bytes)
  // A key beside its certificate is usual in a server's file, and nobody's business here.
  const lost = ignored.find((issue) => !isOtherThing(issue))
  if (lost) throw unusable('--chain', path, `line ${lost.line}: ${lost.message}`)
  if (blocks.length === 0) throw unusable('--chain', path, 'it holds no certificate')
  return blocks.map((block) => block.bytes)
}

export interface RootsFile {
  readonly pool: CertPool
  readonly findings: readonly Finding[]
}

/** `--roots`, as Go fills a pool from PEM; a single certificate in DER is taken, too. */
export async function readRootsFile(path: string, go: GoVersion): Promise<RootsFile> {
  const bytes = await readNamedFile(path, 'the --roots file', MAX_FILE)
  refuseOther('--roots', path, bytes)
  const pem = isDer(bytes) ? asPem(bytes) : bytes
  if (readCertificateBlocks(pem, go).blocks.length === 0) {
    throw unusable('--roots', path, 'it holds no certificate that Go would read')
  }
  const { certificates, ignored } = readPool(pem, go)
  const pool = new CertPool()
  for (const certificate of certificates) pool.add(certificate, path)
  return { pool, findings: ignored.map((issue) => ignoredFinding(path, issue)) }
}

function isDer(bytes: Buffer): boolean {
  return bytes[0] === DER_SEQUENCE && !bytes.includes('-----BEGIN ')
}

/** What `--ca` tells apart in a file, too: a key, a PKCS#12 bundle, PKCS#7. @throws TrustError `bad-file` */
function refuseOther(flag: string, path: string, bytes: Buffer): void {
  const der = isDer(bytes)
  const other = der ? otherDer(bytes) : isPemPkcs7(bytes) ? 'pkcs7' : undefined
  if (other === undefined) return
  const file = shellWord(path)
  if (other !== 'pkcs7') throw unusable(flag, path, other.message, adviceOn(other.problem, path, 'x509'))
  const form = der ? ' -inform DER' : ''
  const fix = `openssl pkcs7${form} -print_certs -in ${file} -out chain.pem`
  throw unusable(flag, path, 'it is PKCS#7; take the certificates out of it first', fix)
}

function isPemPkcs7(bytes: Buffer): boolean {
  return /-----BEGIN (?:PKCS7|CMS)-----/.test(bytes.toString('latin1')) && !bytes.includes('-----BEGIN CERT')
}

function asPem(der: Buffer): Buffer {
  return Buffer.from(`-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`)
}

function isOtherThing({ reason, message }: PemIssue): boolean {
  return reason === 'not-certificate-label' && !message.includes(' CERTIFICATE;')
}

function unusable(
  flag: string,
  path: string,
  why: string,
  fix = 'give certificates as PEM, or a single one as DER',
): TrustError {
  return new TrustError('bad-file', `the ${flag} file ${JSON.stringify(path)} cannot be used: ${why}`, {
    fix,
  })
}

function ignoredFinding(path: string, { line, message }: PemIssue): Finding {
  const at = `line ${line} of ${JSON.stringify(path)} is ignored`
  return { code: 'trust-file-ignored', severity: 'warning', owner: 'machine', message: `${at}: ${message}` }
}
