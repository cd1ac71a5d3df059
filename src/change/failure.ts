import { TrustError, errorCode, errorText } from '../errors.ts'

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
  EFBIG: 'it is larger than anything that we write',
}

/** The system's complaint in words. */
export function reasonOf(error: unknown): string {
  return REASONS[errorCode(error) ?? ''] ?? errorText(error)
}

/** What the system refused, as an error for a person; an error that is one already stays as it is. */
export function failed(what: string, error: unknown): TrustError {
  if (error instanceof TrustError) return error
  return new TrustError('change-failed', `${what}: ${reasonOf(error)}`, { cause: error })
}
