import type { Reloadable } from '../runtimes/acts.ts'
import type { ReloadStep } from './effect.ts'
import type { OwnedFile } from './model.ts'
import type { Plan } from './plan.ts'
import { targetOf } from './step.ts'

/** Brackets a plan that writes or removes files of settings with what makes their engines read them, either way. */
export function withReloads<P extends Plan>(plan: P, files: readonly OwnedFile[], deadlineMs: number): P {
  const touched = new Set(plan.steps.map(targetOf))
  const engines = new Set(
    files.flatMap(({ path, reload }) => (reload !== undefined && touched.has(path) ? [reload] : [])),
  )
  if (engines.size === 0) return plan
  const steps = (when: ReloadStep['when']): readonly ReloadStep[] =>
    [...engines].map((engine) => ({ do: 'reload', when, engine, deadlineMs }))
  const item = (engine: Reloadable) =>
    ({
      ...{ action: 'run', target: `reload ${engine}`, runtime: engine, privileged: true },
      reason: 'it reads its settings again; no container stops',
    }) as const
  return {
    ...plan,
    items: [...plan.items, ...[...engines].map(item)],
    steps: [...steps('back'), ...plan.steps, ...steps('forward')],
  }
}
