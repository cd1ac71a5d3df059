import {
  confirmed,
  decideIdentity,
  identityMissing,
  type Approved,
  type IdentityQuestion,
} from '../../change/index.ts'
import { TrustError } from '../../errors.ts'
import { wouldAccept } from '../../judge/index.ts'
import { parseRegistry, type Target } from '../../registry/reference.ts'
import type { Outcome, RegistryView } from '../../report/view.ts'
import { exitOf } from '../exit.ts'
import { askIdentity } from './consent.ts'
import type { Context } from './context.ts'
import { outcomeOf, viewOf, type Result } from './document.ts'
import { healFirst } from './heal.ts'
import { install, logIn, loginFailed } from './install.ts'
import { askPassword } from './login.ts'
import { observe, surveyMachine, type Case, type Survey } from './observe.ts'
import { installBlind } from './offline.ts'
import { exitOfCase } from './verdict.ts'

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
