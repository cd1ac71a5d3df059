import { parseRegistry } from '../../registry/reference.ts'
import type { Outcome } from '../../report/view.ts'
import type { Context } from './context.ts'
import { outcomeOf, viewOf } from './document.ts'
import { AT_ONCE, eachOf } from './each.ts'
import { observe, surveying } from './observe.ts'
import { stageOf } from './stage.ts'
import { exitOfCase, isVerified } from './verdict.ts'

/** Says what is wrong with each registry; changes nothing. */
export async function diagnose(context: Context): Promise<Outcome> {
  const survey = surveying(context)
  let done = 0
  const views = await eachOf(context.options.registries, AT_ONCE, async (text) => {
    const target = parseRegistry(text)
    stageOf(context, done, `${target.registry}: looking at the chain that it sends`)
    const seen = await observe(context, survey, target)
    stageOf(context, ++done, target.registry)
    return viewOf(context, seen, {
      exitCode: exitOfCase(seen),
      verified: isVerified(seen.judgement) && !seen.judgement.ownerMustAct,
    })
  })
  return outcomeOf(context, views, { survey: await survey() })
}
