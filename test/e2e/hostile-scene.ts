import assert from 'node:assert/strict'
import { join } from 'node:path'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import type { RunOptions } from '../../fixtures/lab/run.ts'
import type { ResultDocument } from '../../src/report/document.ts'

/** What a CI runner would obey in our output, were it let through. */
export const inCi = { GITHUB_ACTIONS: 'true', TF_BUILD: 'True' } as const

export interface Measured {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** The most memory that the program ever had, in KiB. */
  readonly peak: number
  /** Wall time, in milliseconds. */
  readonly took: number
}

/** The program as shipped; at its end it tells the kernel's count of its memory. */
export async function measured(
  host: Host,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Measured> {
  const hook = '/run/peak.cjs'
  const tell =
    'process.on("exit", () => require("fs").writeSync(2, `peak ${process.resourceUsage().maxRSS}\\n`))'
  if (!(await host.exists(hook))) await host.write(hook, tell)
  const started = Date.now()
  const program = [process.execPath, '--require', hook, join(repository, 'bin/run.js')]
  const { code, stdout, stderr } = await host.run([...program, ...args], options)
  const peak = Number(/^peak (\d+)$/m.exec(stderr)?.[1])
  assert.ok(peak > 0, stderr)
  return { code, stdout, stderr: stderr.replace(/^peak \d+\n/m, ''), peak, took: Date.now() - started }
}

/**
 * Nothing that a terminal obeys, hides or reorders, and nothing that a CI runner takes for a command: C0 but for
 * the line feed, DEL, C1, format and bidi characters, broken UTF-8, `::` where a line begins, `##[`, `##vso[`.
 */
export function assertHarmless(output: string, what: string): void {
  // eslint-disable-next-line no-control-regex
  const odd = /(?!\n)[\x00-\x1f]|[\x7f-\x9f\ufffd]|[\p{Cf}\p{Zl}\p{Zp}]/u.exec(output)
  const near = output.slice(Math.max(0, (odd?.index ?? 0) - 60), (odd?.index ?? 0) + 20)
  assert.equal(odd, null, `${what}: ${JSON.stringify(near)}`)
  assert.doesNotMatch(output, /^\s*::/m, what)
  assert.doesNotMatch(output, /##(?:vso)?\[/i, what)
}

export function documentOf({ stdout }: Pick<Measured, 'stdout'>): ResultDocument {
  return JSON.parse(stdout) as ResultDocument
}
