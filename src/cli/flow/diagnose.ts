import { parseRegistry } from '../../registry/reference.ts'
import type { Outcome } from '../../report/view.ts'
import type { Context } from './context.ts'
import { outcomeOf, viewOf } from './document.ts'
import { eachOf } from './each.ts'
import { observe, surveyMachine } from './observe.ts'
import { exitOfCase, isVerified } from './verdict.ts'

const AT_ONCE = 16

/** Says what is wrong with each registry; changes nothing. */
export async function diagnose(context: Context): Promise<Outcome> {
  const survey = await surveyMachine(context)
  const views = await eachOf(context.options.registries, AT_ONCE, async (text) => {
    const seen = await observe(context, survey, parseRegistry(text))
    return viewOf(context, seen, {
      exitCode: exitOfCase(seen),
      verified: isVerified(seen.judgement) && !seen.judgement.ownerMustAct,
    })
  })
  return outcomeOf(context, views, { survey })
}
