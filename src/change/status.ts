import type { Machine } from '../machine/machine.ts'
import type { Identity, Records } from './model.ts'

export interface Holding {
  readonly registry: string
  readonly what: 'file'
  readonly where: string
  readonly runtime: string
  readonly since: string
  readonly identity: Identity
  readonly expires?: string
  readonly holds: boolean
  readonly drift?: string
}

/** What was done here, file by file and registry by registry, and whether it is still so. */
export async function holdings(machine: Machine, records: Records): Promise<readonly Holding[]> {
  const found: Holding[] = []
  for (const record of records.registries) {
    for (const file of records.files.filter((entry) => entry.registries.includes(record.registry))) {
      const info = await machine.stat(file.path)
      const bytes = info?.kind === 'file' ? await machine.read(file.path) : undefined
      const drift = await driftOf(info, bytes, file)
      const expires = bytes && drift === undefined ? await endOf(bytes) : undefined
      found.push({
        registry: record.registry,
        what: 'file',
        where: file.path,
        runtime: file.runtime,
        since: file.since,
        identity: record.identity,
        ...(expires === undefined ? {} : { expires }),
        holds: drift === undefined,
        ...(drift === undefined ? {} : { drift }),
      })
    }
  }
  return found.sort((a, b) => a.registry.localeCompare(b.registry) || a.where.localeCompare(b.where))
}

async function driftOf(
  info: Awaited<ReturnType<Machine['stat']>>,
  bytes: Buffer | undefined,
  file: { readonly sha256: string; readonly mode: number },
): Promise<string | undefined> {
  if (!info) return 'the file is gone'
  if (!bytes) return 'something else stands there'
  // Loaded late, like the parser below: an empty status shall not pay for them.
  const { sha256 } = await import('./digest.ts')
  if (sha256(bytes) !== file.sha256) return 'the file was changed'
  if (process.platform !== 'win32' && info.mode !== file.mode) return `its mode is ${info.mode.toString(8)}`
  return undefined
}

async function endOf(bytes: Buffer): Promise<string | undefined> {
  const base64 = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/.exec(
    bytes.toString('latin1'),
  )?.[1]
  if (base64 === undefined) return undefined
  const { parseCertificate } = await import('../x509/index.ts')
  return parseCertificate(Buffer.from(base64, 'base64')).notAfter.toISOString()
}
