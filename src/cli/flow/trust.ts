import {
  confirmed,
  decideIdentity,
  identityMissing,
  isEmpty,
  perform,
  planInstall,
  recover,
  wantedFiles,
  type Approved,
  type IdentityQuestion,
  type Plan,
} from '../../change/index.ts'
import { TrustError } from '../../errors.ts'
import { wouldAccept } from '../../judge/index.ts'
import { parseRegistry, type Target } from '../../registry/reference.ts'
import type { LoginDocument } from '../../report/document.ts'
import type { Outcome, RegistryView } from '../../report/view.ts'
import type { Certificate } from '../../x509/index.ts'
import { combine, exitOf, type ExitCode } from '../exit.ts'
import { askChanges, askIdentity, requirePrivilege } from './consent.ts'
import type { Context } from './context.ts'
import { blindView, outcomeOf, viewOf, type Result } from './document.ts'
import { askPassword, login } from './login.ts'
import { judgeAgain, observe, surveyMachine, type Case, type Survey } from './observe.ts'
import { exitOfCase, isVerified } from './verdict.ts'

/**
 * The everyday job, registry by registry:
 *   1. finish what a run that died has left behind;
 *   2. look and judge; stop where no change here could help;
 *   3. establish the identity, plan, ask;
 *   4. apply under the lock, prove through the engine, log in; or roll everything back.
 */
export async function trust(context: Context): Promise<Outcome> {
  const targets = context.options.registries.map(parseRegistry)
  const password = await askPassword(context, targets[0]?.registry ?? '')
  await healFirst(context)
  const survey = await surveyMachine(context)
  const views: RegistryView[] = []
  for (const target of targets) {
    views.push(
      context.options.offline
        ? await installBlind(context, survey, target)
        : await trustOne(context, survey, target, password),
    )
  }
  return outcomeOf(context, views, { survey })
}

/** A journal that is there when nobody holds the lock belongs to a run that died. */
export async function healFirst(context: Context): Promise<void> {
  const { machine, state, options, services } = context
  if (!(await state.isUnfinished())) return
  requirePrivilege(context, 'rolling back an earlier run that was cut off')
  services.progress.stage('rolling back an earlier run that was cut off')
  await state.locked(options.timeoutMs, services.io.signal, () => recover(machine, state))
}

async function trustOne(
  context: Context,
  survey: Survey,
  target: Target,
  password: string | undefined,
): Promise<RegistryView> {
  const seen = await observe(context, survey, target)
  try {
    return await mend(context, survey, seen, password)
  } catch (error) {
    if (!(error instanceof TrustError) || context.services.io.signal.aborted) throw error
    return viewOf(context, seen, { exitCode: exitOf(error), verified: false, error })
  }
}

async function mend(
  context: Context,
  survey: Survey,
  seen: Case,
  password: string | undefined,
): Promise<RegistryView> {
  const look = exitOfCase(seen)
  const required = seen.evidence.engines.filter((engine) => engine.required)
  const unchecked = seen.judgement.consumers.some(
    (consumer) => consumer.required && consumer.state === 'unchecked',
  )
  const loopback = unchecked && look === 0
  if (look === 7 || look === 6 || required.length === 0 || loopback) {
    return viewOf(context, seen, { exitCode: look, verified: false })
  }
  const { options } = context
  const pinned = options.fingerprints.length > 0 || context.given.length > 0
  if (look === 0 && !pinned) return await alreadyTrusted(context, seen, password, {})

  const approved = await establish(context, seen)
  if (look === 0) return await alreadyTrusted(context, seen, password, { identity: approved.identity })
  if (!unchecked && !wouldAccept(seen.evidence, approved.install)) {
    return viewOf(context, seen, { exitCode: 6, verified: false, identity: approved.identity })
  }
  return install(context, survey, seen, approved, password)
}

async function alreadyTrusted(
  context: Context,
  seen: Case,
  password: string | undefined,
  result: Pick<Result, 'identity'>,
): Promise<RegistryView> {
  const done = context.options.dryRun ? undefined : await logIn(context, seen, password)
  if (done && !done.ok && context.options.loginRequired) throw loginFailed(done)
  const exitCode = done && !done.ok ? 10 : 0
  return viewOf(context, seen, { ...result, exitCode, verified: true, ...(done ? { login: done } : {}) })
}

/** Who it is: by pin, file, record or proof; else a person at the terminal, or a refusal. */
async function establish(context: Context, seen: Case): Promise<Approved> {
  const { options, state } = context
  const { registry } = seen.target
  const recorded = (await state.records()).registries.find((record) => record.registry === registry)
  const question: IdentityQuestion = {
    registry,
    judgement: seen.judgement,
    given: context.given,
    fingerprints: options.fingerprints,
    trustOnFirstUse: options.trustOnFirstUse,
    ...(recorded ? { recorded } : {}),
  }
  const decision = decideIdentity(question)
  if (decision.kind === 'approved') return decision.approved
  if (!options.input) throw identityMissing(question, decision.candidate)
  if (await askIdentity(context, registry, decision.candidate)) return confirmed(question, decision.candidate)
  throw identityMissing(question, decision.candidate)
}

interface Proof {
  readonly seen: Case
  readonly login?: LoginDocument
}

