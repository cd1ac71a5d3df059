import { randomBytes } from 'node:crypto'
import { posix } from 'node:path'
import { TrustError, errorCode, errorText, type Obstacle } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { shellWord } from '../machine/shell.ts'
import type { Store } from './store.ts'

const NAME = '.trust-registry-room'
/** For what is about to be added. */
const MORE = 64 * 1024

const FINDINGS: Readonly<Record<string, Obstacle>> = {
  ENOSPC: 'disk-full',
  // EDQUOT on Linux, for which libuv has no name.
  'Unknown system error -122': 'disk-full',
  EROFS: 'read-only-system',
}

/** The tool makes a folder that is missing, and follows a link in its place. */
const UNKNOWN: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])

/**
 * Why the tool could not write its bundle; undefined where it could: as much is written beside it, and taken away.
 * Debian's tool clears the links that OpenSSL follows before it comes upon a full disk.
 */
export async function lackOfRoom(machine: Machine, store: Store): Promise<TrustError | undefined> {
  const folder = posix.dirname(store.bundle)
  const path = posix.join(folder, NAME)
  const clear = (): Promise<void> =>
    machine.remove(path).catch((error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error
    })
  try {
    // A run that was killed may have left it.
    await clear()
    const now = (await machine.read(store.bundle)) ?? Buffer.alloc(0)
    // Zeros alone might be compressed.
    await machine.create(path, Buffer.concat([now, randomBytes(MORE)]), 0o600)
    return undefined
  } catch (error) {
    return UNKNOWN.has(errorCode(error) ?? '') ? undefined : refused(store, folder, error)
  } finally {
    await clear().catch(() => undefined)
  }
}

function refused(store: Store, folder: string, error: unknown): TrustError {
  const finding = FINDINGS[errorCode(error) ?? '']
  const where = shellWord(folder)
  const look = { 'disk-full': `df -h ${where}; df -i ${where}`, 'read-only-system': `findmnt -T ${where}` }
  const shown = finding === 'disk-full' || finding === 'read-only-system' ? look[finding] : `ls -ld ${where}`
  return new TrustError(
    'change-failed',
    `${store.tool} could not write ${store.bundle}, and was not started; everything was rolled back`,
    {
      ...(finding === undefined ? {} : { finding }),
      seen: errorText(error),
      fix: `${shown}      # mend it, then run it again`,
    },
  )
}
