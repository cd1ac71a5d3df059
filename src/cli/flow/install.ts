import { isEmpty, planInstall, type Approved, type Plan } from '../../change/index.ts'
import { TrustError } from '../../errors.ts'
import { wouldAccept } from '../../judge/index.ts'
import { shellWord } from '../../machine/shell.ts'
import type { LoginDocument } from '../../report/document.ts'
import type { RegistryView } from '../../report/view.ts'
import { combine, type ExitCode } from '../exit.ts'
import { carryOut } from './carry-out.ts'
import { askChanges } from './consent.ts'
import type { Context } from './context.ts'
import { viewOf } from './document.ts'
import { filesFor } from './files.ts'
import { byRoot, handsFor, trustOrder, writingTo } from './hand-over.ts'
import { keepLogin, login } from './login.ts'
import { judgeAgain, type Case, type Survey } from './observe.ts'
import { exitOfCase, isVerified } from './verdict.ts'

interface Proof {
  readonly seen: Case
  readonly login?: LoginDocument
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
  password: string | undefined,
): Promise<RegistryView> {
  const { options, machine } = context
  const plan = await planFor(context, seen, approved)
  const { identity } = approved
  if (options.dryRun) {
    const exitCode = options.check && !isEmpty(plan) ? 3 : 0
    return viewOf(context, seen, { exitCode, verified: false, identity, plan: plan.items })
  }
  const { registry } = seen.target
  const handOn = async (): Promise<RegistryView> => {
    await askChanges(context, plan.items, 'identity-is-enough')
    const order = trustOrder(context, seen.target, seen.evidence.engines, approved, plan, recorded, password)
    const view = viewOf(context, seen, { exitCode: 0, verified: false })
    return byRoot(context, order, view, (token) => keepLogin(context, registry, password ?? '', token))
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
  const { plan: done, proof } = await carryOut(context, plan, {
    command: `trust ${registry}`,
    consent: 'identity-is-enough',
    check: () => sameRecord(context, registry, approved, recorded),
    plan: () => planFor(context, seen, approved),
    prove: () => prove(context, survey, seen, password),
  })
  return viewOf(context, proof.seen, {
    exitCode: combine([exitAfter(context, proof.seen), ...(proof.login?.ok === false ? [10 as const] : [])]),
    verified: isVerified(proof.seen.judgement),
    identity,
    changed: !isEmpty(done),
    plan: done.items,
    changes: done.changes,
    ...(proof.login ? { login: proof.login } : {}),
  })
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

/** Two runs at once may have accepted two identities: the second one decides anew. */
async function sameRecord(
  context: Context,
  registry: string,
  approved: Approved,
  recorded: string | undefined,
): Promise<void> {
  const { registries } = await context.state.records()
  const now = registries.find((record) => record.registry === registry)
  const expected = [approved.identity.sha256, recorded]
  if (now === undefined || expected.includes(now.identity.sha256)) return
  throw new TrustError('identity-mismatch', 'another run has just accepted an identity for this registry', {
    seen: `accepted: SHA256 ${now.identity.sha256}`,
    fix: 'run it again: the identity is then held against that one',
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

/** The engine's own word, then the login. Whatever is thrown here takes the change back. */
async function prove(
  context: Context,
  survey: Survey,
  before: Case,
  password: string | undefined,
): Promise<Proof> {
  const seen = await judgeAgain(context, survey, before)
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
  if (done && !done.ok && context.options.loginRequired) throw loginFailed(context, seen, done)
  return { seen, ...(done ? { login: done } : {}) }
}

export async function logIn(
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

export function loginFailed(context: Context, seen: Case, done: LoginDocument): TrustError {
  const { username = 'NAME' } = context.options
  return new TrustError('login-failed', `the login failed, and it was required: ${done.message ?? ''}`, {
    fix: `docker login -u ${shellWord(username)} ${seen.target.registry}      # to try the password by itself`,
  })
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
