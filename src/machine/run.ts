import { errorText } from '../errors.ts'
import type { RunOptions, RunResult } from './machine.ts'

export const FIXED_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const MAX_OUTPUT = 1024 * 1024

/** Programs at a time: each takes pipes of ours, and a few processors are all there are. */
const AT_ONCE = 16
let running = 0
const waiting: (() => void)[] = []

/**
 * The deadline of a program begins when its turn has come.
 * @param folder where it starts; ours unless given
 */
export async function run(
  argv: readonly [string, ...string[]],
  options: RunOptions,
  folder?: string,
): Promise<RunResult> {
  if (running >= AT_ONCE) await new Promise<void>((turn) => waiting.push(turn))
  else running++
  try {
    return await start(argv, options, folder)
  } finally {
    const next = waiting.shift()
    if (next) next()
    else running--
  }
}

/**
 * Runs a program from an argument array: never a shell, stdin closed unless given, a deadline always,
 * a PATH and an environment of our own so that the caller's cannot steer a privileged child.
 */
async function start(
  argv: readonly [string, ...string[]],
  options: RunOptions,
  folder?: string,
): Promise<RunResult> {
  const [program, ...args] = argv
  const { as } = options
  // Most commands run no program: they shall not pay for the library.
  const { execa } = await import('execa')
  const child = execa(program, args, {
    reject: false,
    ...(options.input === undefined ? { stdin: 'ignore' } : { input: options.input }),
    ...(folder === undefined ? {} : { cwd: folder }),
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT,
    stripFinalNewline: false,
    extendEnv: process.platform === 'win32',
    env: { PATH: FIXED_PATH, LC_ALL: 'C', ...(as ? { HOME: as.home, USER: as.name } : {}), ...options.env },
    ...(as && process.geteuid?.() === 0 ? { uid: as.uid, gid: as.gid } : {}),
  })
  // A grandchild that holds the pipes must not hold us up as well; the child itself is dead by then.
  const timer = setTimeout(() => {
    child.stdout.destroy()
    child.stderr.destroy()
  }, options.timeoutMs + 100)
  const result = await child.finally(() => {
    clearTimeout(timer)
  })
  return {
    exitCode: result.exitCode,
    stdout: result.stdout,
    stderr: result.stderr,
    timedOut: result.timedOut,
    ...(result.exitCode === undefined && !result.timedOut && result.code !== undefined
      ? { spawnError: errorText(result.cause ?? result.shortMessage) }
      : {}),
  }
}
