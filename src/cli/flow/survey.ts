import { unlessInterrupted } from '../../change/interrupt.ts'
import { REMEMBERED } from '../../judge/index.ts'
import { readBuilders, type Builders } from '../../runtimes/buildx-builders.ts'
import type { Engine, EngineSurvey } from '../../runtimes/engine.ts'
import { readGoRoots, type GoRoots } from '../../stores/go-roots.ts'
import { inspectStore, type StoreSources } from '../../stores/inspect.ts'
import { CertPool, tryParseCertificate } from '../../x509/index.ts'
import type { Context } from './context.ts'
import { thisComputer } from './place.ts'

/** The machine as it stands before any registry is looked at: surveyed once a run. */
export interface Survey {
  readonly engines: readonly {
    readonly engine: Engine
    readonly survey: EngineSurvey
    readonly store: GoRoots
  }[]
  readonly store: GoRoots
  readonly sources?: StoreSources
  readonly builders?: Builders
  readonly remembered: ReadonlyMap<string, CertPool>
}

/** Surveys when somebody first asks, and once. */
export type Surveying = () => Promise<Survey>

export function surveying(context: Context): Surveying {
  let survey: Promise<Survey> | undefined
  return () => (survey ??= unlessInterrupted(context.services.io.signal, surveyMachine(context)))
}

/** For the report. Why there is none is said by what asked for it first. */
export function unlessCutOff(survey: Surveying): Promise<{ readonly survey?: Survey }> {
  return survey().then(
    (found) => ({ survey: found }),
    () => ({}),
  )
}

export async function surveyMachine(context: Context): Promise<Survey> {
  const { machine, options } = context
  const [store, sources, builders, surveys] = await Promise.all([
    readGoRoots(machine),
    inspectStore(machine).catch(() => undefined),
    buildersOf(context),
    Promise.all(context.engines.map((engine) => engine.survey(machine, options.timeoutMs))),
  ])
  const engines = await Promise.all(
    context.engines.map(async (engine, index) => {
      const survey = surveys[index]
      if (!survey) throw new Error(`no survey of ${engine.name}`)
      const own = Object.keys(survey.environment).length > 0
      return { engine, survey, store: own ? await readGoRoots(machine, survey.environment) : store }
    }),
  )
  return {
    store,
    ...(sources ? { sources } : {}),
    ...(builders ? { builders } : {}),
    engines: ofInterest(context, engines),
    remembered: await remember(context),
  }
}

/** Builds are typed on this computer, wherever the engine lives; an image has nobody who types. */
async function buildersOf({ machine, services }: Context): Promise<Builders | undefined> {
  if (machine.atRest) return undefined
  const here = machine.kind === 'local'
  return readBuilders(here ? machine : thisComputer(services), services.io.env, !here).catch(() => undefined)
}

/** What was found counts, but for what is only shown; what was named counts whether it is there or not. */
export function isRequired(found: EngineSurvey, runtimes: readonly string[]): boolean {
  return (found.installed && found.needed !== false) || runtimes.includes(found.name)
}

/**
 * The engines that are here or were named; where there is none at all, or only what goes with one, the first stands for
 * what is missing.
 */
function ofInterest(context: Context, engines: Survey['engines']): Survey['engines'] {
  const { runtimes } = context.options
  const found = engines.filter(({ engine, survey }) => survey.installed || runtimes.includes(engine.name))
  const here = withoutClosed(context, found)
  const one = here.some(({ engine }) => engine.runtime === undefined)
  return one ? here : [...engines.slice(0, 1), ...here]
}

/**
 * What runs as a person cannot show root's client certificate: where nobody named it, that is no reason not to serve
 * the others.
 */
function withoutClosed({ client, machine, options }: Context, engines: Survey['engines']): Survey['engines'] {
  const able = engines.filter(({ engine }) => engine.asCaller !== true)
  const served = able.some(({ engine, survey }) => engine.runtime === undefined && isRequired(survey, []))
  const closed = options.command === 'trust' && client !== undefined && machine.who().invoker.uid !== 0
  return closed && served && options.runtimes.length === 0 ? able : engines
}

/** What was accepted on this machine before, by registry; a state that cannot be read is no reason not to look. */
async function remember(context: Context): Promise<ReadonlyMap<string, CertPool>> {
  const records = await context.state.records().catch(() => undefined)
  return new Map(
    records?.registries.map(({ registry, anchor }) => {
      const pool = new CertPool()
      const certificate = tryParseCertificate(Buffer.from(anchor, 'base64'))
      if (!(certificate instanceof Error)) pool.add(certificate, REMEMBERED)
      return [registry, pool]
    }),
  )
}
