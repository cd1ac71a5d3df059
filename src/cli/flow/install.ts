import { isEmpty, planInstall, planPrune, withReloads, type Approved, type Plan } from '../../change/index.ts'
import { TrustError } from '../../errors.ts'
import { checks, heldBuilds, isServed, wouldAccept, type Finding } from '../../judge/index.ts'
import type { RegistryView } from '../../report/view.ts'
import { combine, exitOf, type ExitCode } from '../exit.ts'
import { withClosed } from './closed.ts'
import { carryOut } from './carry-out.ts'
import { askChanges, consentFor } from './consent.ts'
import { untold } from './by-hand.ts'
import type { Context } from './context.ts'
import { viewOf } from './document.ts'
import { widerView } from './escalate.ts'
import { filesFor, servedOf } from './files.ts'
import { keptFiles } from './kept.ts'
import { byRoot, handsFor, trustOrder, writingTo } from './hand-over.ts'
import { keeperFor, type Keeper } from './credentials.ts'
import { withLogin } from './login-report.ts'
import { settle, type Attempt } from './login.ts'
import { sameRecord } from './record.ts'
import type { Case } from './observe.ts'
import { prove } from './prove.ts'
import type { Survey } from './survey.ts'
import { exitOfCase, isVerified } from './verdict.ts'
import { isStale, restartByHand } from './stale.ts'
import { afterwards } from './store-findings.ts'
import { reloadDeadline, restartLine } from './restarts.ts'

/**
 * Applies what was approved, under the lock, and lets the engine itself prove it; or leaves everything as it was.
 * @throws TrustError `needs-privilege`, `consent-missing`, `locked`, `change-failed`, `login-failed`
 */
export async function install(
  context: Context,
  survey: Survey,
  seen: Case,
  approved: Approved,
  /** SHA-256 of the identity that was on record when this was decided. */
  recorded: string | undefined,
  attempt: Attempt,
): Promise<RegistryView> {
  const { options, machine } = context
  const password = attempt.kind === 'proven' ? attempt.password : undefined
  const { identity } = approved
  const alone = await leftUntold(context, seen, approved)
  // What is for nobody is not done, and so not remembered.
  if (alone.nobody)
    return viewOf(context, seen, { exitCode: 1, verified: false, identity, findings: alone.findings })
  const plan = await planFor(context, seen, approved)
  const findings = [...(plan.findings ?? []), ...alone.findings]
  if (options.dryRun) {
    const pending = options.check && !isEmpty(plan) ? 3 : 0
    const exitCode = alone.findings.length > 0 ? 1 : pending
    return viewOf(context, seen, { exitCode, verified: false, identity, plan: plan.items, findings })
  }
  const { registry } = seen.target
  const keeper = keeperFor(context, registry, password ?? '')
  const handOn = async (): Promise<RegistryView> => {
    await askChanges(context, plan.items, consentFor(plan), findings)
    const order = trustOrder(context, seen.target, seen.evidence.engines, approved, plan, recorded, password)
    const blank = viewOf(context, seen, { exitCode: 0, verified: false })
    // Root does not know the words that were typed.
    const view = { ...blank, ...widerView(context, seen, approved) }
    const said = await orTakeBack(keeper, () => byRoot(context, order, view, keeper.keep))
    const done = withLeftOut(said, findings)
    if (done.document.error !== undefined) await keeper.takeBack()
    return withLogin(done, await settle(context, seen, attempt, done.document.consumers))
  }
  const moves = recorded !== undefined && recorded !== identity.sha256
  if (isEmpty(plan) && !moves && !machine.who().privileged) {
    // All is in place already; only the engine could not be asked by this user, but perhaps by root.
    const { changes } = plan
    const assumed = viewOf(context, seen, { exitCode: exitOfCase(seen), verified: false, identity, changes })
    return unlessForbidden(assumed, async () => {
      await handsFor(context, 'asking the engine')
      return handOn()
    })
  }
  if ((await handsFor(context, writingTo(plan))) === 'sudo') return handOn()
  const restarts = plan.steps.some((step) => step.do === 'restart')
  const { plan: done, proof } = await orTakeBack(keeper, () =>
    carryOut(context, plan, {
      command: `trust ${registry}`,
      consent: consentFor(plan),
      check: () => sameRecord(context, registry, approved, recorded),
      plan: () => planFor(context, seen, approved),
      prove: () => prove(context, survey, seen, attempt, keeper, restarts),
    }),
  )
  const stale = isStale(context, seen, proof.seen, done)
  const docker = seen.evidence.engines.find(({ survey: { name } }) => name === 'docker')?.survey
  const line = stale ? await restartLine(context, docker?.manager) : undefined
  const error =
    keptFiles(done.changes, registry, context.state.directory) ??
    (line !== undefined && options.restart !== 'never' ? restartByHand(line) : undefined)
  const { consumers } = proof.seen.judgement
  const held = heldBuilds(proof.seen.evidence.engines, seen.judgement.consumers, consumers)
  const view = viewOf(context, proof.seen, {
    exitCode: combine([stale ? 0 : exitAfter(context, proof.seen), ...(error ? [exitOf(error)] : [])]),
    verified: isVerified(proof.seen.judgement),
    identity,
    changed: !isEmpty(done),
    plan: done.items,
    changes: done.changes,
    findings: [...afterwards(findings, done.steps), ...held],
    restart: line,
    ...(error ? { error } : {}),
  })
  const report = proof.login ?? (await settle(context, proof.seen, attempt, view.document.consumers))
  return withLogin({ ...view, ...widerView(context, proof.seen, approved) }, report)
}

