import assert from 'node:assert/strict'
import { join } from 'node:path'
import { repository, type Host } from '../../fixtures/lab/host.ts'

/** The program as a person types it. */
export const program = `${process.execPath} ${join(repository, 'bin/run.js')}`

export interface Session {
  /** All that the terminal showed. */
  readonly screen: string
  readonly code: number
  /** Questions that never came. */
  readonly unanswered: number
}

/** script(1) lends a real pty; what is typed waits for the question it answers. */
export async function typeAt(
  host: Host,
  command: string,
  answers: readonly (readonly [RegExp, string])[],
  /** Milliseconds that the person thinks before each answer. */
  thinks = 0,
): Promise<Session> {
  const driver = `
const { spawn } = require('node:child_process')
const answers = ${JSON.stringify(answers.map(([question, answer]) => [question.source, answer]))}
const child = spawn('script', ['-qec', ${JSON.stringify(command)}, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
let screen = '', seen = 0
child.stdout.setEncoding('utf8').on('data', (data) => {
  screen += data
  const next = answers[0]
  if (next && new RegExp(next[0]).test(screen.slice(seen))) { seen = screen.length; answers.shift(); setTimeout(() => child.stdin.write(next[1]), ${String(thinks)}) }
})
child.on('exit', (code) => { process.stdout.write(JSON.stringify({ screen, code, unanswered: answers.length })); process.exit() })
setTimeout(() => child.kill(), 20000)`
  const file = `/tmp/driver-${String(Math.random()).slice(2)}.cjs`
  await host.write(file, driver)
  const { stdout, stderr } = await host.run([process.execPath, file], { env: { TERM: 'xterm' } })
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout) as Session
}
