import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import { shellWord } from '../machine/shell.ts'
import { field } from './docker-api.ts'
import { withToml } from './config/toml.ts'
import { parseVersion, readMerged, type Version } from './containerd-imports.ts'

const CONFIG = '/etc/containerd/config.toml'
/** Where the directory is by convention. */
export const DEFAULT_HOSTS = '/etc/containerd/certs.d'
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
  /** It pulls by its own code of old, as 1.x does, and not through the transfer service. */
  readonly pullsItself: boolean
  /** Files that its `imports` name, which may say otherwise than it does. */
  readonly imported: readonly string[]
}

/** @param version of containerd: from 2.0 on `configs.tls` is passed over (seen on 1.6, 1.7 and 2.1) */
export async function readConfig(
  machine: Machine,
  version = parseVersion(undefined),
): Promise<ContainerdConfig> {
  const document = await readMerged(machine, CONFIG, version)
  const { text, imported, fault } = document
  const images = field(document.value, 'plugins', PLUGINS[3] ?? '')
  const local = ['use_local_image_pull', 'discard_unpacked_layers'].some((key) => field(images, key) === true)
  const base = { path: CONFIG, imported, text, pullsItself: local } as const
  if (fault) return { ...base, path: fault.path, directories: [], old: false, fault: fault.why }
  const registries = Object.values(PLUGINS).map((plugin) =>
    field(document.value, 'plugins', plugin, 'registry'),
  )
  const paths = registries.map((registry) => field(registry, 'config_path'))
  const value = paths.find((entry): entry is string => typeof entry === 'string' && entry !== '') ?? ''
  const directories = value.split(':').filter((entry) => entry !== '')
  const mirrors = registries.some((registry) => valuesOf(field(registry, 'mirrors')).length > 0)
  const configs = registries.flatMap((registry) => valuesOf(field(registry, 'configs')))
  const tls = configs.some((entry) => field(entry, 'tls') !== undefined)
  const conflict = mirrors ? 'mirrors' : tls && version.major < 2 ? 'configs.tls' : undefined
  const both = directories.length > 0 && conflict !== undefined
  return { ...base, directories, old: mirrors || tls, ...(both ? { conflict } : {}) }
}

/** What has the CRI read hosts directories: lines to paste, made from the file that is there and tried on it. */
export async function configPathFix(
  { path, text, old, imported }: ContainerdConfig,
  { major }: Version,
): Promise<string> {
  const version = Number(
    /^version\s*=\s*(\d+)/m.exec(text)?.[1] ?? (text.trim() === '' ? Math.min(major + 1, 3) : 1),
  )
  const plugin = PLUGINS[version]
  const byHand = `set config_path = "${DEFAULT_HOSTS}" for the CRI's registry in ${path}${imported.length > 0 ? ', or in the last of its imports that speaks of it' : ''}, then: systemctl restart containerd`
  // Where the tables of old stand, one of the two has to go, and only its owner knows which; an import comes later and wins.
  if (plugin === undefined || old || imported.length > 0) return byHand
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
