import type { Restart } from '../../change/index.ts'
import { serviceControl } from '../../machine/service.ts'
import { ownerOf, personalManager } from '../../runtimes/docker-home.ts'
import { daemonProcess } from '../../runtimes/docker-process.ts'
import { refuseBrokenConfig, restartCost } from '../../runtimes/docker-restart.ts'
import { isAnother, SOCKET } from '../../runtimes/docker-socket.ts'
import type { Site } from './site.ts'

/** A restart may take six times as long as a network step. */
const RESTART_FACTOR = 6

/** Of a daemon that reads its settings again, in milliseconds. */
export function reloadDeadline({ options }: Site): number {
  return 2 * options.timeoutMs
}

/** @throws TrustError `change-failed` where docker would not come back */
export async function dockerRestart(site: Site): Promise<readonly Restart[]> {
  const { machine, options } = site
  const cost = await restartCost(machine, socketOf(site), options.timeoutMs).catch(() => undefined)
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

/**
 * For a person to type.
 * @param manager what starts and stops the docker that was found, up to the verb
 */
export async function restartLine(site: Site, manager?: string): Promise<string> {
  const { machine } = site
  if (manager !== undefined) return `${manager} restart docker`
  const person = personOf(site)
  if (person !== undefined) return `${await personalManager(machine, person)} restart docker`
  const another = await isAnother(machine, socketOf(site))
  const control = another ? undefined : await serviceControl(machine, 'docker')
  if (control !== undefined) return control.line
  const which = another ? `the dockerd behind ${socketOf(site)}` : 'dockerd'
  return `stop ${which} and start it the way it was started`
}

export async function isRunning(site: Site): Promise<boolean> {
  // The socket of a person's daemon is what it was found by.
  if (personOf(site) !== undefined) return true
  return (await daemonProcess(site.machine)) !== undefined || isAnother(site.machine, socketOf(site))
}

/** Where the docker answers whose trust is at stake. */
function socketOf({ place }: Site): string {
  return place?.socket ?? SOCKET
}

/** The number of the person whose own daemon is the one that counts. */
function personOf({ place }: Site): number | undefined {
  return ownerOf(place?.socket ?? SOCKET)
}
