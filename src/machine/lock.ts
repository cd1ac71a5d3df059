import * as fs from 'node:fs/promises'
import { errorCode } from '../errors.ts'
import type { Lock } from './machine.ts'

/**
 * One lock for all runs. flock(1) locks the open file that it inherits from us: the lock lives as long as our
 * descriptor and the kernel frees it even after SIGKILL. A pid file would need guessing after a crash.
 * @returns undefined when somebody else holds it
 */
export async function flock(path: string): Promise<Lock | undefined> {
  const file = await fs.open(path, 'a', 0o600)
  const release = async (): Promise<void> => {
    await file.close()
  }
  if (process.platform === 'win32') return { release }
  const { spawnSync } = await import('node:child_process')
  const result = spawnSync('flock', ['-n', '-x', '3'], {
    stdio: ['ignore', 'ignore', 'pipe', file.fd],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    timeout: 5000,
  })
  if (result.status === 0) return { release }
  if (errorCode(result.error) === 'ENOENT') return exclusiveFile(path, release)
  await release()
  if (result.status === 1) return undefined
  throw new Error(`flock ${path}: ${result.error?.message ?? result.stderr.toString().trim()}`)
}

// macOS has no flock(1): a second file made with O_EXCL, which a killed run leaves behind and the message names.
async function exclusiveFile(path: string, release: () => Promise<void>): Promise<Lock | undefined> {
  const marker = `${path}.held`
  try {
    const held = await fs.open(marker, 'wx', 0o600)
    await held.writeFile(`${process.pid}\n`)
    await held.close()
  } catch (error) {
    await release()
    if (errorCode(error) !== 'EEXIST') throw error
    const pid = Number.parseInt(await fs.readFile(marker, 'utf8').catch(() => ''), 10)
    if (Number.isInteger(pid) && isAlive(pid)) return undefined
    await fs.rm(marker, { force: true })
    return flock(path)
  }
  return {
    release: async () => {
      await fs.rm(marker, { force: true })
      await release()
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}
