import { isEmpty, planInstall, planPrune, withReloads, type Approved, type Plan } from '../../change/index.ts'
import { TrustError } from '../../errors.ts'
import { isServed, wouldAccept } from '../../judge/index.ts'
import type { RegistryView } from '../../report/view.ts'
import { combine, exitOf, type ExitCode } from '../exit.ts'
import { carryOut } from './carry-out.ts'
import { askChanges, consentFor } from './consent.ts'
import { wantsClient } from './client.ts'
import type { Context } from './context.ts'
import { viewOf } from './document.ts'
import { filesFor, servedOf } from './files.ts'
import { keptFiles } from './kept.ts'
import { byRoot, handsFor, trustOrder, writingTo } from './hand-over.ts'
import { keeperFor, type Keeper } from './credentials.ts'
import { loginFailed, withLogin, type LoginReport } from './login-report.ts'
import { login, type Attempt } from './login.ts'
import { sameRecord } from './record.ts'
import { judgeAgain, type Case } from './observe.ts'
import type { Survey } from './survey.ts'
import { exitOfCase, isVerified } from './verdict.ts'
import { reloadDeadline } from './restarts.ts'
import { isStale, restartByHand } from './stale.ts'
import { restartLine } from './restarts.ts'

interface Proof {
  readonly seen: Case
  readonly login?: LoginReport
}

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
  const report = attempt.kind === 'settled' ? attempt.report : undefined
  const password = attempt.kind === 'proven' ? attempt.password : undefined
  const plan = await planFor(context, seen, approved)
  const { identity } = approved
  if (options.dryRun) {
    const exitCode = options.check && !isEmpty(plan) ? 3 : 0
    return viewOf(context, seen, { exitCode, verified: false, identity, plan: plan.items })
  }
  const { registry } = seen.target
  const keeper = keeperFor(context, registry, password ?? '')
  const handOn = async (): Promise<RegistryView> => {
    await askChanges(context, plan.items, consentFor(plan))
    const order = trustOrder(context, seen.target, seen.evidence.engines, approved, plan, recorded, password)
    const view = viewOf(context, seen, { exitCode: 0, verified: false })
    const done = await orTakeBack(keeper, () => byRoot(context, order, view, keeper.keep))
    if (done.document.error !== undefined) await keeper.takeBack()
    return withLogin(done, report)
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
  const stale = isStale(context, proof.seen, done)
  const error =
    keptFiles(done.changes) ?? (stale && options.restart !== 'never' ? restartByHand() : undefined)
  const view = viewOf(context, proof.seen, {
    exitCode: combine([stale ? 0 : exitAfter(context, proof.seen), ...(error ? [exitOf(error)] : [])]),
    verified: isVerified(proof.seen.judgement),
    identity,
    changed: !isEmpty(done),
    plan: done.items,
    changes: done.changes,
    restart: stale ? await restartLine(context) : undefined,
    ...(error ? { error } : {}),
  })
  return withLogin(view, proof.login ?? report)
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
  const { consumers, ownerMustAct } = seen.judgement
  const unchecked = consumers.some((consumer) => consumer.required && consumer.state === 'unchecked')
  if (unchecked || wouldAccept(seen.evidence, approved.install)) return undefined
  const { identity } = approved
  return viewOf(context, seen, { exitCode: ownerMustAct ? 6 : 1, verified: false, identity })
}

async function planFor(context: Context, seen: Case, approved: Approved): Promise<Plan> {
  if (context.options.scope === 'system')
    return (await import('./system.ts')).planSystem(context, seen, approved)
  const { registry } = seen.target
  const files = await filesFor(context, servedOf(seen), seen.target, approved.install)
  const installed = await planInstall(context, registry, approved, files)
  const plan = withReloads(installed, installed.records.files, reloadDeadline(context))
  return context.options.prune ? planPrune(context, plan, registry) : plan
}

/** The engine's own word, then the login. Whatever is thrown here takes the change back. */
async function prove(
  context: Context,
  survey: Survey,
  before: Case,
  attempt: Attempt,
  keeper: Keeper,
  restarts: boolean,
): Promise<Proof> {
  const seen = await judgeAgain(context, survey, before)
  for (const engine of seen.evidence.engines) {
    const consumer = seen.judgement.consumers.find((entry) => entry.name === engine.survey.name)
    if (!isServed(engine) || consumer?.state === 'unchecked' || engine.survey.state !== 'running') continue
    const unknown = context.client !== undefined && wantsClient(engine.answer?.message ?? '')
    if (engine.answer?.outcome === 'accepted' && !unknown) continue
    // Without a restart it cannot see the OS store as it is now; that is said, and no failure.
    if (context.options.scope === 'system' && !restarts) continue
    const said = engine.answer?.message ?? 'it did not answer'
    const refused = engine.answer?.outcome === 'refused'
    throw new TrustError(
      'change-failed',
      `${engine.survey.name} ${refused ? 'still refuses' : 'does not reach'} the registry; everything was rolled back`,
      {
        seen: said,
        fix:
          context.options.scope === 'system'
            ? `trust-registry ${before.target.registry}      # by its own directory, without the OS store`
            : `trust-registry diagnose ${before.target.registry}`,
      },
    )
  }
  const done = await logIn(context, seen, attempt, keeper)
  return { seen, ...(done ? { login: done } : {}) }
}

/**
 * @returns undefined where nobody is to log in
 * @throws TrustError `login-failed` where the login was required
 */
export async function logIn(
  context: Context,
  seen: Case,
  attempt: Attempt,
  keeper: Keeper,
): Promise<LoginReport | undefined> {
  if (attempt.kind !== 'proven') return undefined
  const running = seen.evidence.engines.find((engine) => engine.survey.state === 'running')
  const engine = context.engines.find((entry) => entry.name === running?.survey.name)
  const consumer = seen.judgement.consumers.find((entry) => entry.name === engine?.name)
  const report =
    engine && consumer?.state === 'trusted'
      ? await login(context, seen, engine, attempt, keeper)
      : withheld(engine ? `${engine.name} does not verify the chain` : 'no engine answers')
  if (!report.document.ok && context.options.loginRequired)
    throw loginFailed(context, seen.target.registry, report)
  return report
}

function withheld(why: string): LoginReport {
  const message = `${why}, so it was not handed the password`
  return { document: { attempted: false, ok: false, message }, findings: [] }
}

/** An engine that was prepared on demand but is not there cannot be asked: that is no failure. */
function exitAfter(context: Context, seen: Case): ExitCode {
  const code = exitOfCase(seen)
  const waiting = seen.evidence.engines.filter(
    (engine) => engine.required && engine.answer?.outcome !== 'accepted',
  )
  const prepared = waiting.every(
    (engine) => context.options.runtimes.includes(engine.survey.name) && !engine.survey.installed,
  )
  return code === 1 && waiting.length > 0 && prepared ? 0 : code
}
