import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url))

/** With NODE_EXTRA_CA_CERTS Node reads a file of certificates at start, for us and for the peer. */
export const environment: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'NODE_COMPILE_CACHE'].includes(name),
  ),
)

/** Milliseconds that a command takes from start to end, or an error where it fails. */
export function timeCommand(argv: readonly string[], expected: readonly number[] = [0]): number {
  const [file = '', ...args] = argv
  const start = performance.now()
  const { status, error, stderr } = spawnSync(file, args, { env: environment, stdio: 'pipe' })
  const end = performance.now()
  if (error) throw error
  if (!expected.includes(status ?? -1)) {
    throw new Error(`${argv.join(' ')} exits ${status ?? 'by a signal'}: ${stderr.toString()}`)
  }
  return end - start
}

/**
 * Takes turns, so that whatever else the machine does hits all of them; the first round warms up.
 * @returns the median of each, in the order of the works
 */
export async function inTurns(
  rounds: number,
  works: readonly (() => number | Promise<number>)[],
): Promise<readonly number[]> {
  const times = works.map((): number[] => [])
  for (const work of works) await work()
  for (let round = 0; round < rounds; round++) {
    for (const [index, work] of works.entries()) times[index]?.push(await work())
  }
  return times.map(median)
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
