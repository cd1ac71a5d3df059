import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { FIXED_PATH } from './run.ts'

/** What is said to a program that runs as root, and what it answers: whole lines, both ways. */
export interface Conversation {
  /** The first line for it. */
  readonly first: string
  /** For each of its lines; what comes back is sent to it as a line. */
  readonly hear: (line: string) => Promise<string | undefined>
  /** Whether sudo may ask for a password at the terminal. */
  readonly interactive: boolean
  /** For all of it, a password typed at the terminal apart. */
  readonly timeoutMs: number
  /** Aborted: its stdin ends, and it is waited for all the same, for it has to take back what it did. */
  readonly signal: AbortSignal
}

export interface Ending {
  /** Absent where it could not be heard out. */
  readonly exitCode?: number
  /** What sudo and the program had to say besides, 64 KiB at most. */
  readonly stderr: string
  readonly broken?: 'no-sudo' | 'timeout' | 'too-much'
}

/** A report with thousands of names is long, and root's word all the same. */
const MAX_OUTPUT = 16 * 1024 * 1024
const MAX_STDERR = 64 * 1024
/** sudo's own limit for a password is five minutes (sudoers, passwd_timeout). */
const PASSWORD_MS = 300_000

/**
 * Runs a program as root through sudo: an argument array after `--`, nothing of our environment, and stdin held
 * open as the sign that we are still there. `sudo -n` never asks and fails where it would have to.
 */
export async function elevate(
  program: readonly [string, ...string[]],
  conversation: Conversation,
): Promise<Ending> {
  const { interactive, signal } = conversation
  // execa would wait for an end that we cannot force: root's process is not ours to kill.
  const { spawn } = await import('node:child_process')
  const child = spawn('sudo', [...(interactive ? [] : ['-n']), '--', ...program], {
    stdio: 'pipe',
    env: { PATH: FIXED_PATH, LC_ALL: 'C' },
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(0, MAX_STDERR)
  })
  // That its stdin ends tells it to stop and to take back what it did.
  const hangUp = (): void => {
    child.stdin.end()
  }
  child.stdin.on('error', () => undefined)
  signal.addEventListener('abort', hangUp, { once: true })
  if (signal.aborted) hangUp()
  else child.stdin.write(`${conversation.first}\n`)

  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'timeout'>((done) => {
    timer = setTimeout(done, conversation.timeoutMs + (interactive ? PASSWORD_MS : 0), 'timeout')
  })
  try {
    const outcome = await Promise.race([heardOut(child, conversation), late])
    return typeof outcome === 'number' ? { exitCode: outcome, stderr } : { broken: outcome, stderr }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', hangUp)
    hangUp()
    child.stdout.destroy()
    child.stderr.destroy()
    child.unref()
  }
}

/** Its exit code, once it has ended and every line is answered. */
async function heardOut(
  child: ChildProcessWithoutNullStreams,
  { hear }: Conversation,
): Promise<number | 'no-sudo' | 'too-much'> {
  const ended = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : 1))
  ended.catch(() => undefined)
  let rest = ''
  let length = 0
  try {
    for await (const text of child.stdout.setEncoding('utf8') as AsyncIterable<string>) {
      length += text.length
      if (length > MAX_OUTPUT) return 'too-much'
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const answer = await hear(line)
        if (answer !== undefined && child.stdin.writable) child.stdin.write(`${answer}\n`)
      }
    }
    return await ended
  } catch (error) {
    if (child.pid === undefined) return 'no-sudo'
    throw error
  }
}
