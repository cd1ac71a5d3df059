import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalMachine } from '../../src/machine/local.ts'

export interface Throwaway {
  /** A fresh directory for each test. */
  readonly path: (name?: string) => string
  /** The machine whose root it is. */
  readonly machine: () => LocalMachine
}

/** To be called in a `describe`. */
export function throwaway(): Throwaway {
  let directory = ''
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'trust-registry-machine-'))
    chmodSync(directory, 0o755)
  })
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  return {
    path: (name = '') => join(directory, name),
    machine: () => new LocalMachine({ root: directory, env: {} }),
  }
}

/** Does the work as somebody whom permission bits keep out, root among them. */
export async function unprivileged<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work()
  process.seteuid?.(65_534)
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}
