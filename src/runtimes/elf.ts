import type { Machine } from '../machine/machine.ts'

/** Offsets of a 64-bit little-endian ELF file (elf(5): Elf64_Ehdr, Elf64_Shdr). */
const HEADER = { size: 64, table: 0x28, count: 0x3c, names: 0x3e }
const ENTRY = { size: 64, name: 0, offset: 0x18 }
const CLASS_64_LITTLE = Buffer.from('\x7fELF\x02\x01', 'latin1')
/** Programs have some forty sections, and names of a dozen letters. */
const MAX_SECTIONS = 1024
const MAX_NAMES = 64 * 1024

/**
 * The first `length` bytes of a program's section, without reading the program: tens of MB take a tenth of a second.
 * Undefined where the machine reads no parts, the file is of another kind, or there is no such section.
 */
export async function elfSection(
  machine: Machine,
  path: string,
  name: string,
  length: number,
): Promise<Buffer | undefined> {
  const part = (offset: number, size: number): Promise<Buffer | undefined> | undefined =>
    Number.isSafeInteger(offset) ? machine.readPart?.(path, offset, size) : undefined
  const header = await part(0, HEADER.size)
  if (header?.length !== HEADER.size || !header.subarray(0, 6).equals(CLASS_64_LITTLE)) return undefined
  const count = header.readUInt16LE(HEADER.count)
  if (count > MAX_SECTIONS) return undefined
  const table = await part(Number(header.readBigUInt64LE(HEADER.table)), count * ENTRY.size)
  if (table?.length !== count * ENTRY.size) return undefined
  const entries = Array.from({ length: count }, (_, index) =>
    table.subarray(index * ENTRY.size, (index + 1) * ENTRY.size),
  )
  const offsetOf = (entry: Buffer): number => Number(entry.readBigUInt64LE(ENTRY.offset))
  const namesEntry = entries[header.readUInt16LE(HEADER.names)]
  const names = namesEntry && (await part(offsetOf(namesEntry), MAX_NAMES))
  const wanted = Buffer.from(`${name}\0`)
  const found = entries.find((entry) => {
    const at = entry.readUInt32LE(ENTRY.name)
    return names?.subarray(at, at + wanted.length).equals(wanted)
  })
  return found && part(offsetOf(found), length)
}
