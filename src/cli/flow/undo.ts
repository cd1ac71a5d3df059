import { isEmpty, planUndo, withReloads, type Plan } from '../../change/index.ts'
import type { Outcome, RegistryView } from '../../report/view.ts'
import { exitOf } from '../exit.ts'
import { carryOut } from './carry-out.ts'
import { agreedLines, askChanges } from './consent.ts'
import { isRunning, reloadDeadline, restartLine, restartsBehind } from './restarts.ts'
import { refuseNoMemory, type Site } from './site.ts'
import { blindView, orRefusal, outcomeOf } from './document.ts'
import { byRoot, handsFor } from './hand-over.ts'
import { keptFiles } from './kept.ts'
import { healFirst } from './heal.ts'
import { withNotes } from './undo-notes.ts'
import { namesOnRecord } from './record.ts'

/** Takes back exactly what was done: our files where they still are ours, our directories where they are empty. */
export async function undo(context: Site): Promise<Outcome> {
  const { options, state } = context
  await refuseNoMemory(context)
  await healFirst(context)
  const names = options.all
    ? (await state.records()).registries.map((record) => record.registry)
    : await namesOnRecord(state, options.registries)
  const views: RegistryView[] = []
  for (const registry of names) {
    const view = await orRefusal(context, registry, () => undoOne(context, registry))
    views.push(await withNotes(context, view, names))
    if (view.document.exitCode === 130) break
  }
  return outcomeOf(context, views)
}

export async function undoOne(context: Site, registry: string): Promise<RegistryView> {
  const { options, machine, state } = context
  const restarts = await restartsBehind(context, registry)
  const plan = async (): Promise<Plan> => {
    const { files } = await state.records()
    const undone = await planUndo({ machine, state }, new Set([registry]), restarts)
    const planned = withReloads(undone, files, reloadDeadline(context))
    if (!planned.steps.some((step) => step.do === 'refresh')) return planned
    return (await import('./appended.ts')).keepingAll(context, planned)
  }
  const first = await plan()
  const known = (await state.records()).registries.some((record) => record.registry === registry)
  if (!known && isEmpty(first)) return blindView(context, registry, { exitCode: 0, verified: false })
  if (options.dryRun) {
    const exitCode = options.check && known ? 3 : 0
    return blindView(context, registry, { exitCode, verified: false, plan: first.items })
  }
  if ((await handsFor(context, `taking back what was done for ${registry}`)) === 'sudo') {
    await askChanges(context, first.items, 'needs-yes')
    const { timeoutMs, restart } = options
    const order = {
      version: 1,
      do: 'undo',
      registry,
      restart,
      timeoutMs,
      agreed: agreedLines(first.items),
    } as const
    return byRoot(context, order, blindView(context, registry, { exitCode: 0, verified: false }))
  }
  const { plan: done } = await carryOut(context, first, {
    command: `undo ${registry}`,
    consent: 'needs-yes',
    plan,
    prove: () => Promise.resolve(),
  })
  const error = keptFiles(done.changes, registry, state.directory)
  const refreshed = done.steps.some((step) => step.do === 'refresh')
  const stale = refreshed && restarts.length === 0 && (await isRunning(context))
  const result = {
    restart: stale ? await restartLine(context) : undefined,
    // Where the files were gone already, what is on record goes all the same.
    changed: known || !isEmpty(done),
    verified: false,
    plan: done.items,
    changes: done.changes,
  }
  if (!error) return blindView(context, registry, { ...result, exitCode: 0 })
  return blindView(context, registry, { ...result, exitCode: exitOf(error), error })
}
