import type { Machine } from '../machine/machine.ts'
import { attributeDrift } from './attributes.ts'
import { reasonOf } from './failure.ts'
import type { Identity, OwnedFile, Records } from './model.ts'

/** Something of ours on the machine, on behalf of one registry. */
export interface Holding {
  readonly registry: string
  /** `store`: a source of the OS store, which has to be in its bundle as well. */
  readonly what: 'file' | 'store'
  readonly where: string
  readonly runtime: string
  readonly since: string
  readonly identity: Identity
  /** RFC 3339: the end of the installed certificate. */
  readonly expires?: string
  /** It belongs to an earlier identity, and stays until `--prune`. */
  readonly superseded?: true
  readonly holds: boolean
  readonly drift?: string
}

/** What was done here, file by file and registry by registry, and whether it is still so. */
export async function holdings(machine: Machine, records: Records): Promise<readonly Holding[]> {
  const found: Holding[] = []
  for (const record of records.registries) {
    for (const file of records.files.filter((entry) => entry.registries.includes(record.registry))) {
      const { bytes, drift } = await compare(machine, file)
      const expires = bytes && drift === undefined ? (await import('./inspect.ts')).endOf(bytes) : undefined
      found.push({
        registry: record.registry,
        what: file.store === undefined ? 'file' : 'store',
        where: file.path,
        runtime: file.runtime,
        since: file.since,
        identity: record.identity,
        ...(expires === undefined ? {} : { expires }),
        ...(file.certificate !== undefined && record.superseded?.includes(file.certificate)
          ? { superseded: true as const }
          : {}),
        holds: drift === undefined,
        ...(drift === undefined ? {} : { drift }),
      })
    }
  }
  return found.sort((a, b) => byOctets(a.registry, b.registry) || byOctets(a.where, b.where))
}

/** SHA-256 of the certificates whose file, on behalf of this registry, somebody has taken away or given another mode. */
export async function strayFiles(
  machine: Machine,
  records: Records,
  registry: string,
): Promise<ReadonlySet<string>> {
  const stray = new Set<string>()
  for (const file of records.files.filter((entry) => entry.registries.includes(registry))) {
    // What cannot be looked at is not known to be gone.
    const isStray = await machine.stat(file.path).then(
      (info) =>
        info === undefined || (info.kind === 'file' && attributeDrift(machine, info, file) !== undefined),
      () => false,
    )
    if (isStray && file.certificate !== undefined) stray.add(file.certificate)
  }
  return stray
}

/** The same order on every machine, whatever its language. */
function byOctets(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

async function compare(
  machine: Machine,
  file: OwnedFile,
): Promise<{ readonly bytes?: Buffer | undefined; readonly drift?: string | undefined }> {
  try {
    const info = await machine.stat(file.path)
    const bytes = info?.kind === 'file' ? await machine.read(file.path) : undefined
    // Loaded late: an empty status shall not pay for hashes and a parser.
    const { driftOf, storeDrift } = await import('./inspect.ts')
    return { bytes, drift: driftOf(machine, info, bytes, file) ?? (await storeDrift(machine, file)) }
  } catch (error) {
    return { drift: `the file cannot be looked at: ${reasonOf(error)}` }
  }
}
