import { constants } from 'node:fs'
import { access, open } from 'node:fs/promises'
import { TrustError, errorCode } from '../errors.ts'
import { shellWord } from '../machine/shell.ts'

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is no directory',
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
  ELOOP: 'its links go in circles',
  ENAMETOOLONG: 'its name is too long',
  ENXIO: 'it is a socket or a pipe; a regular file is needed',
}

/**
 * Reads a file that a person named: a regular one of bounded size, never waiting on a pipe or a device.
 * @throws TrustError `bad-file`
 */
export async function readNamedFile(path: string, what: string, limit: number): Promise<Buffer> {
  const bad = (why: string, cause?: unknown): TrustError =>
    new TrustError('bad-file', `${what} ${JSON.stringify(path)} cannot be used: ${why}`, {
      ...(path === '' || path.includes('\0') ? {} : { fix: `ls -ld ${shellWord(dashed(path))}` }),
      cause,
    })
  const stream = (kind: string): TrustError =>
    new TrustError(
      'bad-file',
      `${what} ${JSON.stringify(path)} cannot be used: ${kind}; a regular file is needed`,
      {
        fix: 'COMMAND > FILE      # then name that file: lines to paste and the half that is root need it again',
      },
    )
  if (path === '' || path.includes('\0')) throw bad('that is no path')
  if (path === '-') throw stream('it stands for stdin')
  // Without O_NONBLOCK, opening a FIFO waits for a writer.
  const handle = await open(
    path,
    constants.O_RDONLY | ((constants.O_NONBLOCK as number | undefined) ?? 0),
  ).catch((error: unknown) => {
    const code = errorCode(error)
    throw bad(reasons[code ?? ''] ?? `it cannot be opened (${code ?? 'unknown error'})`, error)
  })
  try {
    const stats = await handle.stat()
    if (stats.isDirectory()) throw bad('it is a directory')
    if (stats.isFIFO()) throw stream('it is a pipe')
    if (!stats.isFile()) throw bad('it is no regular file')
    const buffer = Buffer.alloc(Math.min(stats.size, limit) + 1)
    let length = 0
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null)
      if (bytesRead === 0) break
      length += bytesRead
    }
    if (stats.size > limit || length > limit) throw bad(`it is larger than ${limit / 1024} KiB`)
    return buffer.subarray(0, length)
  } catch (error) {
    if (error instanceof TrustError) throw error
    throw bad(`it cannot be read (${errorCode(error) ?? 'unknown error'})`, error)
  } finally {
    await handle.close()
  }
}

/** Whether something of this name is there. */
export async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** A path that begins with a dash would be taken for flags. */
function dashed(path: string): string {
  return path.startsWith('-') ? `./${path}` : path
}
