import { newestGo, type GoVersion } from './go-version.ts'
import { readPem, type PemBlock } from './pem.ts'

export type PemIssueReason =
  | 'not-certificate-label'
  | 'has-headers'
  | 'unparsable'
  | 'not-pem'
  | 'der'
  | 'empty'
  | 'bom'
  | 'glued'
  | 'indented'
  | 'no-end'
  | 'bad-base64'

/** Something in a CA file that Go passes over without a word. */
export interface PemIssue {
  /** Counted from 1. */
  readonly line: number
  readonly reason: PemIssueReason
  readonly message: string
}

/** The blocks of x509.CertPool.AppendCertsFromPEM, sorted into certificates and what it drops. */
export function readCertificateBlocks(
  bytes: Uint8Array,
  go: GoVersion = newestGo,
): { blocks: readonly PemBlock[]; ignored: PemIssue[] } {
  const all = [...readPem(bytes, go)]
  const ignored = all.flatMap((block) => blockIssue(block) ?? [])
  const blocks = all.filter((block) => blockIssue(block) === undefined)
  return { blocks, ignored: [...ignored, ...strayIssues(bytes, all)].sort((a, b) => a.line - b.line) }
}

function blockIssue(block: PemBlock): PemIssue | undefined {
  const { line, label } = block
  if (label !== 'CERTIFICATE') {
    const message = `The block is labelled ${label}; Go takes CERTIFICATE only.`
    return { line, reason: 'not-certificate-label', message }
  }
  if (block.headers === 0) return undefined
  return { line, reason: 'has-headers', message: 'The block has header lines; Go ignores such a block.' }
}

const mark = '-----BEGIN '

/** More would help nobody, and a file may be made of nothing else. */
const maxStray = 100

// BEGIN lines that Go did not take for the start of a block, and files without any.
function strayIssues(bytes: Uint8Array, blocks: readonly PemBlock[]): PemIssue[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const taken = new Set(blocks.map((block) => block.offset))
  const issues: PemIssue[] = []
  let line = 1
  let counted = 0
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length)) {
    if (taken.has(at)) continue
    if (issues.length === maxStray) break
    line += text.slice(counted, at).split('\n').length - 1
    counted = at
    issues.push({ line, ...strayReason(text, at) })
  }
  if (issues.length === 0 && blocks.length === 0) issues.push(wholeFileIssue(bytes))
  return issues
}

function strayReason(text: string, at: number): { reason: PemIssueReason; message: string } {
  const before = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  if (before.startsWith('\u00ef\u00bb\u00bf') && before.length === 3) {
    return {
      reason: 'bom',
      message: 'A byte order mark stands before the BEGIN line; Go does not see the block.',
    }
  }
  if (before !== '' && before.trim() === '') {
    return { reason: 'indented', message: 'The BEGIN line is indented; Go does not see the block.' }
  }
  if (before !== '') {
    return {
      reason: 'glued',
      message: 'Text stands before the BEGIN line, on the same line; Go does not see the block.',
    }
  }
  if (!text.includes('\n-----END ', at)) {
    return { reason: 'no-end', message: 'The block has no END line of its own; Go ignores it.' }
  }
  return {
    reason: 'bad-base64',
    message: 'The block is damaged or its END line does not match; Go ignores it.',
  }
}

function wholeFileIssue(bytes: Uint8Array): PemIssue {
  if (bytes.every((octet) => octet <= 0x20))
    return { line: 1, reason: 'empty', message: 'The file is empty.' }
  if (bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80) {
    return { line: 1, reason: 'der', message: 'The file is DER; Go reads PEM only.' }
  }
  return { line: 1, reason: 'not-pem', message: 'The file holds no PEM block.' }
}

export function unparsable(line: number, message: string): PemIssue {
  return { line, reason: 'unparsable', message: `Go refuses the certificate: ${message}` }
}
