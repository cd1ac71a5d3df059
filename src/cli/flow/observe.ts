import { sha256 } from '../../change/digest.ts'
import { judge, type EngineEvidence, type Evidence, type Judgement } from '../../judge/index.ts'
import { shellWord } from '../../machine/shell.ts'
import { climb } from '../../registry/aia.ts'
import type { AiaFetch, Observation } from '../../registry/observation.ts'
import { probe, type Beside } from '../../registry/probe.ts'
import { pinned } from '../../registry/reach.ts'
import type { Target } from '../../registry/reference.ts'
import { CertPool, tryParseCertificate } from '../../x509/index.ts'
import { askEngines, askListeners } from './ask.ts'
import type { Context } from './context.ts'
import { gate } from './gate.ts'
import { surveyMachine, type Survey, type Surveying } from './survey.ts'
import { asTheEngine, limitsBy, limitsOf } from './reach.ts'
import type { Limits } from '../../registry/connect.ts'

/** A name that is slow to look up must not hold up the rest. */
const PATIENCE_MS = 20

/** One registry, judged. */
export interface Judged {
  readonly target: Target
  readonly evidence: Evidence
  readonly judgement: Judgement
}

/** One registry, seen and judged. */
export interface Case extends Judged {
  /** How it was reached: a login goes the same way. */
  readonly limits: Limits
}

/**
 * Looks at a registry, and lets every engine look at the same time. The survey of the machine takes the
 * processor's time, so that it begins once our own first packet is on its way.
 */
export async function observe(
  context: Context,
  survey: Surveying,
  target: Target,
  patienceMs = PATIENCE_MS,
): Promise<Case> {
  const dialled = gate<undefined>()
  const reached = gate<boolean>()
  const look = async (): Promise<Observation> => {
    try {
      const beside: Beside = {
        dialled: () => {
          dialled.open(undefined)
        },
        connected: () => {
          reached.open(true)
        },
        doubtful: (sent) => pinsElsewhere(context, sent),
        ...(context.options.aia
          ? { issuers: async (sent, addresses) => findIssuers(context, await survey(), sent, addresses) }
          : {}),
      }
      const seen = await asTheEngine(context, survey, target, dialled.passed, (limits) =>
        probe(target, limits, beside),
      )
      reached.open(!isSilent(seen))
      return byItsClock(context, seen)
    } finally {
      dialled.open(undefined)
      reached.open(false)
    }
  }
  const ask = async (): Promise<EngineEvidence[]> => {
    await dialled.passed
    const early = askListeners(context, target)
    return askEngines(context, await survey(), target, reached.passed, early)
  }
  const looking = look()
  // From here on the name is being looked up; what was loaded for that is not held against it.
  setTimeout(dialled.open, patienceMs, undefined).unref()
  const [observation, engines] = await Promise.all([looking, ask()])
  return caseOf(context, await survey(), observation, engines)
}

/** A pin that matches nothing sent may have been read off without a server name. */
function pinsElsewhere({ options, given }: Context, sent: readonly Buffer[]): boolean {
  const known = new Set([...sent.map(sha256), ...given.map((certificate) => certificate.sha256)])
  return options.fingerprints.length > 0 && !options.fingerprints.some((pin) => known.has(pin))
}

/** A refusal, or a name that nobody knows, is an answer, and as quick for others. */
function isSilent({ failure }: Observation): boolean {
  return failure?.code === 'timeout' && (failure.stage === 'resolve' || failure.stage === 'connect')
}

/** Three clocks: this computer's, the registry's, and that of the machine where the engine lives, which counts. */
function byItsClock({ machine }: Context, seen: Observation): Observation {
  if (machine.wire === undefined) return seen
  const machineAheadSeconds = Math.round((machine.now().getTime() - Date.now()) / 1000)
  const { clockSkewSeconds: ours } = seen
  return {
    ...seen,
    machineAheadSeconds,
    ...(ours === undefined ? {} : { clockSkewSeconds: ours - machineAheadSeconds || 0 }),
  }
}

/** The verdict on what was seen before, by engines that look again with the trust that they have now. */
export async function judgeAgain(context: Context, survey: Survey, before: Case): Promise<Case> {
  const { target } = before
  // What was surveyed before an OS store or an engine's settings were changed is no longer so.
  if (context.options.scope === 'system' || context.strict) survey = await surveyMachine(context)
  context.services.progress.stage(
    `${target.registry}: asking ${survey.engines.map(({ engine }) => engine.name).join(', ')}`,
  )
  const engines = await askEngines(context, survey, target, 'proof')
  return caseOf(context, survey, before.evidence.observation, engines)
}

function caseOf(
  context: Context,
  survey: Survey,
  observation: Observation,
  engines: readonly EngineEvidence[],
): Case {
  const remembered = survey.remembered.get(observation.target.registry)
  const evidence: Evidence = {
    observation,
    systemRequired: context.options.scope === 'system',
    at: context.machine.now(),
    given: context.given,
    ...givenAs(context),
    ...told(context, observation),
    store: survey.store.pool,
    engines,
    ...(survey.sources ? { sources: survey.sources } : {}),
    ...(survey.builders ? { builders: survey.builders } : {}),
    loopbackCounts: context.loopbackCounts,
    ...(remembered ? { remembered } : {}),
  }
  const limits = limitsBy(context, survey)
  return { target: observation.target, evidence, judgement: judge(evidence), limits }
}

function givenAs({ options }: Context): Pick<Evidence, 'givenAs'> {
  if (options.ca.length === 0) return {}
  return { givenAs: options.ca.map((path) => `--ca ${shellWord(path)}`).join(' ') }
}

/** What `--proxy` and `--resolve` did for this registry. */
function told({ options }: Context, { target, proxy }: Observation): Pick<Evidence, 'told'> {
  return {
    told: {
      ...(options.proxy !== undefined && proxy !== undefined ? { proxy: true } : {}),
      ...(pinned(target, options.pins).length > 0 ? { address: true } : {}),
    },
  }
}

/** Fetches the issuers that were not sent, unless they are known. */
async function findIssuers(
  context: Context,
  survey: Survey,
  chain: readonly Buffer[],
  addresses: readonly string[],
): Promise<readonly AiaFetch[]> {
  const [leaf, ...others] = chain.map((der) => tryParseCertificate(der))
  if (leaf === undefined || leaf instanceof Error) return []
  const sent = [leaf, ...others.flatMap((entry) => (entry instanceof Error ? [] : [entry]))]
  const known = CertPool.union(survey.store.pool, CertPool.of(...context.given))
  return climb(sent, known, addresses, limitsOf(context))
}
