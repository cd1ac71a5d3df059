import { posix } from 'node:path'
import { errorCode } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { shellWord } from '../machine/shell.ts'
import { field } from './docker-api.ts'
import { readToml, withToml } from './config/toml.ts'

const CONFIG = '/etc/containerd/config.toml'
/** Where the directory is by convention; 2.2 and later look there by themselves. */
export const DEFAULT_HOSTS = '/etc/containerd/certs.d'
const LIMIT = 1024 * 1024
/** The plugin that pulls for Kubernetes, by the version of the file. */
const PLUGINS: Readonly<Record<number, string>> = {
  2: 'io.containerd.grpc.v1.cri',
  3: 'io.containerd.cri.v1.images',
}
const RESTART = 'systemctl restart containerd      # its containers go on'

export interface ContainerdConfig {
  readonly path: string
  /** The directories of `config_path`: the first that has one for a registry counts. Empty where it is not set. */
  readonly directories: readonly string[]
  /** Why the file cannot be understood. */
  readonly fault?: string
  /** A table of old that may not stand beside `config_path`: the CRI does not come up with both. */
  readonly conflict?: 'mirrors' | 'configs.tls'
  /** Tables of old that the CRI goes by in place of a directory. */
  readonly old: boolean
  readonly text: string
}

/** @param major of containerd: from 2.0 on `configs.tls` is passed over (seen on 1.6, 1.7 and 2.1) */
export async function readConfig(machine: Machine, major = 2): Promise<ContainerdConfig> {
  const base = { path: CONFIG, directories: [], old: false } as const
  let text: string
  try {
    text = (await machine.read(CONFIG, LIMIT))?.toString('utf8') ?? ''
  } catch (error) {
    return { ...base, text: '', fault: `it cannot be read (${errorCode(error) ?? 'no reason given'})` }
  }
  // Most machines with Docker have a file that says nothing of registries.
  if (!/config_path|registry/.test(text)) return { ...base, text }
  const document = await readToml(text)
  if ('damage' in document) {
    const { line, column, message } = document.damage
    return { ...base, text, fault: `line ${line}, column ${column}: ${message}` }
  }
  const registries = Object.values(PLUGINS).map((plugin) =>
    field(document.value, 'plugins', plugin, 'registry'),
  )
  const paths = registries.map((registry) => field(registry, 'config_path'))
  const value = paths.find((entry): entry is string => typeof entry === 'string' && entry !== '') ?? ''
  const directories = value.split(':').filter((entry) => entry !== '')
  const mirrors = registries.some((registry) => valuesOf(field(registry, 'mirrors')).length > 0)
  const configs = registries.flatMap((registry) => valuesOf(field(registry, 'configs')))
  const tls = configs.some((entry) => field(entry, 'tls') !== undefined)
  const conflict = mirrors ? 'mirrors' : tls && major < 2 ? 'configs.tls' : undefined
  const both = directories.length > 0 && conflict !== undefined
  return { path: CONFIG, directories, old: mirrors || tls, text, ...(both ? { conflict } : {}) }
}

/** What has the CRI read hosts directories: lines to paste, made from the file that is there and tried on it. */
export async function configPathFix({ path, text, old }: ContainerdConfig, major = 2): Promise<string> {
  const version = Number(
    /^version\s*=\s*(\d+)/m.exec(text)?.[1] ?? (text.trim() === '' ? Math.min(major + 1, 3) : 1),
  )
  const plugin = PLUGINS[version]
  const byHand = `set config_path = "${DEFAULT_HOSTS}" for the CRI's registry in ${path}, then: systemctl restart containerd`
  // Where the tables of old stand, one of the two has to go, and only its owner knows which.
  if (plugin === undefined || old) return byHand
  const table = ['plugins', plugin, 'registry']
  const key = `config_path = "${DEFAULT_HOSTS}"`
  const lines = text.split('\n')
  const head = lines.findIndex((line) => isHead(line, plugin))
  if (head < 0) {
    const edited = await withToml(text, [...table, 'config_path'], DEFAULT_HOSTS)
    if ('unsafe' in edited) return byHand
    const before = text.trim() === '' ? [`version = ${version}`] : text.endsWith('\n') ? [] : ['']
    const added = [...before, `[plugins."${plugin}".registry]`, key]
    return `mkdir -p ${posix.dirname(path)}; printf '%s\\n' ${added.map(shellWord).join(' ')} >> ${path}\n${RESTART}`
  }
  const next = lines.findIndex((line, index) => index > head && /^\s*\[/.test(line))
  const there = lines
    .slice(head + 1, next < 0 ? undefined : next)
    .findIndex((line) => /^\s*config_path\s*=/.test(line))
  const edit = there < 0 ? `${head + 1}a\\  ${key}` : `${head + there + 2}s|=.*|= "${DEFAULT_HOSTS}"|`
  return `sed -i ${shellWord(edit)} ${path}\n${RESTART}`
}

/** The head of the plugin's own table, in either kind of quotes. */
function isHead(line: string, plugin: string): boolean {
  const words = /^\s*\[\s*plugins\s*\.\s*(["'])(.+)\1\s*\.\s*registry\s*\]/.exec(line)
  return words?.[2] === plugin
}

function valuesOf(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : []
}
