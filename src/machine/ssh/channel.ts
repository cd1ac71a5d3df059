import { randomBytes } from 'node:crypto'
import type { Duplex, Readable, Writable } from 'node:stream'
import { errorText } from '../../errors.ts'
import { MachineLost } from '../lost.ts'
import { program } from './program.ts'
import { escaped } from './words.ts'

/** Starts the program, which comes as the first line of stdin; for whatever shell the far side logs in with. */
export const bootstrap = `exec sh -c 'IFS= read -r p; eval "$(printf %b "$p")"'`

const MAX_ANSWER = 64 * 1024 * 1024
const LINE = 32 * 1024

export interface Answer {
  readonly body: Buffer
  /** What the tools complained about. */
  readonly said: string
  readonly status: string
}

export interface Request {
  readonly do: string
  readonly path?: string
  readonly more?: readonly [string?, string?, string?]
  readonly words?: readonly string[]
  readonly data?: Buffer
  /** That it may take by itself, in milliseconds, before the far side is expected to say anything. */
  readonly takesMs?: number
}

interface Waiting {
  readonly takesMs: number
  readonly done: (answer: Answer) => void
  readonly failed: (error: Error) => void
}

/** The two ends of the program's pipes; a Duplex will do. */
export interface Pipes {
  readonly stdin: Writable
  readonly stdout: Readable
}

/** A far side that is silent for longer is lost: a sync to a slow disk is the longest that it does by itself. */
const PATIENCE_MS = 30_000

/** Questions to the program on the far side, answered one after the other; any number may be under way. */
export class Channel {
  readonly #patienceMs: number
  #timer: NodeJS.Timeout | undefined
  readonly #nonce = randomBytes(16).toString('hex')
  readonly #stdin: Writable
  readonly #waiting: Waiting[] = []
  #parts: Buffer[] = []
  #size = 0
  #lost: Error | undefined

  constructor(
    { stdin, stdout }: Pipes | { readonly stdin: Duplex; readonly stdout: Duplex },
    patienceMs = PATIENCE_MS,
  ) {
    this.#stdin = stdin
    this.#patienceMs = patienceMs
    stdin.on('error', (error: Error) => {
      this.#fail(error)
    })
    stdout.on('data', (chunk: Buffer) => {
      this.#take(chunk)
    })
    stdout.on('close', () => {
      this.#fail(undefined)
    })
    stdin.write(`${escaped(program)}\n${this.#nonce}\n`)
  }

  /** The marker of a record inside an answer. */
  mark(kind: string): string {
    return `\n${this.#nonce} ${kind}`
  }

  ask(request: Request): Promise<Answer> {
    if (this.#lost) return Promise.reject(this.#lost)
    const [a = '', b = '', c = ''] = request.more ?? []
    const lines = [request.do, escaped(request.path ?? ''), escaped(a), escaped(b), escaped(c)]
    if (request.words) lines.push(...request.words.map(escaped), '.')
    if (request.data) lines.push(...pieces(escaped(request.data)), '.')
    return new Promise((done, failed) => {
      this.#waiting.push({ done, failed, takesMs: request.takesMs ?? 0 })
      if (this.#waiting.length === 1) this.#watch()
      this.#stdin.write(`${lines.join('\n')}\n`)
    })
  }

  /** Ends the program; what it was doing is not waited for. */
  close(): void {
    this.#stdin.end()
  }

  /** The first in line has to be answered, or at least begun to be, in time. */
  #watch(): void {
    clearTimeout(this.#timer)
    const [first] = this.#waiting
    if (first === undefined) return
    const ms = first.takesMs + this.#patienceMs
    this.#timer = setTimeout(() => {
      this.#fail(new Error(`it has been silent for ${ms / 1000} s`), 'ETIMEDOUT')
      // Its end over there frees the lock.
      this.#stdin.destroy()
    }, ms)
  }

  #take(chunk: Buffer): void {
    this.#parts.push(chunk)
    this.#size += chunk.length
    if (this.#size > MAX_ANSWER) {
      this.#fail(new Error('the machine answers with more than 64 MiB'))
      return
    }
    // An answer ends with a line; most chunks of a long one do not.
    if (chunk.at(-1) !== 0x0a) {
      this.#watch()
      return
    }
    let rest: Buffer = Buffer.concat(this.#parts)
    for (let next = this.#cut(rest); next; next = this.#cut(rest)) {
      rest = next.rest
      this.#waiting.shift()?.done(next.answer)
    }
    this.#watch()
    this.#parts = [rest]
    this.#size = rest.length
  }

  #cut(bytes: Buffer): { readonly answer: Answer; readonly rest: Buffer } | undefined {
    const bar = this.mark('|\n')
    const end = bytes.indexOf(bar)
    if (end === -1) return undefined
    const start = end + bar.length
    // The words of the tools may be none, so that their end is the newline before the mark, or the mark's own.
    const closing = bytes.indexOf(this.mark(''), start)
    const over = closing === -1 ? -1 : bytes.indexOf(0x0a, closing + 1)
    if (over === -1) return undefined
    const status = bytes.subarray(closing + this.mark('').length, over).toString('latin1')
    const said = bytes.subarray(start, closing).toString('utf8')
    return {
      answer: { body: Buffer.from(bytes.subarray(0, end)), said, status },
      rest: bytes.subarray(over + 1),
    }
  }

  #fail(error: Error | undefined, code = 'ECONNRESET'): void {
    clearTimeout(this.#timer)
    const why = error === undefined ? '' : `: ${errorText(error)}`
    this.#lost ??= new MachineLost(`the connection to the machine is lost${why}`, code)
    for (const { failed } of this.#waiting.splice(0)) failed(this.#lost)
  }
}

/** Lines that any shell can hold, not cut within an escape. */
function pieces(text: string): readonly string[] {
  const found: string[] = []
  for (let start = 0; start < text.length;) {
    let end = Math.min(start + LINE, text.length)
    const escape = text.lastIndexOf('\\', end - 1)
    if (end < text.length && escape > end - 5) end = escape
    found.push(text.slice(start, end))
    start = end
  }
  return found
}
