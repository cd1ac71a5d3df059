import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A row is measured in turns with its peers, so that whatever else the machine does hits all of them. */
interface Row {
  readonly name: string
  readonly args: readonly string[]
  /** The most, as a multiple of the first row's median. */
  readonly budget?: number
}

const bin = fileURLToPath(new URL('../bin/run.js', import.meta.url))
const quick = process.argv.includes('--quick')
const rounds = quick ? 10 : 60
const empty = mkdtempSync(join(tmpdir(), 'trust-registry-bench-'))

const rows: readonly Row[] = [
  { name: 'node -e 0', args: ['-e', '0'] },
  { name: 'trust-registry --version', args: [bin, '--version'], budget: 1.3 },
  { name: 'trust-registry --help', args: [bin, '--help'], budget: 1.3 },
  { name: 'trust-registry trust --help', args: [bin, 'trust', '--help'], budget: 1.3 },
  { name: 'trust-registry completion bash', args: [bin, 'completion', 'bash'], budget: 2.5 },
  { name: 'trust-registry status, nothing done', args: [bin, 'status', '--state-dir', empty], budget: 2.5 },
]

// With NODE_EXTRA_CA_CERTS Node reads a file of certificates at start, for us and for the peer.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name !== 'NODE_EXTRA_CA_CERTS' && name !== 'NODE_OPTIONS'),
)

function milliseconds({ name, args }: Row): number {
  const start = process.hrtime.bigint()
  const { status, stderr } = spawnSync(process.execPath, args, { env: environment, stdio: 'pipe' })
  const end = process.hrtime.bigint()
  if (status !== 0) throw new Error(`${name} exits ${status ?? 'by a signal'}: ${stderr.toString()}`)
  return Number(end - start) / 1e6
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}

function measure(): number[] {
  const times = rows.map((): number[] => [])
  for (const row of rows) milliseconds(row)
  for (let round = 0; round < rounds; round++) {
    for (const [index, row] of rows.entries()) times[index]?.push(milliseconds(row))
  }
  return times.map(median)
}

try {
  const medians = measure()
  const base = medians[0] ?? NaN
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(38) : cell.padStart(9))).join('')
  console.log(`start-up, ${rounds} rounds in turns, Node ${process.version}`)
  console.log(line(['', 'median', 'ratio', 'budget', '']))
  for (const [index, row] of rows.entries()) {
    const ratio = (medians[index] ?? NaN) / base
    const verdict = row.budget === undefined ? '' : ratio <= row.budget ? 'ok' : 'over'
    const budget = row.budget === undefined ? '' : row.budget.toFixed(1)
    console.log(
      line([row.name, `${(medians[index] ?? NaN).toFixed(1)} ms`, ratio.toFixed(2), budget, verdict]),
    )
  }
} finally {
  rmSync(empty, { recursive: true, force: true })
}
