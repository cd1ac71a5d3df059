import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import type { GoVersion } from '../x509/index.ts'
import { shellWord } from '../machine/shell.ts'
import { loadAuthorities, type LoadedFiles } from './certs-authorities.ts'
import { readToml } from './config/toml.ts'
import type { TrustDirectory } from './engine.ts'

const LIMIT = 1024 * 1024

export interface HostsToml extends LoadedFiles {
  readonly overriddenBy: string
  readonly insecure?: NonNullable<TrustDirectory['insecure']>
}

/**
 * What a hosts.toml says of the registry itself (containerd docs/hosts.md): the `[host."https://NAME"]` of the same
 * name, else what stands above all tables. Undefined where there is none, and where it does not parse: then the other
 * files of the directory are read.
 */
export async function readHostsToml(
  machine: Machine,
  directory: string,
  name: string,
  go: GoVersion | undefined,
  { tablesOnly }: { readonly tablesOnly: boolean },
): Promise<HostsToml | undefined> {
  const path = posix.join(directory, 'hosts.toml')
  let text: string | undefined
  try {
    text = (await machine.read(path, LIMIT))?.toString('utf8')
  } catch {
    // Without privilege it may be out of our sight: the engine's own word then tells.
    return undefined
  }
  const document = text === undefined ? undefined : await readToml(text)
  if (document === undefined || 'damage' in document) return undefined
  const tables = tableOf(document.value['host'])
  if (tablesOnly && Object.keys(tables).length === 0) return undefined
  const own = Object.entries(tables).find(([address]) => authorityOf(address) === name)?.[1]
  const table = own === undefined ? document.value : tableOf(own)
  const files = textsOf(table['ca']).map((file) => posix.resolve(directory, file))
  const loaded = await loadAuthorities(machine, files, go)
  const base = { ...loaded, overriddenBy: path }
  if (table['skip_verify'] !== true) return base
  return { ...base, insecure: { path, fix: `take skip_verify = true out of ${shellWord(path)}` } }
}

function tableOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {}
}

function authorityOf(address: string): string {
  return address.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
}

function textsOf(value: unknown): readonly string[] {
  return [value].flat().filter((entry) => typeof entry === 'string')
}
