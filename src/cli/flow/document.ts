import type { Change, Identity, PlanItem } from '../../change/index.ts'
import { TrustError } from '../../errors.ts'
import type { Finding, Judgement } from '../../judge/index.ts'
import type { Observation } from '../../registry/observation.ts'
import type {
  ErrorDocument,
  LoginDocument,
  MachineDocument,
  ProbeDocument,
  RegistryDocument,
  ResultDocument,
} from '../../report/document.ts'
import { certificateDocument } from '../../report/json.ts'
import type { Outcome, RegistryView } from '../../report/view.ts'
import type { WrongLine } from '../list-file.ts'
import { combine, exitOf, type ExitCode } from '../exit.ts'
import { typedHere } from './below.ts'
import type { Site } from './site.ts'
import type { Judged } from './observe.ts'
import { retyped } from './retype.ts'
import type { Survey } from './survey.ts'

/** What became of one registry, beside what was seen of it. */
export interface Result {
  readonly exitCode: ExitCode
  readonly verified: boolean
  readonly changed?: boolean
  readonly identity?: Identity
  readonly plan?: readonly PlanItem[]
  readonly changes?: readonly Change[]
  readonly login?: LoginDocument
  /** Of the plan, or of a run without a look; what was seen is in the judgement. */
  readonly findings?: readonly Finding[]
  readonly error?: TrustError
  /** The line that restarts an engine which goes on with the OS store as it was. */
  readonly restart?: string | undefined
}

export function viewOf(context: Site, seen: Judged, result: Result): RegistryView {
  const { judgement, target, evidence } = seen
  const probe = probeDocument(evidence.observation, judgement, context.options.jsonPem)
  const findings = [...judgement.findings, ...(result.findings ?? [])]
  const document = documentOf(context, target.registry, result, { probe, ...judgement, findings })
  const view = { path: judgement.path, at: evidence.at }
  const { takenFrom } = target
  return {
    ...lineViews(context, document, result),
    ...view,
    ...(takenFrom === undefined ? {} : { takenFrom }),
  }
}

/** A registry that was not looked at: `undo`, `--offline`, or a refusal before the look. */
export function blindView(context: Site, registry: string, result: Result): RegistryView {
  const { findings = [] } = result
  const document = documentOf(context, registry, result, { findings, consumers: [] })
  return { ...lineViews(context, document, result), path: [], at: context.machine.now() }
}

/** What was seen of a registry, where it was looked at. */
type Seen = Pick<RegistryDocument, 'probe' | 'findings' | 'consumers'>

/** The keys in the order in which people read them. */
function documentOf(context: Site, registry: string, result: Result, seen: Seen): RegistryDocument {
  const { exitCode, verified, identity, login, error } = result
  return {
    registry,
    ok: exitCode === 0,
    exitCode,
    changed: result.changed ?? false,
    verified,
    ...(seen.probe ? { probe: seen.probe } : {}),
    ...(identity ? { identity } : {}),
    findings: [...seen.findings, ...obstacleOf(error)].map((finding) => withLines(context, finding)),
    consumers: seen.consumers,
    plan: result.plan ?? [],
    changes: result.changes ?? [],
    ...(login ? { login } : {}),
    ...(error ? { error: withLines(context, errorDocument(error)) } : {}),
  }
}

function lineViews(
  context: Site,
  document: RegistryDocument,
  { restart }: Result,
): Pick<RegistryView, 'document' | 'undo' | 'restart' | 'atRest'> {
  const undo = retyped(context.options, `trust-registry undo ${document.registry}`)
  const line = restart === undefined ? {} : { restart: typedHere(context.place ?? context, restart) }
  return { document, undo, ...line, ...(context.machine.atRest === true ? { atRest: true } : {}) }
}

type Told = Pick<Partial<Finding>, 'fix' | 'owner'> & { readonly code: string }
export function withLines<T extends Told>(context: Site, told: T): T {
  if (told.fix === undefined) return told
  const fix = retyped(context.options, told.fix)
  // What the registry's owner has to do is done elsewhere, and a file that was named is one of this computer.
  const elsewhere = told.owner === 'registry' || told.code === 'bad-file'
  return { ...told, fix: elsewhere ? fix : typedHere(context.place ?? context, fix) }
}