async function install(
  context: Context,
  survey: Survey,
  seen: Case,
  approved: Approved,
  password: string | undefined,
): Promise<RegistryView> {
  const { options, machine, state, services } = context
  const plan = await planFor(context, seen, approved)
  const { identity } = approved
  if (options.dryRun) {
    const exitCode = options.check && !isEmpty(plan) ? 3 : 0
    return viewOf(context, seen, { exitCode, verified: false, identity, plan: plan.items })
  }
  if (!isEmpty(plan)) requirePrivilege(context, `writing to ${plan.items[0]?.target ?? 'the machine'}`)
  await askChanges(context, plan.items, 'identity-is-enough')

  return state.locked(options.timeoutMs, services.io.signal, async () => {
    await recover(machine, state)
    // Another run may have come first: what is done is planned under the lock.
    const now = await planFor(context, seen, approved)
    const change = { command: `trust ${seen.target.registry}`, steps: now.steps, records: now.records }
    const proof = await perform(machine, state, change, services.io.signal, () =>
      prove(context, survey, seen, password),
    )
    return viewOf(context, proof.seen, {
      exitCode: combine([
        exitAfter(context, proof.seen),
        ...(proof.login?.ok === false ? [10 as const] : []),
      ]),
      verified: isVerified(proof.seen.judgement),
      identity,
      changed: !isEmpty(now),
      plan: now.items,
      changes: now.changes,
      ...(proof.login ? { login: proof.login } : {}),
    })
  })
}

async function planFor(context: Context, seen: Case, approved: Approved): Promise<Plan> {
  return planInstall(
    context.machine,
    await context.state.records(),
    seen.target.registry,
    approved,
    filesFor(context, seen.evidence.engines, seen.target, approved.install),
  )
}

function filesFor(
  context: Context,
  engines: readonly { readonly survey: { readonly name: string }; readonly required: boolean }[],
  target: Target,
  certificates: readonly Certificate[],
): ReturnType<typeof wantedFiles> {
  const names = new Set(engines.filter((engine) => engine.required).map((engine) => engine.survey.name))
  return context.engines
    .filter((engine) => names.has(engine.name))
    .flatMap((engine) =>
      wantedFiles(engine.trustDirectories(context.machine, target), certificates, engine.name),
    )
}

/** The engine's own word, then the login. Whatever is thrown here takes the change back. */
async function prove(
  context: Context,
  survey: Survey,
  before: Case,
  password: string | undefined,
): Promise<Proof> {
  const seen = await judgeAgain(context, survey, before.target, before.evidence.observation)
  for (const engine of seen.evidence.engines) {
    const consumer = seen.judgement.consumers.find((entry) => entry.name === engine.survey.name)
    if (!engine.required || consumer?.state === 'unchecked' || engine.survey.state !== 'running') continue
    if (engine.answer?.outcome === 'accepted') continue
    const said = engine.answer?.message ?? 'it did not answer'
    throw new TrustError(
      'change-failed',
      `${engine.survey.name} still refuses the registry; everything was rolled back`,
      {
        seen: said,
        fix: `trust-registry diagnose ${before.target.registry}`,
      },
    )
  }
  const done = await logIn(context, seen, password)
  if (done && !done.ok && context.options.loginRequired) throw loginFailed(done)
  return { seen, ...(done ? { login: done } : {}) }
}

async function logIn(
  context: Context,
  seen: Case,
  password: string | undefined,
): Promise<LoginDocument | undefined> {
  if (password === undefined) return undefined
  const running = seen.evidence.engines.find((engine) => engine.survey.state === 'running')
  const engine = context.engines.find((entry) => entry.name === running?.survey.name)
  const consumer = seen.judgement.consumers.find((entry) => entry.name === engine?.name)
  if (!engine) return { attempted: false, ok: false, message: 'no engine answers, so no password was sent' }
  if (consumer?.state !== 'trusted') {
    return {
      attempted: false,
      ok: false,
      message: `${engine.name} does not verify the chain, so no password was sent`,
    }
  }
  context.services.progress.stage(`${seen.target.registry}: logging in`)
  return login(context, seen, engine, password)
}

function loginFailed(done: LoginDocument): TrustError {
  return new TrustError(
    'login-failed',
    `the login failed, and --login-required takes the trust back: ${done.message ?? ''}`,
  )
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

/** `--offline --ca FILE`: no look, no proof. */
async function installBlind(context: Context, survey: Survey, target: Target): Promise<RegistryView> {
  const { options, machine, state, services, given } = context
  const anchor = given.find((certificate) => certificate.isCA) ?? given[0]
  if (!anchor) throw new TrustError('usage', '--offline needs --ca FILE')
  const identity = { how: 'ca-file', sha256: anchor.sha256, subject: anchor.subject.text } as const
  const approved: Approved = { identity, anchor, install: given.filter((certificate) => certificate.isCA) }
  const engines = survey.engines.map(({ survey: found }) => ({
    survey: found,
    required: found.installed || options.runtimes.includes(found.name),
  }))
  const plan = async (): Promise<Plan> => {
    const files = filesFor(context, engines, target, approved.install)
    return planInstall(machine, await state.records(), target.registry, approved, files)
  }
  const first = await plan()
  if (options.dryRun) {
    const exitCode = options.check && !isEmpty(first) ? 3 : 0
    return blindView(context, target.registry, { exitCode, verified: false, identity, plan: first.items })
  }
  if (!isEmpty(first)) requirePrivilege(context, `writing to ${first.items[0]?.target ?? 'the machine'}`)
  await askChanges(context, first.items, 'identity-is-enough')
  return state.locked(options.timeoutMs, services.io.signal, async () => {
    await recover(machine, state)
    const now = await plan()
    const change = { command: `trust ${target.registry}`, steps: now.steps, records: now.records }
    await perform(machine, state, change, services.io.signal, () => Promise.resolve())
    const { items, changes } = now
    return blindView(context, target.registry, {
      exitCode: engines.some((engine) => engine.required) ? 0 : 1,
      verified: false,
      identity,
      changed: !isEmpty(now),
      plan: items,
      changes,
    })
  })
}
