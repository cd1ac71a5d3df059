import { PassThrough, Readable } from 'node:stream'
import type { Io } from '../../src/cli/io.ts'

export interface FakeIo extends Io {
  readonly out: () => string
  readonly err: () => string
  readonly abort: () => void
}

/** An Io that keeps what is written; a terminal on stderr or stdout only where asked for. */
export function fakeIo(
  given: { readonly env?: Io['env']; readonly stdin?: string; readonly tty?: 'stdout' | 'stderr' } = {},
): FakeIo {
  const controller = new AbortController()
  const stdout = stream(given.tty === 'stdout')
  const stderr = stream(given.tty === 'stderr')
  return {
    stdin: Readable.from([Buffer.from(given.stdin ?? '')]),
    stdout,
    stderr,
    env: given.env ?? {},
    signal: controller.signal,
    out: () => stdout.text(),
    err: () => stderr.text(),
    abort: () => {
      controller.abort()
    },
  }
}

function stream(isTTY: boolean) {
  const chunks: string[] = []
  const through = new PassThrough()
  through.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  return Object.assign(through, { isTTY, columns: 80, text: () => chunks.join('') })
}