function probeDocument(observation: Observation, judgement: Judgement, pem: boolean): ProbeDocument {
  const { addresses, address, proxy, tlsVersion, clockSkewSeconds, ping } = observation
  return {
    addresses,
    ...(address === undefined ? {} : { address }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(tlsVersion === undefined ? {} : { tlsVersion }),
    ...(clockSkewSeconds === undefined ? {} : { clockSkewSeconds }),
    chain: judgement.chain.map((link) => certificateDocument(link, { pem })),
    ...(ping
      ? {
          ping: {
            status: ping.status,
            ...(ping.apiVersion === undefined ? {} : { apiVersion: ping.apiVersion }),
            challenges: ping.challenges,
          },
        }
      : {}),
  }
}

/** What a change came upon, as the finding that it is. */
function obstacleOf(error: TrustError | undefined): readonly Finding[] {
  if (error?.finding === undefined) return []
  const { finding: code, message, fix } = error
  return [{ code, severity: 'error', owner: 'machine', message, ...(fix === undefined ? {} : { fix }) }]
}

export function errorDocument(error: TrustError): ErrorDocument {
  const { code, message, seen, fix } = error
  return { code, message, ...(seen === undefined ? {} : { seen }), ...(fix === undefined ? {} : { fix }) }
}

export async function machineDocument(context: Site, survey?: Survey): Promise<MachineDocument> {
  const runtimes = survey?.engines
    // The jobs of an engine are no runtimes of their own.
    .filter(({ engine, survey: found }) => found.installed && engine.runtime === undefined)
    .map((entry) => entry.survey)
    .map(({ name, version, go, loader, state }) => ({
      name,
      ...(version === undefined ? {} : { version }),
      ...(go === undefined ? {} : { goVersion: go.text }),
      loader,
      state,
    }))
  const { name, why } = context.place ?? {}
  const found = { ...(name === undefined ? {} : { name }), ...(why === undefined ? {} : { why }) }
  return { kind: context.machine.kind, ...found, os: await context.machine.os(), runtimes: runtimes ?? [] }
}

export async function outcomeOf(
  context: Site,
  served: readonly RegistryView[],
  extra: {
    readonly survey?: Survey
    readonly exitCode?: ExitCode
    readonly entries?: ResultDocument['entries']
  } = {},
): Promise<Outcome> {
  const views = [...served, ...context.options.wrongLines.map((line) => wrongView(context, line))]
  const codes = views.map((view) => view.document.exitCode as ExitCode)
  const exitCode = combine(extra.exitCode === undefined ? codes : [...codes, extra.exitCode])
  const document: ResultDocument = {
    schemaVersion: 1,
    tool: { name: 'trust-registry', version: context.services.version },
    command: context.options.command,
    ok: exitCode === 0,
    exitCode,
    changed: views.some((view) => view.document.changed),
    ...(views.some((view) => view.restart !== undefined) ? { restartNeeded: true } : {}),
    machine: await machineDocument(context, extra.survey),
    registries: views.map((view) => view.document),
    ...(extra.entries ? { entries: extra.entries } : {}),
  }
  return { document, views }
}

/** What stands on the line is not repeated. */
function wrongView(context: Site, { place, error }: WrongLine): RegistryView {
  return blindView(context, place, { exitCode: exitOf(error), verified: false, error })
}

/** The work for one registry; a refusal or an interruption becomes its report. */
export async function orRefusal(
  context: Site,
  registry: string,
  work: () => Promise<RegistryView>,
): Promise<RegistryView> {
  try {
    return await work()
  } catch (thrown) {
    const aborted = context.services.io.signal.aborted && !(thrown instanceof TrustError)
    const error = aborted ? new TrustError('interrupted', 'interrupted', { cause: thrown }) : thrown
    if (!(error instanceof TrustError)) throw error
    return blindView(context, registry, { exitCode: exitOf(error), verified: false, error })
  }
}
