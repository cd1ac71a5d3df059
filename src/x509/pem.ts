import { goHasFix, newestGo, type GoVersion } from './go-version.ts'

/** A block as encoding/pem reads it. */
export interface PemBlock {
  readonly label: string
  readonly headers: number
  readonly bytes: Buffer
  readonly line: number
  /** Where its BEGIN line starts. */
  readonly offset: number
}

const begin = '-----BEGIN '
const end = '\n-----END '
const dashes = '-----'

interface Line {
  readonly text: string
  readonly next: number
}

// encoding/pem getLine: without the line feed and the blanks before it.
function lineAt(text: string, start: number): Line {
  const feed = text.indexOf('\n', start)
  const next = feed < 0 ? text.length : feed + 1
  let stop = feed < 0 ? text.length : feed
  if (feed > start && text[stop - 1] === '\r') stop--
  while (stop > start && (text[stop - 1] === ' ' || text[stop - 1] === '\t')) stop--
  return { text: text.slice(start, stop), next }
}

/**
 * encoding/pem Decode, over and over: what it yields and, above all, what it passes over are Go's.
 * Linear in the input, whatever BEGIN and END lines it is made of.
 */
export function* readPem(bytes: Uint8Array, go: GoVersion = newestGo): Generator<PemBlock> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  // CVE-2025-61723: the search for a BEGIN line that has an END was turned round.
  const blocks = goHasFix(go, '24.8', '25.2') ? blocksByEnd(text) : blocksByBegin(text)
  let line = 1
  let counted = 0
  for (const block of blocks) {
    line += count(text.slice(counted, block.offset), '\n')
    counted = block.offset
    yield { ...block, line }
  }
}

type Found = Omit<PemBlock, 'line'>

/** Today's search: the first END line, and the last BEGIN before it. */
function* blocksByEnd(text: string): Generator<Found> {
  let position = 0
  for (;;) {
    const stop = text.indexOf(end, position)
    if (stop < 0) return
    const before = text.slice(position, stop)
    const begun = before.lastIndexOf(begin)
    const offset = position + begun
    // What follows a spent END marker counts as the start of a line.
    const startsLine = begun === 0 || (begun > 0 && text[offset - 1] === '\n')
    position = stop + end.length
    if (!startsLine) continue
    const title = titleAt(text, offset)
    if (title === undefined) continue
    const body = skipHeaders(text, title.next)
    // A header's line held the END marker, or the file ends with headers.
    if (body === undefined || position < body.start) return
    if (body.headers > 0 && stop < body.start) continue
    const trailer = lineAt(text, position)
    if (trailer.text !== `${title.label}${dashes}`) continue
    const content = decode(text.slice(body.start, stop))
    if (content === undefined) continue
    yield { label: title.label, headers: body.headers, bytes: content, offset }
    position = trailer.next
  }
}

/** The search of before: a BEGIN line, and the END behind it. */
function* blocksByBegin(text: string): Generator<Found> {
  const marks = new Marks(text)
  let position = 0
  for (;;) {
    const offset = marks.begin(position)
    if (offset === undefined) return
    const block = readBlock(text, offset, marks)
    if (block === 'end') return
    position = typeof block === 'number' ? block : block.next
    if (typeof block !== 'number') yield block.found
  }
}

// Remembers the next mark, so that a file full of one and void of the other is walked once only.
class Marks {
  readonly #text: string
  #end = -1

  constructor(text: string) {
    this.#text = text
  }

  /** The next BEGIN at the start of a line, from `position` on; `position` itself counts as a start. */
  begin(position: number): number | undefined {
    if (this.#text.startsWith(begin, position)) return position
    const found = this.#text.indexOf(`\n${begin}`, position)
    return found < 0 ? undefined : found + 1
  }

  end(position: number): number | undefined {
    if (this.#end < position) {
      const found = this.#text.indexOf(end, position)
      this.#end = found < 0 ? Number.POSITIVE_INFINITY : found
    }
    return Number.isFinite(this.#end) ? this.#end : undefined
  }
}

// A number is the position to go on from; 'end' is Go's "nothing more here".
function readBlock(
  text: string,
  offset: number,
  marks: Marks,
): { readonly found: Found; readonly next: number } | number | 'end' {
  const title = titleAt(text, offset)
  if (title === undefined) return lineAt(text, offset + begin.length).next
  const { label } = title
  const body = skipHeaders(text, title.next)
  if (body === undefined) return 'end'
  const immediate = body.headers === 0 && text.startsWith(end.slice(1), body.start)
  const stop = immediate ? body.start - 1 : marks.end(body.start)
  if (stop === undefined) return body.start
  const trailer = lineAt(text, stop + end.length)
  if (trailer.text !== `${label}${dashes}`) return body.start
  const content = immediate ? '' : text.slice(body.start, stop)
  // Another BEGIN inside cannot be base64; not trying keeps the whole linear.
  if (content.includes(begin)) return body.start
  const bytes = decode(content)
  if (bytes === undefined) return body.start
  return { found: { label, headers: body.headers, bytes, offset }, next: trailer.next }
}

/** The BEGIN line at `offset`, or undefined where it does not end in dashes. */
function titleAt(
  text: string,
  offset: number,
): { readonly label: string; readonly next: number } | undefined {
  const line = lineAt(text, offset + begin.length)
  if (!line.text.endsWith(dashes)) return undefined
  return { label: line.text.slice(0, -dashes.length), next: line.next }
}

function skipHeaders(text: string, start: number): { start: number; headers: number } | undefined {
  const keys = new Set<string>()
  let position = start
  for (;;) {
    if (position >= text.length) return undefined
    const line = lineAt(text, position)
    const colon = line.text.indexOf(':')
    if (colon < 0) return { start: position, headers: keys.size }
    keys.add(line.text.slice(0, colon).trim())
    position = line.next
  }
}

// encoding/base64 StdEncoding, with the white space that encoding/pem lets through.
function decode(content: string): Buffer | undefined {
  const blanks = count(content, '\n') + count(content, '\r') + count(content, ' ') + count(content, '\t')
  const padding = count(content, '=')
  if ((content.length - blanks) % 4 !== 0 || padding > 2) return undefined
  if (!/^[A-Za-z0-9+/=\r\n\t ]*$/.test(content)) return undefined
  const tail = padding === 0 ? '' : content.slice(content.indexOf('='))
  return /^[=\r\n\t ]*$/.test(tail) ? Buffer.from(content, 'base64') : undefined
}

function count(text: string, character: string): number {
  let found = 0
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) found++
  return found
}

/** One certificate in the form that every reader takes: LF, 64 columns, final newline (RFC 7468 5.1). */
export function encodePem(der: Uint8Array, label = 'CERTIFICATE'): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64')
  const lines = base64.match(/.{1,64}/g) ?? []
  return [`${begin}${label}${dashes}`, ...lines, `-----END ${label}${dashes}`, ''].join('\n')
}
