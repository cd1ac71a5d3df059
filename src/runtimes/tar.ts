const BLOCK = 512

/** A ustar archive with one file in it (POSIX.1-1988): text fields, octal numbers, and a checksum over all of it. */
export function tarOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(BLOCK)
  header.write(name, 0)
  header.write('0000644', 100)
  header.write('0000000', 108)
  header.write('0000000', 116)
  header.write(content.length.toString(8).padStart(11, '0'), 124)
  header.write('00000000000\x00        0', 136)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\x00 `, 148)
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * BLOCK)])
}
