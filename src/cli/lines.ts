import type { Readable } from 'node:stream'
import { TrustError } from '../errors.ts'

export interface LineReader {
  /** @throws TrustError `policy` where none comes in time, none comes any more, or it is too long */
  next(timeoutMs: number): Promise<string>
  /** Aborted once the stream has ended: whoever wrote is gone. */
  readonly ended: AbortSignal
  close(): void
}

/** Lines of a stream, waited for with a deadline; what waits to be read is `limit` characters at most, all together. */
export function lineReader(stream: Readable, limit: number): LineReader {
  const controller = new AbortController()
  const lines: string[] = []
  let rest = ''
  let wake = (): void => undefined
  let overflow = false
  const end = (): void => {
    controller.abort()
    wake()
  }
  const data = (text: string): void => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    const waiting = lines.reduce((sum, line) => sum + line.length + 1, rest.length)
    overflow ||= waiting > limit + 1
    if (overflow) {
      lines.length = 0
      rest = ''
      stream.pause()
    }
    wake()
  }
  stream.setEncoding('utf8').on('data', data).on('end', end).on('close', end).on('error', end)

  return {
    ended: controller.signal,
    async next(timeoutMs) {
      const until = Date.now() + timeoutMs
      while (lines.length === 0 && !overflow && !controller.signal.aborted && Date.now() < until) {
        await new Promise<void>((done) => {
          const timer = setTimeout(done, until - Date.now())
          wake = () => {
            clearTimeout(timer)
            done()
          }
        })
      }
      const line = overflow ? undefined : lines.shift()
      if (line === undefined)
        throw new TrustError('policy', 'no order came on stdin, or more than an order holds')
      return line
    },
    close() {
      stream.off('data', data).destroy()
    },
  }
}
