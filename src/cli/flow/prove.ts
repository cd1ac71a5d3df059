import { TrustError } from '../../errors.ts'
import { isBroken, isServed, type EngineEvidence } from '../../judge/index.ts'
import { wantsClient } from './client.ts'
import type { Context } from './context.ts'
import type { Keeper } from './credentials.ts'
import { otherScopeLine } from './escalate.ts'
import { login, type Attempt } from './login.ts'
import { loginFailed, type LoginReport } from './login-report.ts'
import { judgeAgain, type Case } from './observe.ts'
import type { Survey } from './survey.ts'

export interface Proof {
  readonly seen: Case
  readonly login?: LoginReport
}

/** The engine's own word, then the login. Whatever is thrown here takes the change back. */
export async function prove(
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
    const was = before.evidence.engines.find(({ survey: { name } }) => name === engine.survey.name)
    if (was && isBroken(was, engine)) throw unproven(context, before, engine)
    if (!isServed(engine) || consumer?.state === 'unchecked' || engine.survey.state !== 'running') continue
    const unknown = context.client !== undefined && wantsClient(engine.answer?.message ?? '')
    if (engine.answer?.outcome === 'accepted' && !unknown) continue
    // Without a restart it cannot see the OS store as it is now; that is said, and no failure.
    if (context.options.scope === 'system' && !(restarts && isRestarted(engine))) continue
    throw unproven(context, before, engine)
  }
  const done = await logIn(context, seen, attempt, keeper)
  return { seen, ...(done ? { login: done } : {}) }
}

/** Docker is restarted for the OS store; programs read it anew each time; another daemon is left to its owner. */
function isRestarted({ survey: { kind, name } }: EngineEvidence): boolean {
  return kind === 'program' || name === 'docker' || name.startsWith('docker-')
}

function unproven(context: Context, { target }: Case, { survey, answer, trust }: EngineEvidence): TrustError {
  const { fatal } = trust
  const refuses = fatal === undefined && answer?.outcome === 'refused'
  const does = refuses ? 'still refuses' : 'does not reach'
  return new TrustError(
    'change-failed',
    `${survey.name} ${fatal ? 'could no longer read its files for' : does} the registry; everything was rolled back`,
    {
      seen: fatal?.message ?? answer?.message ?? 'it did not answer',
      fix:
        refuses && isUnknownAuthority(answer.message)
          ? escalation(context)
          : `trust-registry diagnose ${target.registry}`,
    },
  )
}

/** Go's words for the one refusal that another store can mend: not a name's, not a date's. */
export function isUnknownAuthority(message: string): boolean {
  return message.includes('certificate signed by unknown authority')
}

/** What does not read the one place may read the other. */
function escalation(context: Context): string {
  const why =
    context.options.scope === 'system'
      ? 'by its own directory, without the OS store'
      : 'by the OS store, for what does not read its directory: every program trusts it then'
  return `${otherScopeLine(context)}      # ${why}`
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
  const running = seen.evidence.engines.find(({ survey, required }) => required && survey.state === 'running')
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
