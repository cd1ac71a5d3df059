import type { Machine } from '../machine/machine.ts'
import { jsonObject } from './credential-place.ts'
import { listens } from './docker-flags.ts'
import { DAEMON_JSON } from './docker-home.ts'
import type { DaemonProcess } from './docker-process.ts'

const SOCKET = '/var/run/docker.sock'

/** Where that very daemon of the system listens: by its flags, else by its file, else where dockerd does by itself. */
export async function socketOf(machine: Machine, { pid }: DaemonProcess): Promise<string> {
  const line = await machine.read(`/proc/${pid}/cmdline`).catch(() => undefined)
  const file = await machine.read(DAEMON_JSON).catch(() => undefined)
  const { hosts } = jsonObject(file?.toString('utf8') ?? '')
  const own = Array.isArray(hosts) ? hosts.filter((host) => typeof host === 'string') : []
  const all = [...listens(line?.toString('utf8').split('\0') ?? []), ...own]
  const paths = all.flatMap((host) => /^unix:\/\/(\/.*)$/.exec(host)?.[1] ?? [])
  return paths.includes(SOCKET) || all.includes('fd://') ? SOCKET : (paths[0] ?? SOCKET)
}
