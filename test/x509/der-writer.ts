/** Just enough DER to build certificates, right ones and wrong ones. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const length = content.length
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  const octets = Buffer.from(
    length.toString(16).padStart(length.toString(16).length + (length.toString(16).length % 2), '0'),
    'hex',
  )
  return Buffer.concat([Buffer.from([tag, 0x80 | octets.length]), octets, content])
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => element(0x30, ...contents)
export const set = (...contents: readonly Uint8Array[]): Buffer => element(0x31, ...contents)
export const octets = (...contents: readonly Uint8Array[]): Buffer => element(0x04, ...contents)
export const bits = (content: Uint8Array, unused = 0): Buffer => element(0x03, Buffer.from([unused]), content)
export const boolean = (value: boolean): Buffer => element(0x01, Buffer.from([value ? 0xff : 0]))
export const nothing = (): Buffer => element(0x05)
export const text = (value: string, tag = 0x0c): Buffer => element(tag, Buffer.from(value))
export const context = (number: number, ...contents: readonly Uint8Array[]): Buffer =>
  element(0x80 | number, ...contents)
export const explicit = (number: number, ...contents: readonly Uint8Array[]): Buffer =>
  element(0xa0 | number, ...contents)

export function integer(value: bigint | number): Buffer {
  const number = BigInt(value)
  let width = 8n
  while (number >= 1n << (width - 1n) || number < -(1n << (width - 1n))) width += 8n
  const unsigned = BigInt.asUintN(Number(width), number)
  return element(0x02, Buffer.from(unsigned.toString(16).padStart(Number(width / 4n), '0'), 'hex'))
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return element(0x06, Buffer.from([40 * first + second, ...rest].flatMap(base128)))
}

function base128(value: number): number[] {
  const digits = [value % 128]
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) {
    digits.unshift(128 + (left % 128))
  }
  return digits
}

export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]/g, '').slice(0, 14)
  const utc = date.getUTCFullYear() >= 1950 && date.getUTCFullYear() < 2050
  return utc ? text(`${digits.slice(2)}Z`, 0x17) : text(`${digits}Z`, 0x18)
}
