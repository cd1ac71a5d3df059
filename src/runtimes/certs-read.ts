import { errorCode } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { GoVersion } from '../x509/index.ts'

/** Go's words for a file or a folder that cannot be read. */
export function goMessage(file: string, error: unknown, go: GoVersion | undefined): string {
  const words: Record<string, string> = {
    EACCES: 'permission denied',
    ENOENT: 'no such file or directory',
    ENOTDIR: 'not a directory',
    EISDIR: 'is a directory',
    ELOOP: 'too many levels of symbolic links',
    EIO: 'input/output error',
  }
  const code = errorCode(error) ?? ''
  // Listing a file: Go 1.19 opens it and fails at its entries, 1.24 does not open it (seen on both).
  const late = code === 'ENOTDIR' && go !== undefined && go.minor < 22
  return `${code === 'EISDIR' ? 'read' : late ? 'readdirent' : 'open'} ${file}: ${words[code] ?? code}`
}

/** @returns the file, or Go's words for why it cannot be read */
export async function readOrWhy(
  machine: Machine,
  path: string,
  go: GoVersion | undefined,
): Promise<Buffer | string> {
  try {
    const bytes = await machine.read(path)
    if (bytes !== undefined) return bytes
    return goMessage(path, Object.assign(new Error('nothing is there'), { code: 'ENOENT' }), go)
  } catch (error) {
    return goMessage(path, error, go)
  }
}
