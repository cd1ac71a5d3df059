import { decideBlind, isEmpty, planInstall, type Approved, type Plan } from '../../change/index.ts'
import { absentFinding, type Finding } from '../../judge/index.ts'
import { shellWord } from '../../machine/shell.ts'
import type { Target } from '../../registry/reference.ts'
import type { RegistryView } from '../../report/view.ts'
import { withoutLook } from './by-hand.ts'
import { carryOut } from './carry-out.ts'
import { withClosed } from './closed.ts'
import { askChanges, consentFor } from './consent.ts'
import type { Context } from './context.ts'
import { blindView } from './document.ts'
import { filesFor } from './files.ts'
import { byRoot, handsFor, trustOrder, writingTo } from './hand-over.ts'
import { recordOf, sameRecord } from './record.ts'
import { afterwards } from './store-findings.ts'
import { isRequired, type Survey } from './survey.ts'

/** `--offline --ca FILE`: no look, no proof. */
export async function installBlind(
  context: Context,
  survey: Survey,
  target: Target,
  /** In the privileged half: what the caller approved. */
  ordered?: Approved,
): Promise<RegistryView> {
  const { options, machine, state } = context
  const { registry } = target
  const recorded = await recordOf(state, registry)
  const approved = ordered ?? decideBlind(registry, context.given, options.fingerprints, recorded)
  const { identity } = approved
  const surveyed = survey.engines.map(({ engine, survey: found }) => ({
    engine,
    survey: found,
    required: isRequired(found, options.runtimes),
  }))
  const system = options.scope === 'system'
  const engines = system ? [] : await withoutLook(context, surveyed, target, approved.install)
  const findings = engines.flatMap((engine) => engine.findings)
  if (!system && !engines.some(({ required }) => required)) {
    // What is for nobody is not done, and so not remembered.
    const why = findings.length > 0 ? findings : [forNobody(context, survey, registry)]
    return blindView(context, registry, { exitCode: 1, verified: false, identity, findings: why })
  }
  const wrong = findings.some(({ severity }) => severity === 'error')
  const plan = async (): Promise<Plan> => {
    if (system) return (await import('./system.ts')).planSystemBlind(context, registry, approved)
    const files = await filesFor(context, engines, target, approved.install)
    const placed = await planInstall({ machine, state }, registry, approved, files)
    return withClosed(context, target, files, placed)
  }
  const first = await plan()
  const toKnow = [...findings, ...(first.findings ?? [])]
  if (options.dryRun) {
    const pending = options.check && !isEmpty(first) ? 3 : 0
    const exitCode = wrong ? 1 : pending
    return blindView(context, registry, {
      exitCode,
      verified: false,
      identity,
      plan: first.items,
      findings: toKnow,
    })
  }
  const was = recorded?.identity.sha256
  if (
    (!isEmpty(first) || was !== identity.sha256) &&
    (await handsFor(context, writingTo(first))) === 'sudo'
  ) {
    await askChanges(context, first.items, 'identity-is-enough', first.findings)
    const asked = trustOrder(context, target, engines, approved, first, was)
    return byRoot(
      context,
      asked,
      blindView(context, registry, { exitCode: wrong ? 1 : 0, verified: false, findings: toKnow }),
    )
  }
  const { plan: done } = await carryOut(context, first, {
    command: `trust ${registry}`,
    consent: consentFor(first),
    check: () => sameRecord(context, registry, approved, was),
    plan,
    prove: () => Promise.resolve(),
  })
  return blindView(context, registry, {
    exitCode: wrong ? 1 : 0,
    verified: false,
    identity,
    changed: !isEmpty(done),
    plan: done.items,
    changes: done.changes,
    findings: afterwards(toKnow, done.steps),
  })
}

/** No engine, or none but those that get something only where they are named. */
function forNobody({ options }: Context, { engines }: Survey, registry: string): Finding {
  const how = ['--offline', ...options.ca.map((path) => `--ca ${shellWord(path)}`)].join(' ')
  const here = engines.find(({ engine, survey }) => survey.installed && engine.runtime === undefined)
  const first = here ?? engines[0]
  if (!first) throw new Error('no engine is known')
  const absent = absentFinding(first.survey, registry, how)
  if (!here) return absent
  const message = `${here.survey.name} is given nothing where it is not named, and no other engine is on this machine`
  return { ...absent, code: 'runtime-unreachable', message }
}
