import { constants } from 'node:fs'
import * as fs from 'node:fs/promises'
import { errorCode } from '../errors.ts'
import type { Lock } from './machine.ts'

const { O_CREAT, O_NONBLOCK, O_RDWR } = constants

/** Where open(2) itself can lock: O_EXLOCK of macOS and BSD, and libuv's UV_FS_O_EXLOCK (a share mode) on Windows. */
const LOCKING_OPEN = new Map<NodeJS.Platform, number>([
  ['darwin', 0x20 | O_NONBLOCK],
  ['freebsd', 0x20 | O_NONBLOCK],
  ['win32', 0x1000_0000],
])
const HELD = new Set(['EAGAIN', 'EWOULDBLOCK', 'EBUSY'])

/**
 * One lock for all runs. It lives as long as our descriptor, and the kernel frees it even after SIGKILL: a pid
 * file would need guessing after a crash.
 * @returns undefined when somebody else holds it
 */
export async function lockFile(path: string): Promise<Lock | undefined> {
  const locking = LOCKING_OPEN.get(process.platform)
  if (locking === undefined) return lockOpen(await fs.open(path, 'a', 0o600), path)
  try {
    return released(await fs.open(path, O_RDWR | O_CREAT | locking, 0o600))
  } catch (error) {
    if (HELD.has(errorCode(error) ?? '')) return undefined
    throw error
  }
}

/**
 * Linux has no such flag, and Node no flock(2): flock(1) locks the open file that it inherits from us.
 * @param path for messages
 */
export async function lockOpen(file: fs.FileHandle, path: string): Promise<Lock | undefined> {
  const { spawnSync } = await import('node:child_process')
  const result = spawnSync('flock', ['-n', '-x', '3'], {
    stdio: ['ignore', 'ignore', 'pipe', file.fd],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    timeout: 5000,
  })
  if (result.status === 0) return released(file)
  await file.close()
  if (result.status === 1) return undefined
  const why =
    errorCode(result.error) === 'ENOENT'
      ? 'flock(1) is not installed; it is part of util-linux and of busybox'
      : (result.error?.message ?? result.stderr.toString().trim())
  throw new Error(`flock ${path}: ${why}`)
}

function released(file: fs.FileHandle): Lock {
  return {
    release: async () => {
      await file.close()
    },
  }
}
