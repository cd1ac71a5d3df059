import type { Machine } from '../machine/machine.ts'

const PID_FILES = ['/var/run/docker.pid', '/run/docker-ssd.pid']

/** The daemon's process: the pair is never the same twice. */
export interface DaemonProcess {
  readonly pid: number
  /** When it began, in clock ticks since boot (proc(5) stat, field 22). */
  readonly ticks: number
}

export async function daemonProcess(machine: Machine): Promise<DaemonProcess | undefined> {
  for (const path of PID_FILES) {
    const text = (await machine.read(path).catch(() => undefined))?.toString('latin1') ?? ''
    const pid = Number.parseInt(text, 10)
    const stat = await machine.read(`/proc/${pid}/stat`).catch(() => undefined)
    if (stat === undefined) continue
    // The name in brackets may hold anything; the state and 19 fields later the start follow it.
    const fields = stat
      .toString('latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
    const ticks = Number(fields[19])
    if (fields[0] !== 'Z' && Number.isInteger(ticks)) return { pid, ticks }
  }
  return undefined
}

export function sameProcess(a: DaemonProcess | undefined, b: DaemonProcess | undefined): boolean {
  return a !== undefined && a.pid === b?.pid && a.ticks === b.ticks
}