/** Root has got what was approved, and does not know what else the file holds. */
function withLeftOut(view: RegistryView, findings: readonly Finding[]): RegistryView {
  const { document } = view
  const known = new Set(document.findings.map(({ code, certificate }) => `${code} ${certificate ?? ''}`))
  const more = findings.filter(
    ({ code, certificate = '' }) => code === 'ca-left-out' && !known.has(`${code} ${certificate}`),
  )
  if (more.length === 0 || document.error !== undefined) return view
  return { ...view, document: { ...document, findings: [...document.findings, ...more] } }
}

/** A login that was kept just before the change failed does not stay. */
async function orTakeBack<T>(keeper: Keeper, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await keeper.takeBack()
    throw error
  }
}

/** What root finds out, where this user may ask root at all. */
async function unlessForbidden(
  otherwise: RegistryView,
  work: () => Promise<RegistryView>,
): Promise<RegistryView> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof TrustError && error.code === 'needs-privilege') return otherwise
    throw error
  }
}

/** Where the engines would still refuse with it, nothing is written: only somebody else can mend that. */
export function inVain(context: Context, seen: Case, approved: Approved): RegistryView | undefined {
  const { evidence } = seen
  const engines = evidence.engines.filter((engine) => checks(evidence, engine))
  if (wouldAccept({ ...evidence, engines }, approved.install)) return undefined
  const { ownerMustAct } = seen.judgement
  const { identity } = approved
  return viewOf(context, seen, { exitCode: ownerMustAct ? 6 : 1, verified: false, identity })
}

async function leftUntold(context: Context, seen: Case, approved: Approved): ReturnType<typeof untold> {
  if (context.options.scope === 'system') return { findings: [], nobody: false }
  return untold(context, servedOf(seen), seen.target, approved.install)
}

async function planFor(context: Context, seen: Case, approved: Approved): Promise<Plan> {
  if (context.options.scope === 'system')
    return (await import('./system.ts')).planSystem(context, seen, approved)
  const { registry } = seen.target
  const files = await filesFor(context, servedOf(seen), seen.target, approved.install)
  const placed = await planInstall(context, registry, approved, files)
  const installed = await withClosed(context, seen.target, files, placed)
  const plan = withReloads(installed, installed.records.files, reloadDeadline(context))
  return context.options.prune ? planPrune(context, plan, registry) : plan
}

/** An engine that was prepared on demand but is not there, or answers nobody, cannot be asked: that is no failure. */
function exitAfter(context: Context, seen: Case): ExitCode {
  const code = exitOfCase(seen)
  const waiting = seen.evidence.engines.filter(
    (engine) => engine.required && engine.answer?.outcome !== 'accepted',
  )
  const prepared = waiting.every((engine) => {
    const { name, unasked, installed } = engine.survey
    // One that a person has to put in order first got nothing.
    if (!context.options.runtimes.includes(name) || !isServed(engine)) return false
    // What its settings name now has to be enough: nobody else will say so.
    return unasked === true ? wouldAccept({ ...seen.evidence, engines: [engine] }, []) : !installed
  })
  return code === 1 && waiting.length > 0 && prepared ? 0 : code
}
