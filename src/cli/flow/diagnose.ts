import { identityFinding, type Records } from '../../change/index.ts'
import { parseRegistry } from '../../registry/reference.ts'
import type { Outcome } from '../../report/view.ts'
import type { Context } from './context.ts'
import { outcomeOf, viewOf } from './document.ts'
import { AT_ONCE, eachOf } from './each.ts'
import { observe, type Case } from './observe.ts'
import { stageOf } from './stage.ts'
import { surveying, unlessCutOff } from './survey.ts'
import { exitOfCase, isVerified } from './verdict.ts'

/** Says what is wrong with each registry; changes nothing. */
export async function diagnose(context: Context): Promise<Outcome> {
  const survey = surveying(context)
  // A state that cannot be read is no reason not to look.
  const records = await context.state.records().catch(() => undefined)
  let done = 0
  const views = await eachOf(context.options.registries, AT_ONCE, async (text) => {
    const target = parseRegistry(text)
    stageOf(context, done, `${target.registry}: looking at the chain that it sends`)
    const seen = heldAgainst(records, await observe(context, survey, target))
    done++
    if (context.options.registries.length > 1) stageOf(context, done, `${target.registry}: looked at`)
    return viewOf(context, seen, {
      exitCode: exitOfCase(seen),
      verified: isVerified(seen.judgement) && !seen.judgement.ownerMustAct,
    })
  })
  return outcomeOf(context, views, await unlessCutOff(survey))
}

/** Docker may trust by another way what is not the registry that was accepted. */
function heldAgainst(records: Records | undefined, seen: Case): Case {
  const recorded = records?.registries.find((record) => record.registry === seen.target.registry)
  const finding = recorded && identityFinding(seen.judgement, recorded)
  if (!finding) return seen
  const { judgement } = seen
  return { ...seen, judgement: { ...judgement, findings: [...judgement.findings, finding] } }
}
