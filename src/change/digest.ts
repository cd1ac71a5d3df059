import { createHash } from 'node:crypto'

/** SHA-256 of a file's bytes, 64 upper-case hex digits. */
export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').toUpperCase()
}
