import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import { damageText } from './config/edit.ts'
import { unreadable } from './config/file.ts'
import { readToml } from './config/toml.ts'
import { field } from './docker-api.ts'

const LIMIT = 1024 * 1024
const MAX_FILES = 64
const MAX_STARS = 4
/** Most machines with Docker have a file that says nothing of registries: it is not taken apart. */
const SPEAKS = /config_path|registry|imports/

export interface MergedConfig {
  readonly value: unknown
  /** The text of the first file; empty where there is none. */
  readonly text: string
  /** Files beside the first that were read. */
  readonly imported: readonly string[]
  /** The file that keeps containerd from starting, and why. */
  readonly fault?: { readonly path: string; readonly why: string }
}

/**
 * config.toml with the files that its `imports` name, and those that they name (containerd cmd/containerd/server/config
 * LoadConfig): breadth first, each once, what comes later wins. 1.x then takes a plugin's table whole, from the last
 * file that has one; 2.x merges key by key (seen on 1.6.20, 1.7.24 and 2.1.9 by `containerd config dump`).
 */
export async function readMerged(machine: Machine, first: string, version: Version): Promise<MergedConfig> {
  const pending = [first]
  const loaded = new Map<string, string>()
  let value: unknown = {}
  const state = (): Omit<MergedConfig, 'fault'> => {
    const [, ...imported] = loaded.keys()
    return { value, text: loaded.get(first) ?? '', imported }
  }
  for (let path = pending.shift(); path !== undefined; path = pending.shift()) {
    if (loaded.has(path)) continue
    const fault = (why: string): MergedConfig => ({ ...state(), fault: { path, why } })
    if (loaded.size >= MAX_FILES) return fault(`more than ${MAX_FILES} files are imported`)
    let text: string | undefined
    try {
      text = (await machine.read(path, LIMIT))?.toString('utf8')
    } catch (error) {
      return fault(unreadable(error))
    }
    // Before 2.0 an import that is not there ends the start.
    if (text === undefined && path !== first && version.major < 2) return fault('there is no such file')
    loaded.set(path, text ?? '')
    if (text === undefined || !(path === first ? SPEAKS : /\S/).test(text)) continue
    const document = await readToml(text)
    if ('damage' in document) return fault(damageText(document.damage))
    value = merged(value, document.value, version.major)
    const imports = [field(document.value, 'imports')].flat()
    for (const pattern of imports.filter((entry) => typeof entry === 'string'))
      pending.push(...(await filesOf(machine, path, pattern, version)))
  }
  return state()
}

export interface Version {
  readonly major: number
  readonly minor: number
}

/** As `ctr version` has it; where nobody answers, that of today. */
export function parseVersion(version: string | undefined): Version {
  const [major = NaN, minor = 0] = (version ?? '').split('.').map((part) => Number.parseInt(part, 10))
  return Number.isNaN(major) ? { major: 2, minor: 1 } : { major, minor: Number.isNaN(minor) ? 0 : minor }
}

function merged(to: unknown, from: unknown, major: number): unknown {
  if (major >= 2) return deeply(to, from)
  const plugins = { ...tableOf(field(to, 'plugins')), ...tableOf(field(from, 'plugins')) }
  return { ...tableOf(to), ...tableOf(from), plugins }
}

/** Deep enough for any setting: what was read is bounded in depth. */
function deeply(to: unknown, from: unknown): unknown {
  const [below, above] = [tableOf(to), tableOf(from)]
  if (below === undefined || above === undefined) return from
  const entries = Object.entries(above).map(
    ([key, value]) => [key, deeply(field(below, key), value)] as const,
  )
  return Object.fromEntries([...Object.entries(below), ...entries])
}

function tableOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined
}

/** What one entry of `imports` names: with a star a pattern of filepath.Glob, else a path. */
async function filesOf(
  machine: Machine,
  parent: string,
  pattern: string,
  { major, minor }: Version,
): Promise<readonly string[]> {
  const star = pattern.includes('*')
  // Up to 1.6 a relative pattern begins where the daemon was started: for a service at the root.
  const from = star && major === 1 && minor < 7 ? '/' : posix.dirname(parent)
  const path = posix.resolve(from, pattern)
  if (!star) return [path]
  let found = ['/']
  for (const part of path.split('/').filter((entry) => entry !== '')) {
    const matches = matcher(part)
    if (matches === undefined) {
      found = found.map((folder) => posix.join(folder, part))
      continue
    }
    const lists = await Promise.all(
      found.slice(0, MAX_FILES).map(async (folder) => {
        const names = (await machine.list(folder).catch(() => undefined)) ?? []
        return names.filter((name) => matches.test(name)).map((name) => posix.join(folder, name))
      }),
    )
    found = lists.flat()
  }
  const states = await Promise.all(
    found.slice(0, MAX_FILES + 1).map((file) => machine.stat(file).catch(() => undefined)),
  )
  return found.filter((_, index) => states[index] !== undefined)
}

/** path/filepath Match, without its ranges' rarer forms; undefined where the part is a plain name. */
function matcher(part: string): RegExp | undefined {
  if (!/[*?[]/.test(part)) return undefined
  const pieces = part.match(/\\.|\*+|\?|\[\^?[^\]]+\]|./gs) ?? []
  // Every further star multiplies the work.
  if (pieces.filter((piece) => piece.startsWith('*')).length > MAX_STARS) return /(?!)/
  const source = pieces.map((piece) => {
    if (piece.startsWith('*')) return '[^/]*'
    if (piece === '?') return '[^/]'
    if (piece.length > 2 && piece.startsWith('[')) return classOf(piece)
    return literal(piece.replace(/^\\(?=.)/s, ''))
  })
  try {
    return new RegExp(`^${source.join('')}$`, 'su')
  } catch {
    return /(?!)/
  }
}

function classOf(piece: string): string {
  return piece.replace(/[\\[&~]/g, '\\$&').replace(/^\\\[/, '[')
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
