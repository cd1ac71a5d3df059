import { identityLines, planRows } from './changes.ts'
import { fit } from './fit.ts'
import { breakLogCommands } from './printable.ts'
import { styleOf, type TextOptions } from './style.ts'
import type { RegistryView } from './view.ts'

/** What the prompt asks about: every file, every command, the identity, and that this is all. */
export function renderPlan(
  view: Pick<RegistryView, 'document'>,
  options: Pick<TextOptions, 'color' | 'unicode' | 'columns'>,
): string {
  const style = styleOf(options)
  const { registry, plan, identity } = view.document
  const restarts = plan.some((item) => item.action === 'restart')
  const end = restarts ? 'Nothing else is touched.' : 'Nothing else is touched, nothing is restarted.'
  const head = style.paint('strong', style.safe(registry, 270))
  const lines =
    plan.length === 0
      ? [`${head}: nothing to change on this machine`]
      : [
          `${head}: this will change on this machine`,
          ...(identity === undefined ? [] : identityLines(identity, style)),
          // Nothing is left out here: consent is to what was shown.
          ...fit([{ items: planRows(plan, style), keep: plan.length, rank: 0 }], Number.POSITIVE_INFINITY),
          ` ${end}`,
        ]
  return breakLogCommands(`${lines.join('\n')}\n`)
}
