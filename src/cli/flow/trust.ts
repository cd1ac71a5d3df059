import { strayFiles, vouchedRealms, type Approved } from '../../change/index.ts'
import { TrustError } from '../../errors.ts'
import { wouldAccept, type EngineEvidence } from '../../judge/index.ts'
import { parseRegistry } from '../../registry/reference.ts'
import type { Outcome, RegistryView } from '../../report/view.ts'
import type { Certificate } from '../../x509/index.ts'
import { exitOf } from '../exit.ts'
import { lacksClient, refuseUnlisted } from './client.ts'
import type { Context } from './context.ts'
import { orRefusal, outcomeOf, viewOf, type Result } from './document.ts'
import { AT_ONCE, aheadOf } from './each.ts'
import { healFirst } from './heal.ts'
import { keeperFor } from './credentials.ts'
import { install, inVain } from './install.ts'
import { logIn } from './prove.ts'
import { loginFailed, withLogin } from './login-report.ts'
import { askPassword, settle, tryLogin, tryStored, type Attempt } from './login.ts'
import { servedOf, sharedFiles } from './files.ts'
import { observe, type Case } from './observe.ts'
import { installBlind } from './offline.ts'
import { stageOf } from './stage.ts'
import { recordOf } from './record.ts'
import { agreesToCheck } from './strict.ts'
import { surveying, unlessCutOff, type Survey } from './survey.ts'
import { establish } from './establish.ts'
import { askRealms, lackingRealms, withRealms } from './realms.ts'
import { exitOfCase, isBeyondUs } from './verdict.ts'

/** Asked once it is clear that there will be a login. */
type AskPassword = () => Promise<string | undefined>

/**
 * The everyday job, registry by registry:
 *   1. finish what a run that died has left behind;
 *   2. look and judge; stop where no change here could help;
 *   3. establish the identity, plan, ask;
 *   4. apply under the lock, prove through the engine, log in; or roll everything back.
 */
export async function trust(context: Context): Promise<Outcome> {
  const { options } = context
  const targets = options.registries.map(parseRegistry)
  await healFirst(context)
  const survey = surveying(context)
  // Looks go on while one registry's change waits for a person or the lock.
  const nextLook = aheadOf(options.offline ? [] : targets, AT_ONCE, (target) =>
    observe(context, survey, target),
  )
  const views: RegistryView[] = []
  for (const target of targets) {
    const look = options.offline ? undefined : nextLook()
    const work = async (): Promise<RegistryView> => {
      if (!look) return installBlind(context, await survey(), target)
      stageOf(context, views.length, `${target.registry}: looking at the chain that it sends`)
      const seen = await look
      return trustOne(context, await survey(), seen, () => askPassword(context, target.registry))
    }
    // What was done for the others is reported whatever comes after.
    const view = await orRefusal(context, target.registry, work)
    views.push(view)
    if (view.document.exitCode === 130) break
  }
  return outcomeOf(context, views, await unlessCutOff(survey))
}

async function trustOne(
  context: Context,
  survey: Survey,
  seen: Case,
  ask: AskPassword,
): Promise<RegistryView> {
  try {
    return await mend(context, survey, seen, ask)
  } catch (error) {
    if (!(error instanceof TrustError)) throw error
    return viewOf(context, seen, { exitCode: exitOf(error), verified: false, error })
  }
}

