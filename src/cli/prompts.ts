import type { Readable, Writable } from 'node:stream'
import { TrustError } from '../errors.ts'
import type { Io } from './io.ts'
import type { Prompts } from './services.ts'

/** Where a person sits: what they type, what they see. */
export interface Terminal {
  readonly input: Readable
  readonly output: Writable
  close(): void
}

/** The terminal is opened at the first question and closed after each, so that nothing keeps us alive. */
export function createPrompts(io: Io, open: (io: Io) => Promise<Terminal> = openTerminal): Prompts {
  const put = async (question: string, echo: boolean): Promise<string> => {
    const terminal = await open(io)
    try {
      return await readLine(terminal, question, echo, io.signal)
    } finally {
      terminal.close()
    }
  }
  return {
    confirm: async (question) => /^\s*y(?:es)?\s*$/i.test(await put(`${question} [y/N] `, true)),
    ask: async (question) => (await put(`${question} `, true)).trim(),
    password: (question) => put(`${question} `, false),
  }
}

/** stdin where it is the terminal; otherwise /dev/tty, since stdin may hold a password or a list. */
async function openTerminal(io: Io): Promise<Terminal> {
  if (io.stdin.isTTY === true) return { input: io.stdin, output: io.stderr, close: () => io.stdin.pause() }
  const [{ openSync }, { ReadStream }] = await Promise.all([import('node:fs'), import('node:tty')])
  try {
    const input = new ReadStream(openSync(process.platform === 'win32' ? '\\\\.\\CONIN$' : '/dev/tty', 'r+'))
    return { input, output: io.stderr, close: () => input.destroy() }
  } catch (error) {
    throw new TrustError('consent-missing', 'there is no terminal to ask at', {
      fix: 'say it with flags: --yes for changes, --fingerprint or --ca for an identity, --password-stdin',
      cause: error,
    })
  }
}

/** readline gives editing, paste and raw mode; without echo its output goes nowhere. */
async function readLine(
  terminal: Terminal,
  question: string,
  echo: boolean,
  signal: AbortSignal,
): Promise<string> {
  if (signal.aborted) throw interrupted()
  const [{ createInterface }, { Writable: Sink }] = await Promise.all([
    import('node:readline'),
    import('node:stream'),
  ])
  const nowhere = new Sink({
    write: (_chunk, _encoding, done) => {
      done()
    },
  })
  const lines = createInterface({
    input: terminal.input,
    output: echo ? terminal.output : nowhere,
    terminal: true,
    historySize: 0,
  })
  let stop = (): void => undefined
  // Only now is the terminal silent: what is typed at the question must not be seen.
  if (!echo) terminal.output.write(question)
  try {
    return await new Promise<string>((resolve, reject) => {
      stop = () => {
        reject(interrupted())
      }
      signal.addEventListener('abort', stop, { once: true })
      lines.once('SIGINT', stop)
      // Ctrl-D, or the terminal is gone: no answer.
      lines.once('close', stop)
      lines.question(echo ? question : '', resolve)
    })
  } catch (error) {
    if (echo) terminal.output.write('\n')
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
    lines.close()
    if (!echo) terminal.output.write('\n')
  }
}

function interrupted(): TrustError {
  return new TrustError('interrupted', 'interrupted at a question; nothing was agreed to')
}
