import { randomUUID } from 'node:crypto'
import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import type { Certificate } from '../x509/index.ts'

const EXTRACT_MS = 30_000
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const ANY = '2.5.29.37.0'

/**
 * The bundle that p11-kit would make now, written to a folder of our own; undefined where `trust` is not there or
 * fails. Red Hat, SUSE and Arch make theirs with this very filter.
 */
export async function extracted(machine: Machine): Promise<Buffer | undefined> {
  const trust = await machine.which('trust')
  if (trust === undefined) return undefined
  const folder = `/tmp/trust-registry-${randomUUID()}`
  const file = posix.join(folder, 'bundle.pem')
  await machine.makeDirectory(folder, 0o700)
  try {
    const filter = ['--format=pem-bundle', '--filter=ca-anchors', '--purpose=server-auth']
    const ran = await machine.run([trust, 'extract', ...filter, file], { timeoutMs: EXTRACT_MS })
    return ran.exitCode === 0 ? await machine.read(file) : undefined
  } finally {
    await machine.remove(file).catch(() => undefined)
    await machine.removeDirectory(folder).catch(() => undefined)
  }
}

/** It reads every file of its folders, PEM or DER, whatever the name. */
export const everything = (): boolean => true

/** p11-kit keeps only authorities, and only those for servers, without a word about the others. */
export function droppedByP11Kit(certificate: Certificate): string | undefined {
  // A version 1 certificate that signed itself passes for an authority there.
  if (!certificate.isCA && certificate.version !== 1) return 'p11-kit keeps only CAs, and this is none'
  const usages = certificate.extKeyUsages
  if (usages.length > 0 && !usages.includes(SERVER_AUTH) && !usages.includes(ANY))
    return 'p11-kit keeps only CAs for servers, and its extended key usage says something else'
  return undefined
}
