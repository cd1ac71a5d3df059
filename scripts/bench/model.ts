/** How a run is made: `quick` takes few rounds, and is for CI. */
export interface Mode {
  readonly quick: boolean
}

export type Unit = 'ms' | 's' | 'MiB' | 'count'

/** One line of the table: what was measured beside its peer in the same run, and what it may be. */
export interface Row {
  readonly what: string
  /** A median, where there are rounds. */
  readonly value: number
  readonly unit: Unit
  /** Measured in turns with `value`, in the same unit. */
  readonly peer?: { readonly name: string; readonly value: number }
  /** Held against the budget: `value` divided by the peer's unless told; without a peer it is `value` itself. */
  readonly score?: number
  readonly budget?: Budget
  /** Held against a clock and not against a peer: a busy machine is no reason to fail. */
  readonly clock?: true
}

export type Budget = { readonly atMost: number } | { readonly atLeast: number }

/** Rows that share a scene. One file each; `index.ts` lists them. */
export interface Group {
  /** Also the mark in docs/benchmarks.md where its table stands. */
  readonly name: string
  /** Why it cannot run on this machine. */
  readonly problem?: () => string | undefined
  readonly run: (mode: Mode) => Promise<readonly Row[]>
}

export function scoreOf({ value, peer, score }: Row): number {
  return score ?? (peer === undefined ? value : value / peer.value)
}

export type Verdict = 'ok' | 'over' | 'far over'

/** Machines differ and are shared: only twice the budget is `far over`, and fails a quick run. */
export function verdictOf(row: Row): Verdict | undefined {
  if (row.budget === undefined) return undefined
  const score = scoreOf(row)
  const excess = 'atMost' in row.budget ? score / row.budget.atMost : row.budget.atLeast / score
  return excess <= 1 ? 'ok' : excess <= 2 ? 'over' : 'far over'
}
