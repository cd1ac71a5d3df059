import { posix } from 'node:path'
import { shellWord } from '../machine/shell.ts'
import type { Observation } from '../registry/observation.ts'
import type { EntryByHand } from '../runtimes/docker-insecure.ts'
import type { EngineSurvey } from '../runtimes/engine.ts'
import type { CertPool } from '../x509/index.ts'
import { labelOf } from './directory-findings.ts'
import type { EngineEvidence, Evidence } from './evidence.ts'
import type { Finding } from './judgement.ts'
import { serviceLine, serviceName } from './service-line.ts'
import { liesIn } from './unchecked.ts'

/** Why the engine does not look at the chain at all. */
export function uncheckedFinding(
  why: 'loopback' | 'listed',
  observation: Observation,
  engine: EngineEvidence,
): Finding {
  const { registry, host } = observation.target
  // All jobs of a daemon share its settings, and its clients leave out loopback as it does.
  const name = engine.survey.name.replace(/^docker-.*|^buildx$/, 'docker')
  if (why === 'loopback') {
    const apart = apartFinding(engine, observation)
    if (apart) return apart
    return {
      code: 'loopback-insecure',
      severity: 'warning',
      owner: 'machine',
      message: `${host} is a loopback address: ${name} does not check certificates there at all, so there is nothing to install`,
    }
  }
  const { insecure } = engine.trust
  if (insecure) {
    return {
      code: 'insecure-registry',
      severity: 'error',
      owner: 'machine',
      message: `${insecure.path} says not to check the certificate of ${registry}: ${labelOf(engine)} does not look at it at all`,
      fix: insecure.fix,
    }
  }
  const byHand = entryOf(engine, observation)
  const where = byHand ? `, by ${byHand.where}` : ''
  return {
    code: 'insecure-registry',
    severity: 'error',
    owner: 'machine',
    message: `${name} has ${registry} among its insecure-registries${where}: it does not check the certificate at all`,
    fix: byHand?.fix ?? uncheckedFix(engine, registry),
  }
}

/** The entry that a person has to take out: the registry's own counts before a network. */
function entryOf({ survey }: EngineEvidence, { target, addresses }: Observation): EntryByHand | undefined {
  const { entriesByHand = [], insecureRegistries } = survey
  const own = entriesByHand.find(({ entry }) => entry === target.registry)
  if (own || insecureRegistries.includes(target.registry)) return own
  return entriesByHand.find(({ entry }) => liesIn(addresses, [entry]))
}

/** RootlessKit gives its daemon a network of its own, and closes that to the machine's loopback (`--disable-host-loopback`). */
function apartFinding(
  { survey, answer }: EngineEvidence,
  { target: { host, port } }: Observation,
): Finding | undefined {
  if (survey.flavour !== 'rootless' || answer?.outcome !== 'unclear') return undefined
  return {
    code: 'loopback-insecure',
    severity: 'warning',
    owner: 'machine',
    message: `${host} is a loopback address, and the rootless daemon has a network of its own: there it means the daemon itself, which reaches nothing (${answer.message})`,
    fix: `trust-registry diagnose ${shellWord(`ADDRESS:${port}`)}      # by an address of this machine that is no loopback; hostname -I has them`,
  }
}

/** Where daemon.json of another Docker is, and what has it read again (docker/docs rootless; docker-snap; Docker Desktop). */
const OWN_SETTINGS = {
  rootless: '~/.config/docker/daemon.json of its person, then: systemctl --user reload docker',
  snap: '/var/snap/docker/current/config/daemon.json, then: snap restart docker',
  desktop: 'Settings > Docker Engine, then: Apply & Restart',
} as const

function uncheckedFix({ survey }: EngineEvidence, registry: string): string {
  const { flavour, insecureRegistries, settingsFile = '/etc/docker/daemon.json' } = survey
  if (flavour !== undefined && flavour !== 'podman')
    return `take it out of "insecure-registries" in ${OWN_SETTINGS[flavour]}`
  return insecureRegistries.includes(registry)
    ? `trust-registry ${registry}      # asks, then takes it out of "insecure-registries" in ${settingsFile}; off a terminal: --yes`
    : 'take the network out of "insecure-registries" in /etc/docker/daemon.json, then: systemctl reload docker'
}

