import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'

const MAX_COMMAND = 4096

/** The process id of somebody's run of this tool on this machine, containers left out; undefined where there is none. */
export async function foreignRun(machine: Machine, tool: string): Promise<number | undefined> {
  const numbers = ((await machine.list('/proc').catch(() => undefined)) ?? []).filter((name) =>
    /^\d+$/.test(name),
  )
  const ours = await mountsOf(machine, 'self')
  for (const pid of numbers) {
    const command = await machine.read(`/proc/${pid}/cmdline`, MAX_COMMAND).catch(() => undefined)
    // A script is its interpreter's first argument.
    const words = command?.toString('utf8').split('\0').slice(0, 3) ?? []
    if (!words.some((word) => posix.basename(word) === tool)) continue
    if ((await mountsOf(machine, pid)) === ours) return Number(pid)
  }
  return undefined
}

/** A process that sees other files changes other files. */
async function mountsOf(machine: Machine, pid: string): Promise<string | undefined> {
  return (await machine.stat(`/proc/${pid}/ns/mnt`).catch(() => undefined))?.linkTarget
}