async function mend(context: Context, survey: Survey, seen: Case, ask: AskPassword): Promise<RegistryView> {
  const { options } = context
  const { target } = seen
  const look = exitOfCase(seen)
  const required = seen.evidence.engines.filter((engine) => engine.required)
  if (isBeyondUs(context, seen)) return viewOf(context, seen, { exitCode: look, verified: false })
  const attempt = async (certificates: readonly Certificate[], agreed = context): Promise<Attempt> => {
    const password = await ask()
    if (password === undefined) return tryStored(agreed, seen, certificates)
    const tried = await tryLogin(agreed, seen, certificates, password)
    if (tried.kind === 'settled' && options.loginRequired)
      throw loginFailed(context, target.registry, tried.report)
    return tried
  }
  refuseUnlisted(context, seen)
  const recorded = await recordOf(context.state, target.registry)
  const { given } = context
  const { judgement } = seen
  const { fingerprints } = options
  // A pin or a file may be for its token service, which has a CA of its own.
  const split = vouchedRealms(judgement.realms, { given, fingerprints, judgement })
  const { question } = split
  const pinned = question.fingerprints.length > 0
  const vouched = pinned || question.given.length > 0 || recorded !== undefined
  const shows = await lacksClient(context, seen)
  const established =
    look !== 0 || vouched || shows ? await establish(context, seen, question, recorded) : undefined
  const realms = [...split.anchors, ...(await askRealms(context, seen, split.anchors))]
  if (!established && realms.length === 0) return alreadyTrusted(context, seen, await attempt([]), {})

  const approved = withRealms(established ?? (await establish(context, seen, question, recorded)), realms)
  const { identity } = approved
  // In a rotation the file holds the next CA as well: it goes in while the old one still serves.
  const stray = await strayFiles(context.machine, await context.state.records(), target.registry)
  // What was installed for another registry shall not go with that one.
  const shared = await sharedFiles(context, servedOf(seen), target, approved.install)
  const more =
    look === 0
      ? [
          ...unknownTo(required, pinned || options.scope === 'system' ? [] : question.given),
          ...lackingRealms(context, seen, realms),
          ...(pinned && options.scope === 'registry' ? missingPin(seen, approved) : []),
          ...approved.install.filter(({ sha256 }) => stray.has(sha256) || shared.has(sha256)),
        ]
      : approved.install
  const hiding = look === 0 && options.scope === 'registry' && (more.length > 0 || shows)
  const next = hiding ? [...more, ...fromDefault(required, approved.install, more)] : more
  // What now vouches for it takes the place of what is on record, even where no file changes.
  const moves = recorded !== undefined && recorded.identity.sha256 !== identity.sha256
  const prunes = options.prune && recorded?.superseded !== undefined
  if (look === 0 && next.length === 0 && !moves && !prunes && !shows) {
    return alreadyTrusted(context, seen, await attempt([]), { identity })
  }
  const vain = inVain(context, seen, approved)
  if (vain) return vain
  const wanted = { ...approved, install: next, standing: approved.install.map(({ sha256 }) => sha256) }
  const agreed: Context = (await agreesToCheck(context, seen, wanted))
    ? { ...context, strict: true }
    : context
  return install(agreed, survey, seen, wanted, recorded?.identity.sha256, await attempt(next, agreed))
}

/** The CAs of the file that some engine does not have yet; with a pin, nothing beyond what is pinned. */
function unknownTo(
  engines: readonly EngineEvidence[],
  given: readonly Certificate[],
): readonly Certificate[] {
  const lacks = (certificate: Certificate): boolean =>
    engines.some(({ store, trust }) => !store.contains(certificate) && !trust.pool.contains(certificate))
  return given.filter((certificate) => certificate.isCA && lacks(certificate))
}

/** A directory of the registry's own hides `_default`: what vouches for the chain from there has to stand in it as well. */
function fromDefault(
  engines: readonly EngineEvidence[],
  anchors: readonly Certificate[],
  wanted: readonly Certificate[],
): readonly Certificate[] {
  if (!engines.some(({ trust }) => trust.path.endsWith('/_default'))) return []
  const known = new Set(wanted.map(({ sha256 }) => sha256))
  return anchors.filter(({ sha256 }) => !known.has(sha256))
}

/** An engine that just looked up the name may have spoken of the server before: what it has on file must do as well. */
function missingPin({ evidence }: Case, { install }: Approved): readonly Certificate[] {
  return !wouldAccept(evidence, []) && wouldAccept(evidence, install) ? install : []
}

async function alreadyTrusted(
  context: Context,
  seen: Case,
  attempt: Attempt,
  result: Pick<Result, 'identity'>,
): Promise<RegistryView> {
  const password = attempt.kind === 'proven' ? attempt.password : ''
  const done = await logIn(context, seen, attempt, keeperFor(context, seen.target.registry, password))
  const view = viewOf(context, seen, { ...result, exitCode: 0, verified: true })
  return withLogin(view, done ?? (await settle(context, seen, attempt, view.document.consumers)))
}
