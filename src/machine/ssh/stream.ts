import type { ChildProcessByStdio } from 'node:child_process'
import { Duplex, type Readable, type Writable } from 'node:stream'

export type Child = ChildProcessByStdio<Writable, Readable, Readable>

/** Both pipes of a child as one stream; what is written to one that has ended is lost, and its end says so. */
export function streamOf(child: Child): Duplex {
  const stream = new Duplex({
    read: () => void child.stdout.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      child.stdin.write(chunk, () => {
        done()
      })
    },
    final: (done) => {
      child.stdin.end()
      done()
    },
    destroy: (error, done) => {
      child.kill()
      done(error)
    },
  })
  child.stdout.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) child.stdout.pause()
  })
  // Bytes that are on their way come first; a child that fails says why.
  child.once('close', (status) => {
    if (status === 0 || stream.readableDidRead) stream.push(null)
  })
  stream.on('error', () => undefined)
  return stream
}

/** sshd's reason for a channel that it did not open, as a socket of ours would have put it. */
export function dialError(said: string, target: string): Error {
  const reasons = new Set(
    [...said.matchAll(/open failed: (?:connect failed: )?(.*)/g)].map((found) => found[1] ?? ''),
  )
  // Of several that fail at once nobody knows which is whose.
  const reason = reasons.size === 1 ? [...reasons][0] : undefined
  const code = DIAL_CODES.find(([words]) => words.test(reason ?? ''))?.[1] ?? 'EHOSTUNREACH'
  return Object.assign(new Error(`connect ${code} ${target}${reason === undefined ? '' : ` (${reason})`}`), {
    code,
  })
}

const DIAL_CODES: readonly (readonly [RegExp, string])[] = [
  [/Connection refused/i, 'ECONNREFUSED'],
  [/No route to host/i, 'EHOSTUNREACH'],
  [/Network is unreachable/i, 'ENETUNREACH'],
  [/timed out/i, 'ETIMEDOUT'],
  [/not known|no address|resolution|resolve/i, 'ENOTFOUND'],
  [/prohibited/i, 'EPERM'],
]
