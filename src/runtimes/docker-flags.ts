/** Keys of daemon.json whose flag has another name (moby cmd/dockerd/config.go, NamedListOptsRef and its like). */
const FLAGS: Readonly<Record<string, string>> = {
  'authorization-plugins': 'authorization-plugin',
  'default-address-pools': 'default-address-pool',
  'default-ulimits': 'default-ulimit',
  'dns-opts': 'dns-opt',
  'exec-opts': 'exec-opt',
  graph: 'data-root',
  hosts: 'host',
  'insecure-registries': 'insecure-registry',
  labels: 'label',
  'log-opts': 'log-opt',
  'node-generic-resources': 'node-generic-resource',
  'registry-mirrors': 'registry-mirror',
  'storage-opts': 'storage-opt',
}

const SHORT: Readonly<Record<string, string>> = {
  b: 'bridge',
  D: 'debug',
  G: 'group',
  g: 'data-root',
  H: 'host',
  l: 'log-level',
  p: 'pidfile',
  s: 'storage-driver',
}

/** May stand in both places (moby daemon/config/config.go, skipDuplicates and skipValidateOptions). */
const BOTH = new Set(['runtimes', 'features', 'builder'])

/**
 * The keys of daemon.json that the daemon's command line settles as well: with any of them it does not start
 * (moby daemon/config/config.go, findConfigurationConflicts).
 */
export function flagConflicts(argv: readonly string[], config: object): readonly string[] {
  const flags = new Set(argv.flatMap((word) => flagOf(word) ?? []))
  return Object.keys(config).filter((key) => !BOTH.has(key) && flags.has(FLAGS[key] ?? key))
}

function flagOf(word: string): string | undefined {
  const long = /^--([a-z][a-z0-9-]*)/.exec(word)?.[1]
  if (long !== undefined) return FLAGS[long] ?? long
  const short = /^-([A-Za-z])/.exec(word)?.[1]
  return short === undefined ? undefined : SHORT[short]
}

/** The addresses that the daemon's command line has it listen on: `-H x`, `-H=x`, `-Hx`, `--host x`, `--host=x`. */
export function listens(argv: readonly string[]): readonly string[] {
  return argv.flatMap((word, index) => {
    const given = /^(?:--host(?:=|$)|-H=?)(.*)$/.exec(word)?.[1]
    return (given === '' ? argv[index + 1] : given) ?? []
  })
}

/** What a flag of the daemon's is given, by its long name: `--name x`, `--name=x`. */
export function valuesOf(argv: readonly string[], name: string): readonly string[] {
  return argv.flatMap((word, index) => {
    if (word === `--${name}`) return argv[index + 1] ?? []
    return word.startsWith(`--${name}=`) ? word.slice(name.length + 3) : []
  })
}
