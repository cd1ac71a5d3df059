import { posix } from 'node:path'
import { TrustError, errorCode } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { shellWord } from '../machine/shell.ts'

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
 * What root does is read from there: nobody else may have a hand in it.
 * @throws TrustError `policy`
 */
export async function refuseShared(machine: Machine, directory: string): Promise<void> {
  if (machine.platform === 'win32') return
  const info = await machine.stat(directory)
  const { uid } = machine.who()
  if (info === undefined || (info.kind === 'directory' && info.uid === uid && (info.mode & 0o022) === 0))
    return
  const word = shellWord(directory)
  throw new TrustError(
    'policy',
    `${directory} is not ours alone: what stands there could be somebody else's`,
    {
      seen: `${info.kind}, owner ${info.uid}, mode ${info.mode.toString(8)}`,
      fix:
        info.kind === 'directory'
          ? `chown ${uid} ${word}; chmod go-w ${word}`
          : `ls -ld ${word}      # and move it away, or name another directory with --state-dir`,
    },
  )
}
