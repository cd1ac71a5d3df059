import type { Machine } from '../machine/machine.ts'
import { CertPool, readPool, type GoVersion } from '../x509/index.ts'
import { readOrWhy } from './certs-read.ts'
import type { TrustFault } from './engine.ts'

/** What containerd's loader makes of some files: the certificates, or why it stops. */
export interface LoadedFiles {
  readonly pool: CertPool
  readonly fatal?: TrustFault
}

/** Reads CA files as containerd does: one that cannot be read, or holds no certificate, ends every request. */
export async function loadAuthorities(
  machine: Machine,
  files: readonly string[],
  go: GoVersion | undefined,
): Promise<LoadedFiles> {
  const pool = new CertPool()
  for (const file of files) {
    const bytes = await readOrWhy(machine, file, go)
    if (typeof bytes === 'string') {
      const message = `unable to read CA cert "${file}": ${bytes}`
      return { pool, fatal: { code: 'trust-directory-unreadable', path: file, message } }
    }
    const { certificates } = readPool(bytes, go)
    if (certificates.length === 0) {
      const message = `unable to load CA cert "${file}"`
      return { pool, fatal: { code: 'trust-file-damaged', path: file, message } }
    }
    for (const certificate of certificates) pool.add(certificate, file)
  }
  return { pool }
}
