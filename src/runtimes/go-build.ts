import type { Machine } from '../machine/machine.ts'
import { parseGoVersion, type GoVersion } from '../x509/index.ts'
import { elfSection } from './elf.ts'

const LIMIT = 128 * 1024 * 1024
/** debug/buildinfo: 14 bytes of magic, the size of a pointer, flags; from offset 32 a length and the version. */
const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1')
const INLINE = 2
const SECTION = '.go.buildinfo'
const RECORD = 32 + 1 + 255

/**
 * The Go that a program was built with, which it keeps inside itself; for programs that do not say it when asked.
 * Undefined where it is not to be found: before Go 1.18 it was written another way.
 */
export async function goBuildOf(machine: Machine, program: string): Promise<GoVersion | undefined> {
  const section = await elfSection(machine, program, SECTION, RECORD).catch(() => undefined)
  return section === undefined ? searched(machine, program) : goIn(section)
}

/** Where the machine reads whole files only, or its programs are of another kind. */
async function searched(machine: Machine, program: string): Promise<GoVersion | undefined> {
  const bytes = await machine.read(program, LIMIT).catch(() => undefined)
  return bytes && goIn(bytes)
}

function goIn(bytes: Buffer): GoVersion | undefined {
  // A program that reads others holds the magic as a text, too.
  for (let at = bytes.indexOf(MAGIC); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
    if (((bytes[at + 15] ?? 0) & INLINE) === 0) continue
    const end = at + 33 + (bytes[at + 32] ?? 0)
    const go = parseGoVersion(bytes.toString('latin1', at + 33, end))
    if (go) return go
  }
  return undefined
}
