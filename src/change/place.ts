import { posix } from 'node:path'
import type { Machine, Owner } from '../machine/machine.ts'

/** New bytes in the place of others: readers see all of the old ones or all of the new ones. */
export async function place(
  machine: Machine,
  path: string,
  bytes: Buffer,
  mode: number,
  id: string,
  owner?: Owner,
): Promise<void> {
  const part = temporary(path, id)
  await orRemove(machine, part, async () => {
    await machine.create(part, bytes, mode, owner)
    await machine.rename(part, path)
  })
}

/** Whatever fails, nothing half-made stays. */
export async function orRemove(machine: Machine, part: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    await machine.remove(part).catch(() => undefined)
    throw error
  }
}

/** Where the bytes of transaction `id` for this path lie until they are whole. */
export function temporary(path: string, id: string): string {
  return posix.join(posix.dirname(path), `.trust-registry-${id}.tmp`)
}

/** Whether a file of this name is one of ours that never got its own. */
export function isTemporary(name: string): boolean {
  return /^\.trust-registry-[0-9a-f-]{36}\.tmp$/.test(name)
}
