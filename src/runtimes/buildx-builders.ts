import { posix } from 'node:path'
import type { Machine, OwnedFiles } from '../machine/machine.ts'
import { readToml } from './config/toml.ts'
import { field, text } from './docker-api.ts'

const MAX_BUILDERS = 16
const MAX_NODES = 8
const LIMIT = 1024 * 1024
/** buildx store/util.go ValidateName. */
const NAME = /^[a-zA-Z][a-zA-Z0-9.\-_]{0,127}$/
/** Where a builder finds what was copied into it (buildx util/confutil/container.go). */
const COPIES = '/etc/buildkit/'
/** The driver that is dockerd's own BuildKit: it is a consumer by itself. */
const DAEMON = 'docker'
const USUAL = 'unix:///var/run/docker.sock'

/** What a builder's buildkitd has been told of one registry. */
export interface Told {
  /** PEM files of the CAs that it is to accept. */
  readonly ca: readonly Buffer[]
  readonly unchecked: boolean
}

export interface BuilderNode {
  readonly name: string
  readonly endpoint: string
  readonly platforms: readonly string[]
  readonly options: readonly (readonly [string, string])[]
  readonly flags: readonly string[]
  /** By registry, from the settings that it was made with; undefined: it was made without. */
  readonly told?: ReadonlyMap<string, Told>
}

/** A buildkitd of its own, elsewhere than in dockerd: in a container, in a cluster, or somewhere. */
export interface Builder {
  readonly name: string
  readonly driver: string
  readonly nodes: readonly BuilderNode[]
  /** Commands that go to it without being told. */
  readonly takes: readonly string[]
}

export interface Builders {
  readonly all: readonly Builder[]
  /** The settings of those that are made without any, and the registries that it speaks of; undefined: it is damaged. */
  readonly defaults: { readonly path: string; readonly registries?: ReadonlyMap<string, { ca: boolean }> }
  /** They are another computer's than the registry's directories: no file there can be named. */
  readonly apart: boolean
  /** Whose they are, where that is somebody else than who runs this. */
  readonly person?: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The caller's builders (buildx store/store.go: one JSON file each). Whatever is in these files was written by anybody:
 * what does not look like buildx's own is passed over.
 * @param home the computer where `docker` is typed
 */
export async function readBuilders(
  home: Machine,
  env: Environment,
  apart: boolean,
): Promise<Builders | undefined> {
  const { invoker, elevated } = home.who()
  // Root has no business in files that are not the person's.
  const files = elevated && home.ownedBy ? home.ownedBy(invoker) : home
  const own = (name: string): string => (elevated ? '' : (env[name] ?? ''))
  const docker = posix.resolve(own('DOCKER_CONFIG') || posix.join(invoker.home, '.docker'))
  const folder = posix.resolve(own('BUILDX_CONFIG') || posix.join(docker, 'buildx'))
  const instances = posix.join(folder, 'instances')
  const names = ((await home.list(instances).catch(() => undefined)) ?? []).filter((name) => NAME.test(name))
  if (names.length === 0) return undefined
  const [current, config, defaults] = await Promise.all([
    json(files, posix.join(folder, 'current')),
    json(files, posix.join(docker, 'config.json')),
    defaultsIn(files, posix.join(folder, 'buildkitd.default.toml')),
  ])
  const named = own('BUILDX_BUILDER')
  const takes = (name: string): readonly string[] => {
    if (named !== '') return named === name ? ['docker buildx build', 'docker build'] : []
    if (text(field(current, 'Name')) !== name) return []
    // `docker build` goes to the daemon whichever builder is chosen, unless `docker buildx install` was run.
    const alias = text(field(config, 'aliases', 'builder')) === 'buildx'
    return ['docker buildx build', ...(alias ? ['docker build'] : [])]
  }
  const read = names.slice(0, MAX_BUILDERS).map(async (name): Promise<Builder | undefined> => {
    const found = await json(files, posix.join(instances, name))
    const driver = text(field(found, 'Driver')) ?? ''
    const nodes = field(found, 'Nodes')
    if (!Array.isArray(nodes) || !NAME.test(driver) || driver === DAEMON) return undefined
    const parsed = await Promise.all(nodes.slice(0, MAX_NODES).map(nodeOf))
    return { name, driver, nodes: parsed.filter((node) => node !== undefined), takes: takes(name) }
  })
  const all = (await Promise.all(read)).filter((builder) => (builder?.nodes.length ?? 0) > 0)
  const person = elevated ? { person: invoker.name } : {}
  return { all: all.filter((builder) => builder !== undefined), defaults, apart, ...person }
}

async function nodeOf(found: unknown): Promise<BuilderNode | undefined> {
  const name = text(field(found, 'Name')) ?? ''
  if (!NAME.test(name)) return undefined
  const settings = fileOf(found, 'buildkitd.toml')
  return {
    name,
    endpoint: text(field(found, 'Endpoint')) ?? USUAL,
    platforms: listOf(field(found, 'Platforms')).map(platform),
    options: Object.entries(field(found, 'DriverOpts') ?? {}).flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, value] as const] : [],
    ),
    flags: listOf(field(found, 'Flags')).filter((flag) => typeof flag === 'string'),
    ...(settings === undefined ? {} : { told: await toldOf(settings, found) }),
  }
}

/** Its copies lie beside the settings, which name them as the builder sees them. */
async function toldOf(settings: Buffer, node: unknown): Promise<ReadonlyMap<string, Told>> {
  return byRegistry(await readToml(settings.toString('utf8')), (entry) => ({
    ca: textsOf(field(entry, 'ca')).flatMap((path) => fileOf(node, path.replace(COPIES, '')) ?? []),
    unchecked: ['insecure', 'http'].some((key) => field(entry, key) === true),
  }))
}

async function defaultsIn(files: OwnedFiles, path: string): Promise<Builders['defaults']> {
  const bytes = await files.read(path, LIMIT).catch(() => null)
  const read = bytes === null ? { damage: undefined } : await readToml(bytes?.toString('utf8') ?? '')
  if ('damage' in read) return { path }
  return { path, registries: byRegistry(read, (entry) => ({ ca: textsOf(field(entry, 'ca')).length > 0 })) }
}

function byRegistry<T>(
  settings: { readonly value: unknown } | { readonly damage: unknown },
  told: (entry: unknown) => T,
): ReadonlyMap<string, T> {
  const registries = 'value' in settings ? field(settings.value, 'registry') : undefined
  return new Map(Object.entries(registries ?? {}).map(([registry, entry]) => [registry, told(entry)]))
}

/** Go writes bytes into JSON as base64. */
function fileOf(node: unknown, name: string): Buffer | undefined {
  const encoded = text(field(node, 'Files', name))
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64')
}

function platform(value: unknown): string {
  const { os, architecture, variant } = Object(value) as Readonly<Record<string, unknown>>
  return [os, architecture, variant].filter((part) => text(part) !== undefined && part !== '').join('/')
}

async function json(files: OwnedFiles, path: string): Promise<unknown> {
  const bytes = await files.read(path, LIMIT).catch(() => undefined)
  try {
    return JSON.parse(bytes?.toString('utf8') ?? '')
  } catch {
    return undefined
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textsOf(value: unknown): readonly string[] {
  return [value].flat().filter((entry) => typeof entry === 'string')
}
