const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

// Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII space.
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u

/** Go's `%q` (strconv.Quote) of a string. */
export function quote(text: string): string {
  let quoted = '"'
  for (const character of text) quoted += escapes[character] ?? quoteCharacter(character)
  return `${quoted}"`
}

function quoteCharacter(character: string): string {
  if (printable.test(character)) return character
  const point = character.codePointAt(0) ?? 0
  if (point < 0x20 || point === 0x7f) return `\\x${point.toString(16).padStart(2, '0')}`
  if (point > 0xffff) return `\\U${point.toString(16).padStart(8, '0')}`
  return `\\u${point.toString(16).padStart(4, '0')}`
}

/** Go's `%q` of a byte string: octets that are not UTF-8 are shown one by one. */
export function quoteBytes(bytes: Buffer): string {
  let quoted = ''
  let rest = bytes
  while (rest.length > 0) {
    const length = validPrefix(rest)
    if (length > 0) quoted += quote(rest.toString('utf8', 0, length)).slice(1, -1)
    if (length === rest.length) break
    quoted += `\\x${(rest[length] ?? 0).toString(16).padStart(2, '0')}`
    rest = rest.subarray(length + 1)
  }
  return `"${quoted}"`
}

// How many octets, from the start, are whole UTF-8 sequences.
function validPrefix(bytes: Buffer): number {
  let offset = 0
  while (offset < bytes.length) {
    const first = bytes[offset] ?? 0
    const size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0
    if (size === 0 || !isUtf8(bytes.subarray(offset, offset + size))) return offset
    offset += size
  }
  return offset
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

export function isUtf8(bytes: Uint8Array): boolean {
  return decodeUtf8(bytes) !== undefined
}

/** x509 toLowerCaseASCII: only A to Z change. */
export function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/** Go's strings.EqualFold, as far as the ASCII of certificate names goes. */
export function equalFold(a: string, b: string): boolean {
  return lowerAscii(a) === lowerAscii(b)
}
