import { setMaxListeners } from 'node:events'
import type { Io } from './io.ts'

/**
 * The real process. Streams are opened when they are asked for, which keeps `--version` quick.
 * The first signal aborts, so that the step under way can end and be rolled back; the second one kills.
 */
export function processIo(): Io {
  const controller = new AbortController()
  // Every registry under way listens; Node would warn of a leak from the eleventh on.
  setMaxListeners(0, controller.signal)
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return {
    get stdin() {
      return process.stdin
    },
    get stdout() {
      return tolerant(process.stdout)
    },
    get stderr() {
      return tolerant(process.stderr)
    },
    program: ownProgram(),
    env: process.env,
    signal: controller.signal,
  }
}

/** Full paths, so that no PATH has a say in what root runs. A single executable is its own script. */
function ownProgram(): readonly [string, ...string[]] {
  const [, script] = process.argv
  const single = process.getBuiltinModule('node:sea').isSea()
  return script === undefined || single ? [process.execPath] : [process.execPath, script]
}

const tolerated = new WeakSet<NodeJS.WriteStream>()

/**
 * `trust-registry status | head -1` closes our output early, which is no error. On a full disk the report is lost,
 * and the exit code still tells what was done.
 */
function tolerant(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  if (tolerated.has(stream)) return stream
  tolerated.add(stream)
  // oclif has put a listener there that throws, and a stack trace is no report.
  stream.removeAllListeners('error')
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || stream === process.stderr) return
    process.stderr.write(`trust-registry: the report cannot be written: ${error.message}\n`)
  })
  return stream
}
