import { posix } from 'node:path'
import { TrustError, errorCode } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { shellWord } from '../machine/shell.ts'
import { isTemporary } from './place.ts'

export const DEFAULT_STATE_DIR = '/var/lib/trust-registry'

/** Followed by the SHA-256 of the bytes. */
export const KEPT = 'before-'

const OURS: ReadonlySet<string> = new Set(['records.json', 'journal.json', 'lock'])

/** Makes the directory, and those above it that are missing. */
export async function makeWhole(machine: Machine, directory: string): Promise<void> {
  const missing: string[] = []
  for (let path = directory; (await machine.stat(path)) === undefined; path = posix.dirname(path)) {
    missing.unshift(path)
  }
  for (const path of missing) {
    await machine.makeDirectory(path, 0o755).catch((error: unknown) => {
      // Two runs may make it at once.
      if (errorCode(error) !== 'EEXIST') throw error
    })
  }
}

/**
 * What root does is read from there: nobody else may have a hand in it. Root's own is as good for somebody who has yet
 * to become root.
 * @throws TrustError `policy`
 */
export async function refuseShared(machine: Machine, directory: string): Promise<void> {
  if (machine.platform === 'win32') return
  const info = await machine.stat(directory)
  const { uid, privileged } = machine.who()
  const mine = info?.uid === uid || (info?.uid === 0 && !privileged)
  if (info === undefined || (info.kind === 'directory' && mine && (info.mode & 0o022) === 0)) return
  const word = shellWord(directory)
  const ours = info.kind === 'directory' && !isSticky(info.mode) && (await holdsOursAlone(machine, directory))
  const aside = `ls -ld ${word}      # and move it away, or name another directory with --state-dir`
  const elsewhere = directory === DEFAULT_STATE_DIR ? aside : `--state-dir ${DEFAULT_STATE_DIR}`
  const other = info.kind === 'directory' ? elsewhere : aside
  throw new TrustError(
    'policy',
    `${directory} is not ours alone: what stands there could be somebody else's`,
    {
      seen: `${info.kind}, owner ${info.uid}, mode ${info.mode.toString(8)}`,
      fix: ours ? `chown ${uid} ${word}; chmod go-w ${word}` : other,
    },
  )
}

/** For everybody by its nature, as /tmp is. */
function isSticky(mode: number): boolean {
  return (mode & 0o1000) !== 0
}

/** What else is in it would be taken from its owners. */
async function holdsOursAlone(machine: Machine, directory: string): Promise<boolean> {
  const names = await machine.list(directory).catch(() => undefined)
  return names?.every((name) => OURS.has(name) || name.startsWith(KEPT) || isTemporary(name)) ?? false
}
