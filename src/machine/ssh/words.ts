/** Bytes as printf(1) %b takes them back: one line, whatever is in them. */
export function escaped(bytes: Buffer | string): string {
  const text = typeof bytes === 'string' ? Buffer.from(bytes).toString('latin1') : bytes.toString('latin1')
  return text.replaceAll(
    /[^A-Za-z0-9 +/=_.:,@%-]/g,
    (char) => `\\0${char.charCodeAt(0).toString(8).padStart(3, '0')}`,
  )
}

/** strerror(3) of glibc, musl and the shells' own, to the names that Node has for them. */
const CODES: readonly (readonly [RegExp, string])[] = [
  [/No such file|nonexistent/i, 'ENOENT'],
  [/Permission denied/i, 'EACCES'],
  [/Operation not permitted/i, 'EPERM'],
  [/Read-only file system/i, 'EROFS'],
  [/No space left on device/i, 'ENOSPC'],
  [/quota exceeded/i, 'EDQUOT'],
  [/levels of symbolic links|Symbolic link loop/i, 'ELOOP'],
  [/Not a directory/i, 'ENOTDIR'],
  [/Is a directory/i, 'EISDIR'],
  [/File exists|cannot overwrite existing file/i, 'EEXIST'],
  [/Directory not empty/i, 'ENOTEMPTY'],
  [/Invalid argument/i, 'EINVAL'],
  [/name too long/i, 'ENAMETOOLONG'],
  [/busy/i, 'EBUSY'],
  [/(?:Input\/output|I\/O) error/i, 'EIO'],
]

/** The code of what a tool complained about; EIO where its words are of no known kind. */
export function codeOf(said: string): string {
  return CODES.find(([words]) => words.test(said))?.[1] ?? 'EIO'
}

export function failure(said: string, what: string): Error & { readonly code: string } {
  const code = codeOf(said)
  return Object.assign(new Error(`${code}: ${what}: ${said.trim() || 'no reason given'}`), { code })
}
