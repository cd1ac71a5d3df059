import type { Builder, Builders } from '../runtimes/buildx-builders.ts'
import { linesElsewhere, linesFor } from '../runtimes/buildx-lines.ts'
import { CertPool, verify, type Certificate } from '../x509/index.ts'
import type { Evidence } from './evidence.ts'
import type { Finding } from './judgement.ts'

const NO_FILE = 'CA.pem'

/**
 * Builders of buildx that run a buildkitd of their own: it reads neither the directories of engines nor this machine's
 * OS store, and has what it was made with. Never an error: they are told of, and nobody asks them.
 */
export function builderFindings(evidence: Evidence, sent: readonly Certificate[]): readonly Finding[] {
  const { builders, observation, at } = evidence
  const [leaf, ...others] = sent
  if (!builders || !leaf) return []
  const { host, registry } = observation.target
  const intermediates = CertPool.of(...others)
  const accepts = (roots: CertPool): boolean => verify(leaf, { host, at, intermediates, roots }).ok
  // The image of buildkitd brings the public roots; what somebody added to this machine's it does not have.
  if (accepts(packagedRoots(evidence))) return []
  const untold = builders.all.filter((builder) => !isTold(builder, registry, accepts))
  const ca = builders.apart ? [] : filesThatHold(evidence, accepts)
  const files = ca.length > 0 ? ca : [NO_FILE]
  const remote = untold.filter(({ driver }) => driver === 'remote')
  const made = untold.filter(({ driver }) => driver !== 'remote')
  const plain = made.filter((builder) => isOfDefaults(builder, builders.defaults))
  const groups = [
    ...(plain.length > 0 ? [plain] : []),
    ...made.filter((one) => !plain.includes(one)).map((one) => [one]),
  ]
  return [
    ...groups.map((group) => {
      const defaults = group === plain ? builders.defaults : undefined
      const lines = linesFor(group, registry, files, defaults)
      const holds = ca.length > 0 ? [] : [`# ${NO_FILE}: the file with the CA`]
      const whose = builders.person === undefined ? [] : [`# as ${builders.person}`]
      return finding(group, `goes by what it was made with, which holds no CA for ${registry}`, [
        ...whose,
        ...holds,
        ...lines,
      ])
    }),
    ...remote.map((one) =>
      finding(
        [one],
        `is started elsewhere and goes by its own buildkitd.toml, which cannot be seen from here`,
        linesElsewhere(registry),
      ),
    ),
  ]
}

function finding(builders: readonly Builder[], what: string, fix: readonly string[]): Finding {
  const names = builders.map(({ name, driver }) => `${name} (${driver})`).join(', ')
  const used = builders.flatMap(({ takes, name }) => takes.map((command) => ({ command, name })))
  const uses =
    used.length > 0
      ? `; ${used.map(({ command }) => command).join(' and ')} ${used.length > 1 ? 'go' : 'goes'} to ${used[0]?.name ?? ''}`
      : ''
  const [noun, verb] = builders.length > 1 ? ['builders', 'each '] : ['builder', '']
  return {
    code: 'builder-untold',
    severity: used.length > 0 ? 'warning' : 'info',
    owner: 'machine',
    message: `buildx ${noun} ${names}: ${verb}a buildkitd of its own, which reads neither certs.d nor the OS store here; it ${what}${uses}`,
    fix: fix.join('\n'),
  }
}

/** All nodes have to know the CA: a build goes to any of them. */
function isTold({ nodes }: Builder, registry: string, accepts: (roots: CertPool) => boolean): boolean {
  return nodes.every(({ told }) => {
    const entry = told?.get(registry)
    if (entry === undefined) return false
    return entry.unchecked || accepts(CertPool.union(...entry.ca.map((pem) => CertPool.fromPem(pem))))
  })
}

/** Made without settings, or with those that make every builder: what it knows stands in that file as well. */
function isOfDefaults({ nodes }: Builder, { registries }: Builders['defaults']): boolean {
  return nodes.every(
    ({ told }) => told === undefined || [...told.keys()].every((name) => registries?.has(name) === true),
  )
}

/** The OS store without what was added on this machine. */
function packagedRoots({ store, sources }: Evidence): CertPool {
  const added = new Set(sources?.appended)
  for (const { certificates } of sources?.files ?? [])
    for (const { sha256 } of certificates) added.add(sha256)
  if (added.size === 0) return store
  return CertPool.of(...store.certificates.filter(({ sha256 }) => !added.has(sha256)))
}

/** Files of an engine's directory, or among the sources of the OS store, that are enough for this chain. */
function filesThatHold(
  { engines, sources }: Evidence,
  accepts: (roots: CertPool) => boolean,
): readonly string[] {
  const engine = engines.find(({ trust }) => accepts(trust.pool))
  if (engine) {
    const { pool } = engine.trust
    return [...new Set(pool.certificates.flatMap((one) => pool.originOf(one) ?? []))]
  }
  const source = sources?.files.find(({ pool }) => accepts(pool))
  return source ? [source.path] : []
}
