import { printable } from '../report/printable.ts'
import type { Io } from './io.ts'
import type { Progress } from './services.ts'

export interface Loudness {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
}

/** One line that is redrawn on a terminal, a line a stage with -v, silence otherwise. */
export function createProgress(io: Io, loudness: Loudness): Progress {
  if (loudness.json || loudness.quiet) return { stage: () => undefined, done: () => undefined }
  const { stderr } = io
  if (loudness.verbose) {
    return { stage: (text) => void stderr.write(`${printable(text)}\n`), done: () => undefined }
  }
  if (stderr.isTTY !== true) return { stage: () => undefined, done: () => undefined }
  let drawn = false
  return {
    stage: (text) => {
      const room = Math.max(widthOf(stderr) - 1, 10)
      stderr.write(`\r\x1b[2K${printable(text, { max: room, ascii: false })}`)
      drawn = true
    },
    done: () => {
      if (drawn) stderr.write('\r\x1b[2K')
      drawn = false
    },
  }
}

/** Some pseudo-terminals say 0. */
function widthOf(stream: Io['stderr']): number {
  const { columns = 0 } = stream
  return columns > 0 ? columns : 80
}
