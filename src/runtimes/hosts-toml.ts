import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import type { GoVersion } from '../x509/index.ts'
import { shellWord } from '../machine/shell.ts'
import { loadAuthorities, type LoadedFiles } from './certs-authorities.ts'
import { goMessage } from './certs-read.ts'
import { damageText, type Edited } from './config/edit.ts'
import { isMarked, readSettings } from './config/file.ts'
import { readToml, withToml, type TomlPath } from './config/toml.ts'
import type { IgnoredFile, TrustDirectory, TrustFault } from './engine.ts'
import { editSettings, type SettingsChange, type Wish } from './settings.ts'

export interface HostsToml extends LoadedFiles {
  readonly overriddenBy: string
  /** Our certificates can be named in it. */
  readonly editable: boolean
  readonly insecure?: NonNullable<TrustDirectory['insecure']>
}

/** Before 2.0 a file without a table of hosts did not decode; since then one with a byte order mark does not. */
export interface HostsRules {
  readonly tablesOnly: boolean
}

const MARKED = { damage: { line: 1, column: 1, message: 'it begins with a byte order mark' } } as const

/**
 * What a hosts.toml says of the registry itself (containerd docs/hosts.md): the `[host."https://NAME"]` of the same
 * name, else what stands above all tables. Undefined where there is none; where it does not parse it is passed over,
 * and the other files of the directory are read; where it may not be opened, every request ends there.
 */
export async function readHostsToml(
  machine: Machine,
  directory: string,
  name: string,
  go: GoVersion | undefined,
  rules: HostsRules,
): Promise<HostsToml | { readonly passedOver: IgnoredFile } | { readonly shut: TrustFault } | undefined> {
  const path = posix.join(directory, 'hosts.toml')
  const file = await readSettings(machine, path).catch((error: unknown): { readonly shut: TrustFault } => ({
    shut: { code: 'trust-directory-unreadable', path, message: goMessage(path, error, go) },
  }))
  if (file === undefined || 'shut' in file) return file
  const marked = 'bytes' in file && isMarked(file.bytes) && !rules.tablesOnly
  const document = 'damage' in file ? file : marked ? MARKED : await readToml(file.text)
  if ('damage' in document)
    return { passedOver: { path, reason: damageText(document.damage), damaged: true } }
  const own = ownTable(document.value, name, rules)
  if (own === undefined) return undefined
  const files = textsOf(own.table['ca']).map((entry) => posix.resolve(directory, entry))
  const loaded = await loadAuthorities(machine, files, go)
  const sample = await editHostsToml(machine, directory, name, rules, {
    certificates: [posix.join(directory, 'trust-registry.crt')],
    strict: false,
  })
  const base = { ...loaded, overriddenBy: path, editable: sample !== undefined && !('byHand' in sample) }
  if (own.table['skip_verify'] !== true) return base
  return { ...base, insecure: { path, fix: `take skip_verify = true out of ${shellWord(path)}` } }
}

/** A hosts.toml that names our certificates beside its own, and checks again where that is wished. */
export function editHostsToml(
  machine: Machine,
  directory: string,
  name: string,
  rules: HostsRules,
  wish: Wish,
): Promise<SettingsChange | undefined> {
  const path = posix.join(directory, 'hosts.toml')
  const reason = `names the CA for ${name}: the certificates beside it are not read`
  return editSettings(machine, path, { reason }, async (text, bytes) => {
    if (isMarked(bytes) && !rules.tablesOnly) return { text }
    const document = await readToml(text)
    if ('damage' in document || ownTable(document.value, name, rules) === undefined) return { text }
    let edited: Edited = { text }
    let strict = false
    for (const { place, table } of placesOf(document.value, name)) {
      const named = textsOf(table['ca'])
      const known = new Set(named.map((entry) => posix.resolve(directory, entry)))
      const more = wish.certificates.filter((file) => posix.dirname(file) === directory && !known.has(file))
      if (more.length > 0) edited = await withToml(edited.text, [...place, 'ca'], [...named, ...more])
      if ('unsafe' in edited) return edited
      edited = await withClients(edited.text, directory, { place, table }, wish)
      if ('unsafe' in edited) return edited
      if (!wish.strict || table['skip_verify'] !== true) continue
      edited = await withToml(edited.text, [...place, 'skip_verify'], false)
      if ('unsafe' in edited) return edited
      strict = true
    }
    return { ...edited, ...(strict ? { strict } : {}) }
  })
}

/** `client = [["cert", "key"], …]` (containerd docs/hosts.md): pairs beside the file are not read any more either. */
async function withClients(
  text: string,
  directory: string,
  { place, table }: ReturnType<typeof placesOf>[number],
  { clients = [] }: Wish,
): Promise<Edited> {
  const { client = [] } = table
  const here = clients.filter(([certificate]) => posix.dirname(certificate) === directory)
  const listed = new Set(Array.isArray(client) ? client.map((entry) => JSON.stringify(entry)) : [])
  const more = here.filter((pair) => !listed.has(JSON.stringify(pair)))
  if (more.length === 0) return { text }
  if (!Array.isArray(client)) return { unsafe: 'its client is one file, and no list of pairs' }
  return withToml(text, [...place, 'client'], [...(client as readonly string[]), ...more])
}

type Table = Readonly<Record<string, unknown>>

function ownTable(
  document: Table,
  name: string,
  { tablesOnly }: HostsRules,
): { readonly place: TomlPath; readonly table: Table } | undefined {
  const tables = tableOf(document['host'])
  if (tablesOnly && Object.keys(tables).length === 0) return undefined
  const own = Object.entries(tables).find(([address]) => authorityOf(address) === name)
  return own === undefined
    ? { place: [], table: document }
    : { place: ['host', own[0]], table: tableOf(own[1]) }
}

/**
 * Where the registry itself is spoken of: its own table, and what stands above all tables, which is for the server that
 * is asked last. Without that, what the table may not do, and in 1.x what it does not have, ends there.
 */
function placesOf(
  document: Table,
  name: string,
): readonly { readonly place: TomlPath; readonly table: Table }[] {
  const own = Object.entries(tableOf(document['host'])).filter(([address]) => authorityOf(address) === name)
  const { server } = document
  const last = typeof server !== 'string' || authorityOf(server) === name
  return [
    ...own.map(([address, table]) => ({ place: ['host', address], table: tableOf(table) })),
    ...(last ? [{ place: [], table: document }] : []),
  ]
}

function tableOf(value: unknown): Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : {}
}

function authorityOf(address: string): string {
  return address.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
}

function textsOf(value: unknown): readonly string[] {
  return [value].flat().filter((entry) => typeof entry === 'string')
}
