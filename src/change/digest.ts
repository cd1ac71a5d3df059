/** SHA-256 of a file's bytes, 64 upper-case hex digits. */
export function sha256(bytes: Buffer): string {
  // Loaded when there is something to hash: 3 ms of every start otherwise.
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(bytes).digest('hex').toUpperCase()
}
