import { randomBytes } from 'node:crypto'
import type { Machine, Person } from '../machine/machine.ts'

const REMOVE_MS = 10_000

/**
 * A directory of our own for programs that make themselves at home wherever they are called: podman sets up its whole
 * storage before it says its version. It goes when the work is done.
 */
export async function withScratch<T>(
  machine: Machine,
  owner: Person | undefined,
  work: (path: string) => Promise<T>,
): Promise<T> {
  // Short: podman refuses a place of more than 50 characters.
  const path = `/tmp/trust-registry-${randomBytes(8).toString('hex')}`
  await machine.makeDirectory(path, 0o700, owner)
  try {
    return await work(path)
  } finally {
    // As its owner: nothing that was put in there can lead root elsewhere.
    await machine.run(['rm', '-rf', '--', path], { timeoutMs: REMOVE_MS, ...(owner ? { as: owner } : {}) })
  }
}
