import type { Restart } from '../../change/index.ts'
import { serviceControl } from '../../machine/service.ts'
import { daemonProcess } from '../../runtimes/docker-process.ts'
import { refuseBrokenConfig, restartCost } from '../../runtimes/docker-restart.ts'
import type { Site } from './site.ts'

/** A restart may take six times as long as a network step. */
const RESTART_FACTOR = 6

/** Of a daemon that reads its settings again, in milliseconds. */
export function reloadDeadline({ options }: Site): number {
  return 2 * options.timeoutMs
}

/** @throws TrustError `change-failed` where docker would not come back */
export async function dockerRestart({ machine, options }: Site): Promise<readonly Restart[]> {
  const cost = await restartCost(machine, options.timeoutMs).catch(() => undefined)
  if (cost === undefined) return []
  const { was, stops } = cost
  await refuseBrokenConfig(machine, was)
  const reason = `it reads the OS store once; ${stopping(stops)}`
  return [{ engine: 'docker', was, deadlineMs: RESTART_FACTOR * options.timeoutMs, reason }]
}

function stopping(names: readonly string[] | undefined): string {
  if (names === undefined) return 'which containers this stops, only root can see'
  if (names.length === 0) return 'no container stops'
  return `this stops ${names.length} container${names.length === 1 ? '' : 's'}: ${names.join(', ')}`
}

/** Where the OS store loses what docker has read, docker has to forget it as well. */
export async function restartsBehind(site: Site, registry: string): Promise<readonly Restart[]> {
  const { files } = await site.state.records()
  const inStore = files.some(
    ({ store, registries }) => store !== undefined && registries.length === 1 && registries[0] === registry,
  )
  return inStore && site.options.restart !== 'never' ? dockerRestart(site) : []
}

/** For a person to type. */
export async function restartLine({ machine }: Site): Promise<string> {
  return (await serviceControl(machine, 'docker'))?.line ?? 'stop dockerd and start it the way it was started'
}

export async function isRunning({ machine }: Site): Promise<boolean> {
  return (await daemonProcess(machine)) !== undefined
}
