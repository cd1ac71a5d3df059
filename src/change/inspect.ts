import type { FileInfo, Machine } from '../machine/machine.ts'
import { census } from '../stores/census.ts'
import { stores } from '../stores/index.ts'
import { parseCertificate } from '../x509/index.ts'
import { attributeDrift } from './attributes.ts'
import { sha256 } from './digest.ts'
import type { OwnedFile } from './model.ts'

/** How a file of ours differs from what we left; undefined where it does not. */
export function driftOf(
  machine: Pick<Machine, 'platform'>,
  info: FileInfo | undefined,
  bytes: Buffer | undefined,
  file: OwnedFile,
): string | undefined {
  if (!info) return 'the file is gone'
  if (!bytes) return 'something else stands there'
  if (sha256(bytes) !== file.sha256) return 'the file was changed'
  return attributeDrift(machine, info, file)
}

/** Whether the bundle that is made from a source of the OS store holds it; undefined where it does. */
export async function storeDrift(machine: Machine, file: OwnedFile): Promise<string | undefined> {
  if (file.store === undefined || file.certificate === undefined) return undefined
  const { bundle, tool } = stores[file.store]
  const held = census((await machine.read(bundle)) ?? Buffer.alloc(0))
  return held.has(file.certificate) ? undefined : `${bundle} does not hold it: ${tool} has to run`
}

/** The end of the certificate in a file that we wrote (RFC 3339). */
export function endOf(bytes: Buffer): string | undefined {
  const base64 = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/.exec(
    bytes.toString('latin1'),
  )?.[1]
  if (base64 === undefined) return undefined
  return parseCertificate(Buffer.from(base64, 'base64')).notAfter.toISOString()
}
