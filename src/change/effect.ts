import type { Machine } from '../machine/machine.ts'
import type { Reloadable, Restartable } from '../runtimes/acts.ts'
import type { DaemonProcess } from '../runtimes/docker-process.ts'
import { reloadDocker } from '../runtimes/docker-settings.ts'
import { isUntouched, restartEngine } from '../runtimes/restart.ts'
import { stores, type StoreName } from '../stores/index.ts'
import { refreshStore } from '../stores/refresh.ts'

/**
 * Steps that have somebody else's program act on the files that stand there. They name entries of our own tables and
 * never a command: a journal cannot make root run anything else. Done when the change goes `forward`, or once
 * everything behind them was taken `back`: a bracket of the two ends either way with what the files now say.
 */
export type Effect = RefreshStep | RestartStep | ReloadStep

export interface RefreshStep {
  readonly do: 'refresh'
  readonly when: 'forward' | 'back'
  readonly store: StoreName
  /** SHA-256 of certificates that the bundle shall hold afterwards, and shall not. */
  readonly there: readonly string[]
  readonly gone: readonly string[]
  /** Files that have to be there before the tool runs, either way: without them it would drop what is not ours. */
  readonly keep?: readonly KeptFile[]
}

/** A certificate of somebody else's that only the bundle holds so far; the file stays theirs. */
export interface KeptFile {
  readonly path: string
  readonly mode: number
  /** Base64. */
  readonly bytes: string
}

export interface RestartStep {
  readonly do: 'restart'
  readonly when: 'forward' | 'back'
  readonly engine: Restartable
  readonly deadlineMs: number
  /** The daemon when this was planned: on the way back one that never stopped is left alone. */
  readonly was: DaemonProcess
}

/** A running engine reads its settings again; nothing stops. */
export interface ReloadStep {
  readonly do: 'reload'
  readonly when: 'forward' | 'back'
  readonly engine: Reloadable
  readonly deadlineMs: number
}

/** Goes forward: what is there for the way back does nothing. */
export async function doEffect(machine: Machine, step: Effect): Promise<void> {
  if (step.when === 'back') return
  if (step.do === 'refresh') await refresh(machine, step)
  else if (step.do === 'reload') await reloadDocker(machine, step.deadlineMs)
  else await restartEngine(machine, step.engine, step.deadlineMs)
}

export async function undoEffect(machine: Machine, step: Effect): Promise<void> {
  if (step.when === 'forward') return
  if (step.do === 'refresh') await refresh(machine, step)
  else if (step.do === 'reload') await reloadDocker(machine, step.deadlineMs, true)
  else if (!(await isUntouched(machine, step.was))) await restartEngine(machine, step.engine, step.deadlineMs)
}

function refresh(machine: Machine, step: RefreshStep): Promise<void> {
  const { there, gone } = step
  return refreshStore(machine, stores[step.store], { there, gone, lenient: step.when === 'back' })
}

/** What a step acts upon, for messages. */
export function effectTarget(step: Effect): string {
  return step.do === 'refresh' ? stores[step.store].tool : step.engine
}
