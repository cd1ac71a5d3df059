import type { Io } from './io.ts'

/**
 * The real process. Streams are opened when they are asked for, which keeps `--version` quick.
 * The first signal aborts, so that the step under way can end and be rolled back; the second one kills.
 */
export function processIo(): Io {
  const controller = new AbortController()
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
    env: process.env,
    signal: controller.signal,
  }
}

const tolerated = new WeakSet<NodeJS.WriteStream>()

/** `trust-registry status | head -1` closes our output early, which is no error. */
function tolerant(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  if (tolerated.has(stream)) return stream
  tolerated.add(stream)
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return stream
}
