import type { DaemonProcess } from '../runtimes/docker-process.ts'
import type { Restartable } from '../runtimes/acts.ts'
import { stores, type StoreName } from '../stores/index.ts'
import type { Effect } from './effect.ts'
import type { OwnedFile, PlanItem } from './model.ts'
import type { Plan } from './plan.ts'

/** An engine that has to be restarted to see what the OS store says. */
export interface Restart {
  readonly engine: Restartable
  readonly was: DaemonProcess
  readonly deadlineMs: number
  /** What it costs: the containers that stop. */
  readonly reason: string
}

/** Which certificates (SHA-256) the bundle of a store gains and loses. */
interface Turn {
  readonly store: StoreName
  readonly there: readonly string[]
  readonly gone: readonly string[]
}

/** Brackets the steps of a plan with what makes a store, and the engines that read it, follow them either way. */
export function withStore<P extends Plan>(plan: P, turn: Turn, restarts: readonly Restart[]): P {
  const { store, there, gone } = turn
  const turns = there.length + gone.length > 0
  if (!turns && restarts.length === 0) return plan
  const effects = (when: Effect['when']): Effect[] => {
    const [holds, lacks] = when === 'forward' ? [there, gone] : [gone, there]
    return [
      ...(turns ? [{ do: 'refresh', when, store, there: holds, gone: lacks } as const] : []),
      ...restarts.map(({ engine, was, deadlineMs }): Effect => ({
        do: 'restart',
        when,
        engine,
        was,
        deadlineMs,
      })),
    ]
  }
  const run = {
    action: 'run',
    target: stores[store].tool,
    reason: `makes ${stores[store].bundle} anew: every program that reads the OS store ${gone.length > 0 ? 'stops trusting' : 'trusts'} it`,
    privileged: true,
  } as const
  const items = restarts.map(({ engine, reason }): PlanItem => ({
    ...{ action: 'restart', target: engine, reason, runtime: engine, privileged: true },
  }))
  return {
    ...plan,
    items: [...plan.items, ...(turns ? [run] : []), ...items],
    // On the way back the last comes first: the files, the store, the engines.
    steps: [...effects('back').reverse(), ...plan.steps, ...effects('forward')],
  }
}

/** The same for a plan that takes files away. */
export function withoutAnchors<P extends Plan>(
  plan: P,
  files: readonly OwnedFile[],
  restarts: readonly Restart[],
): P {
  const removed = new Set(plan.changes.flatMap(({ path, state }) => (state === 'removed' ? [path] : [])))
  const anchors = files.filter((file) => file.store !== undefined && removed.has(file.path))
  return [...new Set(anchors.map((file) => file.store))].reduce((bracketed, store) => {
    const gone = anchors.flatMap((file) => (file.store === store ? [file.certificate ?? ''] : []))
    return store === undefined ? bracketed : withStore(bracketed, { store, there: [], gone }, restarts)
  }, plan)
}
