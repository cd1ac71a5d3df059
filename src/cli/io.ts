import type { Readable, Writable } from 'node:stream'

export interface Output extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** Everything that `main` touches of the process that runs it; tests hand in their own. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Output
  readonly stderr: Output
  /** The words that start this program once more; absent where it cannot be. */
  readonly program?: readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}
