import { posix } from 'node:path'
import { TrustError, errorCode, errorText, type Obstacle } from '../errors.ts'
import { shellWord } from '../machine/shell.ts'

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'the system does not permit it (an immutable file?)',
  ELOOP: 'a symbolic link stands there',
  ENOTDIR: 'a symbolic link or a file stands where a directory should be',
  EEXIST: 'something is there already',
  EISDIR: 'a directory is there',
  ESTALE: 'somebody has changed it meanwhile',
  EIO: 'input/output error',
  // EDQUOT on Linux, for which libuv has no name.
  'Unknown system error -122': 'the quota is used up',
  EFBIG: 'it is larger than anything that we write',
}

/** A change that came upon these has a finding of its own. */
const FINDINGS: Readonly<Record<string, Obstacle>> = {
  ENOSPC: 'disk-full',
  'Unknown system error -122': 'disk-full',
  EROFS: 'read-only-system',
}

/** The system's complaint in words. */
export function reasonOf(error: unknown): string {
  return REASONS[errorCode(error) ?? ''] ?? errorText(error)
}

/** What the system refused to do with a path, as an error for a person; one that is one already stays as it is. */
export function failed(what: string, error: unknown, path?: string): TrustError {
  if (error instanceof TrustError) return error
  const fix = path && `${lookAt(errorCode(error), path)}      # mend it, then run it again`
  const finding = FINDINGS[errorCode(error) ?? '']
  return new TrustError('change-failed', `${what}: ${reasonOf(error)}`, {
    cause: error,
    ...(finding === undefined ? {} : { finding }),
    ...(fix === undefined ? {} : { fix }),
  })
}

/** A command that shows what is in the way. */
function lookAt(code: string | undefined, path: string): string {
  const [file, folder] = [shellWord(path), shellWord(posix.dirname(path))]
  switch (code) {
    case 'ENOSPC':
      return `df -h ${folder}; df -i ${folder}`
    case 'EROFS':
      return `findmnt -T ${folder}`
    case 'EPERM':
      return `lsattr -d ${folder} ${file}`
    case 'EIO':
      return 'dmesg | tail'
    default:
      return `ls -ld ${folder} ${file}`
  }
}
