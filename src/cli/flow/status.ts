import { holdings } from '../../change/status.ts'
import { TrustError } from '../../errors.ts'
import type { Outcome } from '../../report/view.ts'
import { refuseNoMemory, type Site } from './site.ts'
import { outcomeOf } from './document.ts'
import { namesOnRecord } from './record.ts'
import { retyped } from './retype.ts'

/** What was done here, whether it still holds, and what expires when. */
export async function status(context: Site): Promise<Outcome> {
  const { machine, state, options } = context
  await refuseNoMemory(context)
  if (await state.isUnfinished()) {
    throw new TrustError('unfinished', 'a change is under way, or was cut off before it was done', {
      seen: `${state.directory}/journal.json`,
      fix: retyped(
        options,
        'trust-registry undo REGISTRY      # or trust: the next run first rolls back what was cut off',
      ),
    })
  }
  const asked = new Set(await namesOnRecord(state, options.registries))
  const all = await holdings(machine, await state.records())
  const entries = all.filter((entry) => asked.size === 0 || asked.has(entry.registry))
  return outcomeOf(context, [], { entries, exitCode: entries.every((entry) => entry.holds) ? 0 : 1 })
}
