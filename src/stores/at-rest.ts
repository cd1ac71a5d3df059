import { TrustError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'

const TRY_MS = 10_000
/** e_machine of ELF, at offset 18: the names that uname(1) has for the commonest. */
const PROCESSORS = new Map([
  [3, 'i386'],
  [22, 's390x'],
  [40, 'arm'],
  [62, 'x86_64'],
  [183, 'aarch64'],
  [243, 'riscv64'],
])
const MAX_PROGRAM = 16 * 1024 * 1024

/**
 * An image's store is made by the image's own tool: whether its programs start here is tried with one that does nothing.
 * @throws TrustError `not-possible`, `needs-privilege`
 */
export async function refuseIfInert(machine: Machine): Promise<void> {
  const harmless = await machine.which('true')
  if (harmless === undefined) return
  const ran = await machine.run([harmless], { timeoutMs: TRY_MS })
  if (ran.exitCode === 0) return
  const seen = ran.spawnError ?? (ran.stderr.trim() || `${harmless} ended with ${ran.exitCode ?? 'no'} code`)
  if (/exec format error/i.test(seen)) {
    throw new TrustError(
      'not-possible',
      `the programs of this image are for another processor${await processorOf(machine, harmless)}, and nothing here runs them; nothing was changed`,
      {
        seen,
        fix: 'apt-get install qemu-user-static binfmt-support      # here, and run it again; or leave --scope system out',
      },
    )
  }
  if (process.geteuid?.() !== 0) {
    throw new TrustError(
      'needs-privilege',
      'the OS store of an image is made by its own tool, and this user may start none in it; nothing was changed',
      { seen, fix: 'run it with sudo; or leave --scope system out' },
    )
  }
  throw new TrustError('not-possible', 'the programs of this image do not start; nothing was changed', {
    seen,
    fix: 'leave --scope system out, or run it in the image itself',
  })
}

async function processorOf(machine: Machine, program: string): Promise<string> {
  const bytes = await machine.read(program, MAX_PROGRAM).catch(() => undefined)
  if (bytes === undefined || bytes.length < 20 || bytes.toString('latin1', 0, 4) !== '\x7fELF') return ''
  // e_ident[EI_DATA]: 2 is big-endian.
  const number = bytes[5] === 2 ? bytes.readUInt16BE(18) : bytes.readUInt16LE(18)
  return ` (${PROCESSORS.get(number) ?? `ELF machine ${number}`})`
}