/** Whether the engine could be found, reached and asked. */
export function engineFindings(
  engine: EngineEvidence,
  { observation, givenAs = '--ca CA.pem', systemRequired }: Evidence,
): readonly Finding[] {
  const { registry } = observation.target
  const { name, kind, state, problem = '' } = engine.survey
  const severity = engine.required ? 'error' : 'warning'
  const base = { owner: 'machine', severity } as const
  const daemon = kind === 'daemon'
  if (state === 'absent') {
    const { fix, ...found } = absentFinding(engine.survey, registry, givenAs)
    // Named with --runtime it is prepared all the same; with scope system the OS store is what counts.
    const enough = engine.required || systemRequired === true
    return [enough ? { ...found, severity: 'warning' } : { ...found, fix }]
  }
  if (state === 'down') {
    const message = `the ${name} daemon does not answer (${problem}), so nobody can ask it`
    return [{ ...base, code: 'daemon-down', message, fix: serviceLine(engine.survey, 'start') }]
  }
  if (engine.survey.flavour === 'podman') {
    const message = `what answers on Docker's socket is Podman, which reads other files: the row podman is about it`
    const fix = `trust-registry ${registry} --runtime podman --ca CA.pem`
    return [{ ...base, severity: 'warning', code: 'runtime-unreachable', message, fix }]
  }
  if (state === 'unreachable' && engine.survey.unasked === true) {
    const message = `${name} is asked by nobody here (${problem}): its verdict is our reckoning`
    const named = `trust-registry ${registry} --runtime ${name} ${givenAs}      # to prepare it`
    const fix = engine.required ? {} : { fix: named }
    return [{ ...base, severity: 'warning', code: 'runtime-unreachable', message, ...fix }]
  }
  if (state === 'unreachable') {
    const message = daemon
      ? `the ${name} daemon may not be asked by this user (${problem}): its verdict is our reckoning`
      : `${name} cannot be asked (${problem}): its verdict is our reckoning`
    const fix = daemon
      ? `run it with sudo${serviceName(engine.survey) === 'docker' ? ', or as a member of the docker group' : ''}`
      : `${name} version      # it says what it needs to run`
    return [{ ...base, severity: 'warning', code: 'runtime-unreachable', message, fix }]
  }
  return []
}

/** Of daemons whose program has another name. */
const PROGRAMS: Readonly<Record<string, string>> = {
  docker: 'dockerd',
  buildkit: 'buildkitd',
  'cri-o': 'crio',
}

/** It is not there, and nobody named it; `how` is what else the line to prepare it needs. */
export function absentFinding(
  { name, kind, problem, unasked }: EngineSurvey,
  registry: string,
  how: string,
): Finding & { readonly fix: string } {
  const program = `${PROGRAMS[name] ?? name} program`
  const daemon = unasked === true ? program : `${program} and no socket`
  const lacks = kind === 'daemon' ? daemon : 'such program'
  return {
    code: 'runtime-not-found',
    severity: 'error',
    owner: 'machine',
    message: `${name} is not on this machine: no ${lacks}${problem === undefined ? '' : `, ${problem}`}`,
    fix: `trust-registry ${registry} --runtime ${name} ${how}      # to prepare it all the same`,
  }
}

/** Only the first place that exists is read: what this chain needs may stand in a later one. */
export function shadowFindings(
  engine: EngineEvidence,
  wouldHelp: (pool: CertPool) => boolean,
): readonly Finding[] {
  const { path, personal, shadowed = [] } = engine.trust
  const severity = engine.required ? 'error' : 'warning'
  const { overriddenBy } = engine.trust
  if (overriddenBy !== undefined) {
    const message = `${overriddenBy} takes the place of the certificates beside it for ${labelOf(engine)}, and names none that this chain needs`
    const fix = `add to its [host."https://${posix.basename(path)}"]: ca = ["${path}/ca.crt"]      # the file with the CA`
    return [{ code: 'hosts-toml-overrides', severity, owner: 'machine', message, fix }]
  }
  const { byHand } = engine.trust
  if (byHand) {
    const message = `${path} is not written by this run: ${byHand.why}`
    const { code = 'runtime-unreachable', fix } = byHand
    return [{ code, severity, owner: 'machine', message, fix }]
  }
  const base = { code: 'trust-directory-shadowed', severity, owner: 'machine' } as const
  const hidden = shadowed.find(({ pool }) => wouldHelp(pool))
  const [mine, aside] = [shellWord(path), shellWord(`${path}.off`)]
  if (hidden) {
    const message = `${hidden.path} holds the certificate that this chain needs, but ${labelOf(engine)} reads only ${path}, which comes first`
    return [{ ...base, message, fix: `cp ${shellWord(hidden.path)}/*.crt ${mine}/` }]
  }
  if (personal !== true) return []
  const message = `${path} is a person's own directory and comes first; root writes nothing there`
  return [{ ...base, message, fix: `mv ${mine} ${aside}      # as that person; then run it again` }]
}

/** A directory beside the right one that holds what this very chain needs. */
export function misnamedFinding(engine: EngineEvidence, path: string): Finding {
  const { path: read } = engine.trust
  // A person's place comes first, so that it is enough to name it there as it should be.
  const personal = path.includes('/.config/containers/')
  const right = personal ? posix.join(posix.dirname(path), posix.basename(read)) : read
  const message = `${path} holds the certificate that this chain needs, but ${labelOf(engine)} reads only ${right}`
  // Another engine, or the other name of port 443, may read it where it is.
  const fix = `install -D -m 644 -t ${shellWord(right)} ${shellWord(path)}/*.crt`
  return { code: 'trust-directory-misnamed', severity: 'warning', owner: 'machine', message, fix }
}
