import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import { keyPairFailure } from '../x509/index.ts'
import type { ClassicReader } from './certs-d.ts'
import { readOrWhy } from './certs-read.ts'
import type { TrustFault } from './engine.ts'

/** Why a client certificate's file, or its key, makes the engine refuse every request for the registry. */
export async function pairFault(
  machine: Machine,
  directory: string,
  name: string,
  names: readonly string[],
  engine: ClassicReader,
): Promise<TrustFault | undefined> {
  const stem = name.replace(/\.[^.]*$/, '')
  const path = posix.join(directory, name)
  const [certificate, key] = [`${stem}.cert`, `${stem}.key`]
  if (name === key) {
    if (names.includes(certificate)) return undefined
    return { code: 'client-key-orphan', path, message: missingCertificate(stem, engine) }
  }
  if (!names.includes(key)) return { code: 'client-cert-orphan', path, message: missingKey(stem, engine) }
  const files = [certificate, key].map((file) => posix.join(directory, file))
  const found = await Promise.all(files.map((file) => readOrWhy(machine, file, engine.go)))
  for (const [index, why] of found.entries()) {
    if (typeof why === 'string')
      return { code: 'trust-directory-unreadable', path: files[index] ?? path, message: why }
  }
  const [first, second] = found
  const message =
    Buffer.isBuffer(first) && Buffer.isBuffer(second) ? keyPairFailure(first, second) : undefined
  return message === undefined ? undefined : { code: 'client-key-mismatch', path, message }
}

// Docker 20.10 begins this one with a capital letter (seen on 20.10.24); podman 4.3 does not.
function missingCertificate(stem: string, { modern, family }: ClassicReader): string {
  const word = modern || family === 'containers' ? 'missing' : 'Missing'
  return `${word} client certificate ${stem}.cert for key ${stem}.key`
}

function missingKey(stem: string, { modern, family }: ClassicReader): string {
  const hint =
    modern && family !== 'containers'
      ? 'CA certificates must use the extension .crt'
      : 'Note that CA certificates should use the extension .crt'
  return `missing key ${stem}.key for client certificate ${stem}.cert. ${hint}`
}
