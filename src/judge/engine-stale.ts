import type { CertPool } from '../x509/index.ts'
import type { EngineEvidence, Evidence } from './evidence.ts'
import type { Consumer, Finding } from './judgement.ts'
import { serviceLine, serviceName } from './service-line.ts'

/** Docker 25 asks for a registry's directory at each build. */
const LISTS_NO_MORE = 25

/** Go reads the OS store once per process, at the first verification (crypto/x509 root.go). */
export function staleStore(engine: EngineEvidence, registry: string): readonly Finding[] {
  const { startedMs } = engine.survey
  const name = serviceName(engine.survey)
  if (startedMs === undefined || engine.storeChangedMs <= startedMs) return []
  return [
    {
      code: 'restart-needed',
      severity: 'error',
      owner: 'machine',
      first: true,
      message: `the chain is good by the OS store as it is now, but ${name} read the store before it was changed, and reads it once`,
      fix: `${serviceLine(engine.survey, 'restart')}      # or, without a restart: trust-registry ${registry}`,
    },
  ]
}

/** What the daemon was started with takes the place of the OS store, the file and the folders each for itself. */
export function overriddenStore(
  evidence: Evidence,
  engine: EngineEvidence,
  wouldHelp: (pool: CertPool) => boolean,
): readonly Finding[] {
  const { name, environment } = engine.survey
  const set = Object.entries(environment).map(([variable, value]) => `${variable}=${value}`)
  if (set.length === 0) return []
  const variables = set.join(' ')
  const { registry } = evidence.observation.target
  const needed = wouldHelp(evidence.store)
  return [
    {
      code: 'store-overridden',
      severity: needed ? 'error' : 'warning',
      owner: 'machine',
      message: `${name} was started with ${variables}, and reads that in the place of the OS store${needed ? ', which holds what this chain needs' : ''}`,
      fix: `trust-registry ${registry}      # by its own directory; or take ${Object.keys(environment).join(' and ')} out of its environment and restart it`,
    },
  ]
}

/** BuildKit of 20.10 to 24 makes its list of directories when the daemon starts. */
export function isUnseen({ survey, trust }: EngineEvidence): boolean {
  const { name, version = '', startedMs } = survey
  const old = name === 'docker-build' && Number.parseInt(version, 10) < LISTS_NO_MORE
  return old && startedMs !== undefined && trust.bornMs !== undefined && trust.bornMs > startedMs
}

/** BuildKit holds on to what it knew: 20.10 to 24 to the directories at its start, later ones to what failed once. */
export function staleBuilder(engine: EngineEvidence): readonly Finding[] {
  const { version = '' } = engine.survey
  const message =
    Number.parseInt(version, 10) < LISTS_NO_MORE
      ? 'docker build knows only the certs.d directories that were there when the daemon started'
      : 'docker build has failed here before, and keeps its TLS settings until the daemon restarts or 12 idle minutes have passed'
  return [
    {
      code: 'restart-needed',
      severity: 'warning',
      owner: 'machine',
      message: `${message}; logins and pulls are not concerned`,
      fix: restartLine(engine),
    },
  ]
}

/**
 * Since 25, BuildKit keeps the TLS settings with which a build has failed, for that repository alone (measured on 26.1
 * and 28.5). Whether one has failed nobody can ask; that it would have is known, once it is content.
 */
export function heldBuilds(
  engines: readonly EngineEvidence[],
  before: readonly Consumer[],
  after: readonly Consumer[],
): readonly Finding[] {
  const engine = engines.find(({ survey }) => survey.name === 'docker-build')
  if (!engine || Number.parseInt(engine.survey.version ?? '', 10) < LISTS_NO_MORE) return []
  const of = (consumers: readonly Consumer[]): Consumer | undefined =>
    consumers.find(({ name }) => name === engine.survey.name)
  const [was, is] = [of(before), of(after)]
  if (was?.predictedError?.includes('x509: ') !== true) return []
  // 26.1 with containerd's store takes no build by its API: what is foreseen has to do.
  if (is === undefined || is.state === 'refused' || is.predictedError !== undefined) return []
  return [
    {
      code: 'restart-needed',
      severity: 'info',
      owner: 'machine',
      message:
        'a docker build that has failed here before goes on failing for its repository until Docker restarts or 12 idle minutes have passed; other repositories, logins and pulls are not concerned',
      fix: restartLine(engine),
    },
  ]
}

function restartLine({ survey }: EngineEvidence): string {
  return `${serviceLine(survey, 'restart')}      # stops running containers unless live-restore is on`
}
