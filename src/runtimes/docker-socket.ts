import type { Machine } from '../machine/machine.ts'
import { serviceControl } from '../machine/service.ts'
import { jsonObject } from './credential-place.ts'
import { listens } from './docker-flags.ts'
import { ownerOf } from './docker-home.ts'
import { commandLine, configFileOf, daemonProcess, pidFiles, type DaemonProcess } from './docker-process.ts'
import type { EngineSurvey } from './engine.ts'

export const SOCKET = '/var/run/docker.sock'

/** Where that very daemon of the system listens: by its flags, else by its file, else where dockerd does by itself. */
export async function socketOf(machine: Machine, daemon: DaemonProcess): Promise<string> {
  const paths = await socketsOf(machine, daemon)
  return paths.includes(SOCKET) ? SOCKET : (paths[0] ?? SOCKET)
}

async function socketsOf(machine: Machine, daemon: DaemonProcess): Promise<readonly string[]> {
  const file = await machine.read(await configFileOf(machine, daemon)).catch(() => undefined)
  const { hosts } = jsonObject(file?.toString('utf8') ?? '')
  const own = Array.isArray(hosts) ? hosts.filter((host) => typeof host === 'string') : []
  const all = [...listens(await commandLine(machine, daemon)), ...own]
  if (all.length === 0) return [SOCKET]
  // The socket of the service manager, and a host without a path, are the usual one.
  return all.flatMap((host) =>
    host === 'unix://' || host.startsWith('fd://') ? [SOCKET] : (/^unix:\/\/(\/.*)$/.exec(host)?.[1] ?? []),
  )
}

/** The process that answers there; undefined where it cannot be told, or is not the one whose number is on file. */
export async function daemonBehind(machine: Machine, socket: string): Promise<DaemonProcess | undefined> {
  const daemon = await daemonProcess(machine, pidFiles(socket))
  // Beside a person's socket lies the number of that person's daemon.
  if (daemon === undefined || ownerOf(socket) !== undefined) return daemon
  const paths = await socketsOf(machine, daemon)
  return paths.some((path) => shortened(path) === shortened(socket)) ? daemon : undefined
}

/** Whether who answers there is another daemon than the system's own, as far as that can be told. */
export async function isAnother(machine: Machine, socket: string): Promise<boolean> {
  if ((await daemonBehind(machine, socket)) !== undefined) return ownerOf(socket) !== undefined
  return shortened(socket) !== shortened(SOCKET) || (await daemonProcess(machine)) !== undefined
}

/** /var/run is a link to /run. */
function shortened(path: string): string {
  return path.replace(/^\/var\/run\//, '/run/')
}

/** A survey, and what starts and stops docker here; in an image nobody does. */
export async function withService(machine: Machine, survey: Promise<EngineSurvey>): Promise<EngineSurvey> {
  if (machine.atRest) return survey
  const [found, control] = await Promise.all([survey, serviceControl(machine, 'docker')])
  return { ...found, service: control?.manager ?? 'none' }
}
