import { shellWord } from '../machine/shell.ts'
import type { Builder, BuilderNode, Builders } from './buildx-builders.ts'
import { tomlKey, tomlValue } from './config/toml.ts'

/** Where a person keeps the file that a builder was made from; only they know. */
const OWN_FILE = 'buildkitd.toml'
/** What create adds by itself (buildx 0.13 and later). */
const ADDED = '--allow-insecure-entitlement=network.host'
const USUAL = 'unix:///var/run/docker.sock'

/**
 * Lines that make builders anew with a CA for a registry: their buildkitd goes by what it was made with. All go by one
 * file of settings: buildkitd.default.toml where they were made without one, else one that only their owner knows.
 */
export function linesFor(
  builders: readonly Builder[],
  registry: string,
  ca: readonly string[],
  defaults: Builders['defaults'] | undefined,
): readonly string[] {
  const file = defaults?.path ?? OWN_FILE
  const there = defaults ? defaults.registries?.get(registry) : undefined
  const byHand = defaults !== undefined && (defaults.registries === undefined || there !== undefined)
  const [head, line] = stanza(registry, ca)
  // Without it, a builder would be made anew from our lines alone.
  const guard = defaults ? '' : `test -f ${shellWord(file)} && `
  const whose = defaults ? '' : '      # the file that it was made from'
  const tell = byHand
    ? [`# in ${shellWord(file)}, below ${head}: ${line.trim()}`]
    : [`${guard}${append(head, line)} >> ${shellWord(file)}${whose}`]
  const made = builders.flatMap((builder) => anew(builder, defaults ? undefined : file))
  return [...(there?.ca === true ? [] : tell), ...made]
}

/** For the buildkitd that somebody else has started. */
export function linesElsewhere(registry: string): readonly string[] {
  const [head, line] = stanza(registry, [`/etc/buildkit/certs.d/${registry}/ca.crt`])
  return [
    `${append(head, line)} >> /etc/buildkit/buildkitd.toml      # there, with the CA at that path; then restart buildkitd`,
  ]
}

/** Behind whatever the last line there is. */
function append(head: string, line: string): string {
  return `printf '\\n%s\\n%s\\n' ${shellWord(head)} ${shellWord(line)}`
}

function stanza(registry: string, ca: readonly string[]): readonly [string, string] {
  return [`[registry.${tomlKey(registry)}]`, `  ca = ${tomlValue(ca)}`]
}

function anew(builder: Builder, file: string | undefined): readonly string[] {
  const { name, driver, nodes, takes } = builder
  // The cache of one in a container is a volume of its own.
  const keep = driver === 'docker-container' ? ' --keep-state' : ''
  const guard = file === undefined ? '' : `test -f ${shellWord(file)} && `
  const remove = `${guard}docker buildx rm${keep} ${name}`
  if (!nodes.every(isPlain)) return [`docker buildx inspect ${name}      # then make it anew`, remove]
  // The endpoint of one in a cluster is made up by create.
  const madeUp = driver === 'kubernetes'
  const lines = nodes.map((node, index) => {
    const words = [
      ...['--name', name, ...(index > 0 ? ['--append'] : []), '--driver', driver],
      ...(node.name === `${name}${index}` ? [] : ['--node', node.name]),
      ...node.options.flatMap(([key, value]) => ['--driver-opt', csv(`${key}=${value}`)]),
      ...flagsOf(node),
      ...(node.platforms.length > 0 ? ['--platform', node.platforms.join(',')] : []),
      ...(file === undefined ? [] : ['--buildkitd-config', file]),
      ...(takes.length > 0 ? ['--use'] : []),
      ...(madeUp || (nodes.length === 1 && node.endpoint === USUAL) ? [] : [node.endpoint]),
    ]
    const old = file === undefined ? '' : '      # buildx before 0.13: --config'
    return `docker buildx create ${words.map(shellWord).join(' ')}${old}`
  })
  return [remove, ...lines]
}

function flagsOf({ flags }: BuilderNode): readonly string[] {
  const given = flags.filter((flag) => flag !== ADDED)
  return given.length > 0 ? ['--buildkitd-flags', given.map(shellWord).join(' ')] : []
}

/** A field of CSV, as the option takes several in one (encoding/csv). */
function csv(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** What can stand in a line: no control character, nothing that would be taken for an option, nothing endless. */
function isPlain({ endpoint, platforms, options, flags }: BuilderNode): boolean {
  const all = [endpoint, ...platforms, ...options.flat(), ...flags]
  const size = all.reduce((sum, word) => sum + word.length, 0)
  return size < 2000 && /^[\w:/.@%+]/.test(endpoint) && all.every((word) => !/[^\P{C}]/u.test(word))
}
