/** Identifier octets used in certificates (X.690 8.1.2); context tags by `contextTag`. */
export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

export function contextTag(number: number, constructed = false): number {
  return 0x80 | (constructed ? 0x20 : 0) | number
}

export interface Element {
  readonly tag: number
  readonly content: Buffer
  /** With identifier and length octets. */
  readonly full: Buffer
}

/**
 * Strict DER, with the narrowness of golang.org/x/crypto/cryptobyte: one-byte tags, minimal definite lengths
 * of at most four octets. Every method answers undefined and consumes nothing when the input does not fit.
 */
export class DerReader {
  readonly #bytes: Buffer
  #offset = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get empty(): boolean {
    return this.#offset >= this.#bytes.length
  }

  peek(expected: number): boolean {
    return this.#bytes[this.#offset] === expected
  }

  any(): Element | undefined {
    const start = this.#offset
    const content = this.#next()
    if (content === undefined) return undefined
    return {
      tag: this.#bytes[start] ?? 0,
      content: this.#bytes.subarray(content, this.#offset),
      full: this.#bytes.subarray(start, this.#offset),
    }
  }

  /** Moves past an element without looking at it; false, and no move, for another one. */
  skip(expected: number): boolean {
    return this.peek(expected) && this.#next() !== undefined
  }

  // Moves past one element and tells where its content starts.
  #next(): number | undefined {
    const start = this.#offset
    const first = this.#bytes[start]
    const second = this.#bytes[start + 1]
    if (first === undefined || second === undefined || (first & 0x1f) === 0x1f) return undefined
    let header = 2
    let length = second
    if (second >= 0x80) {
      const octets = second & 0x7f
      if (octets === 0 || octets > 4 || this.#bytes.length < start + 2 + octets) return undefined
      length = this.#bytes.readUIntBE(start + 2, octets)
      if (length < 0x80 || length < 256 ** (octets - 1)) return undefined
      header += octets
    }
    const end = start + header + length
    if (end > this.#bytes.length) return undefined
    this.#offset = end
    return start + header
  }

  element(expected: number): Element | undefined {
    return this.peek(expected) ? this.any() : undefined
  }

  read(expected: number): Buffer | undefined {
    return this.element(expected)?.content
  }

  enter(expected: number): DerReader | undefined {
    const content = this.read(expected)
    return content === undefined ? undefined : new DerReader(content)
  }

  boolean(): boolean | undefined {
    const content = this.read(tag.boolean)
    if (content?.length !== 1) return undefined
    return content[0] === 0xff ? true : content[0] === 0 ? false : undefined
  }

  /** The content octets of a minimally encoded INTEGER. */
  integer(expected: number = tag.integer): Buffer | undefined {
    const content = this.read(expected)
    const first = content?.[0]
    if (content === undefined || first === undefined) return undefined
    const second = content[1]
    if (second === undefined) return content
    const padded = (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)
    return padded ? undefined : content
  }

  /** A signed 64-bit INTEGER. */
  int64(expected: number = tag.integer): bigint | undefined {
    const content = this.integer(expected)
    return content === undefined || content.length > 8 ? undefined : signedInteger(content)
  }

  bitString(): { readonly bytes: Buffer; readonly unused: number } | undefined {
    const content = this.read(tag.bitString)
    const unused = content?.[0]
    if (content === undefined || unused === undefined || unused > 7) return undefined
    const bytes = content.subarray(1)
    const last = bytes.at(-1)
    if (last === undefined ? unused !== 0 : (last & ((1 << unused) - 1)) !== 0) return undefined
    return { bytes, unused }
  }

  /** Dotted text; components above 2^31-1 do not fit, as in Go. Go before 1.21 took them `padded`, too. */
  oid(padded = false): string | undefined {
    const content = this.read(tag.oid)
    return content === undefined ? undefined : oidText(content, 2 ** 31, padded)
  }
}

/**
 * X.690 8.19; undefined for an encoding that is cut short, has a component past `limit`, or has leading zeros:
 * `padded` lets those pass, up to the five octets that cryptobyte reads of a component.
 */
export function oidText(
  content: Buffer,
  limit = Number.MAX_SAFE_INTEGER,
  padded = false,
): string | undefined {
  const components: number[] = []
  let value = 0
  let length = 0
  for (const octet of content) {
    if (length === 0 && octet === 0x80 && !padded) return undefined
    length++
    if (padded && length > 5) return undefined
    value = value * 128 + (octet & 0x7f)
    if (value >= limit) return undefined
    if (octet >= 0x80) continue
    if (components.length === 0) components.push(Math.min(Math.floor(value / 40), 2))
    components.push(components.length === 1 ? value - 40 * (components[0] ?? 0) : value)
    value = 0
    length = 0
  }
  return length > 0 || components.length === 0 ? undefined : components.join('.')
}

export function signedInteger(content: Buffer): bigint {
  const value = content.length === 0 ? 0n : BigInt(`0x${content.toString('hex')}`)
  return (content[0] ?? 0) >= 0x80 ? value - (1n << BigInt(8 * content.length)) : value
}

/** encoding/asn1 `BitString.RightAlign`. */
export function rightAlign(bits: { readonly bytes: Buffer; readonly unused: number }): Buffer {
  if (bits.unused === 0 || bits.bytes.length === 0) return bits.bytes
  const shifted = Buffer.alloc(bits.bytes.length)
  for (let i = 0; i < shifted.length; i++) {
    const carried = (bits.bytes[i - 1] ?? 0) << (8 - bits.unused)
    shifted[i] = ((bits.bytes[i] ?? 0) >> bits.unused) | (carried & 0xff)
  }
  return shifted
}
