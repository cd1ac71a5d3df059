import type { Machine } from '../machine/machine.ts'
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
  /** Gone as well, and for good: the source is gone already, so that nothing brings it back. */
  readonly stray?: readonly string[]
  /** What else the run of the tool does. */
  readonly note?: string
}

/** Brackets the steps of a plan with what makes a store, and the engines that read it, follow them either way. */
export function withStore<P extends Plan>(plan: P, turn: Turn, restarts: readonly Restart[]): P {
  const { store, there, gone, stray = [], note } = turn
  const turns = there.length + gone.length + stray.length > 0
  if (!turns && restarts.length === 0) return plan
  const effects = (when: Effect['when']): Effect[] => {
    const [holds, lacks] = when === 'forward' ? [there, [...gone, ...stray]] : [gone, there]
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
    reason: `makes ${stores[store].bundle} anew: every program that reads the OS store ${there.length === 0 ? 'stops trusting' : 'trusts'} it${note === undefined ? '' : `; ${note}`}`,
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

/**
 * The same for a plan that takes files away. A source that somebody has taken away or changed before us may have left
 * its certificate in the bundle: then the tool runs for that alone.
 * @param files all of ours, as they were
 */
export async function withoutAnchors<P extends Plan>(
  machine: Machine,
  plan: P,
  files: readonly OwnedFile[],
  restarts: readonly Restart[],
): Promise<P> {
  const removed = new Set(plan.changes.flatMap(({ path, state }) => (state === 'removed' ? [path] : [])))
  const kept = new Set(plan.records.files.map(({ path }) => path))
  const anchors = files.filter((file) => file.store !== undefined && !kept.has(file.path))
  let bracketed = plan
  for (const store of new Set(anchors.flatMap((file) => file.store ?? []))) {
    const own = anchors.filter((file) => file.store === store)
    const gone = fingerprints(own.filter(({ path }) => removed.has(path)))
    const others = own.filter(({ path }) => !removed.has(path))
    const stray = others.length === 0 ? [] : await onlyInBundle(machine, store, others)
    bracketed = withStore(bracketed, { store, there: [], gone, stray }, restarts)
  }
  return bracketed
}

/** Of files that are not as we left them: what the bundle holds and the file does not, or not any more. */
async function onlyInBundle(
  machine: Machine,
  store: StoreName,
  files: readonly OwnedFile[],
): Promise<readonly string[]> {
  // Loaded late: most changes read no bundle.
  const { census, fingerprintOf } = await import('../stores/census.ts')
  const read = async (path: string): Promise<Buffer> =>
    (await machine.read(path).catch(() => undefined)) ?? Buffer.alloc(0)
  const bundle = census(await read(stores[store].bundle))
  const found: string[] = []
  for (const { path, certificate } of files) {
    if (certificate === undefined || !bundle.has(certificate)) continue
    const bytes = await read(path)
    // As DER it would do for p11-kit.
    if (!census(bytes).has(certificate) && fingerprintOf(bytes) !== certificate) found.push(certificate)
  }
  return found
}

function fingerprints(files: readonly OwnedFile[]): readonly string[] {
  return files.flatMap(({ certificate }) => certificate ?? [])
}
