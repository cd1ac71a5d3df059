import type { Connection, Limits } from './connect.ts'
import type { Client } from './http.ts'
import type { Target } from './reference.ts'

/** nginx recipes answer 404 to `Go ` and to old `docker/1.x` agents. */
const USER_AGENT = 'trust-registry'

/** Four times what HTTP clients mostly take; Docker takes 10 MiB. */
const MAX_HEADERS = 64 * 1024

/** One request; the headers that name a host, an agent and the connection are ours. */
export interface Ask {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The request holds a secret: called once the server's chain has been accepted, just before it goes out. */
  readonly sending?: () => void
  /** Bytes of the answer's body that are read; what comes behind them is not waited for. */
  readonly maxBody: number
}

export interface Answer {
  readonly status: number
  /** Names in lower case; a line each. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
  /** The body went on, or broke off. */
  readonly partial: boolean
}

/**
 * One request over a connection that stands already, and its end: what answers is what was looked at, nothing is
 * followed, unpacked or retried, and all of it is bounded.
 * @throws undici's error, or the signal's
 */
export async function exchange(
  target: Target,
  connection: Connection,
  ask: Ask,
  limits: Limits,
): Promise<Answer> {
  const client = await clientOver(target, connection, limits)
  try {
    const late = AbortSignal.timeout(limits.timeoutMs)
    const answer = await client.request({
      path: ask.path,
      method: ask.method,
      headers: { 'user-agent': USER_AGENT, accept: '*/*', ...ask.headers, connection: 'close' },
      body: ask.body ?? null,
      signal: limits.signal ? AbortSignal.any([late, limits.signal]) : late,
    })
    const body = await readStart(answer.body, ask.maxBody)
    return { status: answer.statusCode, headers: answer.headers, ...body }
  } finally {
    client.destroy().catch(() => undefined)
    connection.socket.destroy()
  }
}

/** The first line of a header. */
export function header({ headers }: Pick<Answer, 'headers'>, name: string): string | undefined {
  return lines({ headers }, name)[0]
}

/** Every line of a header. */
export function lines({ headers }: Pick<Answer, 'headers'>, name: string): readonly string[] {
  return [headers[name] ?? []].flat()
}

async function clientOver(target: Target, connection: Connection, limits: Limits): Promise<Client> {
  const undici = await import('./http.ts')
  let given = false
  const host = target.kind === 'ipv6' ? `[${target.host}]` : target.host
  return new undici.Client(`https://${host}:${target.port}`, {
    headersTimeout: limits.timeoutMs,
    bodyTimeout: limits.timeoutMs,
    maxHeaderSize: MAX_HEADERS,
    pipelining: 1,
    // Called at once, the callback would hang the request for ever.
    connect: (_options, callback) => {
      queueMicrotask(() => {
        // undici asks again, for ever, when it is given a socket that has ended, or a socket's error.
        const ended = given || connection.socket.destroyed
        given = true
        if (ended) callback(new Error('the server closed the connection'), null)
        else callback(null, connection.socket)
      })
    },
  })
}

async function readStart(
  body: AsyncIterable<Buffer>,
  most: number,
): Promise<Pick<Answer, 'body' | 'partial'>> {
  const parts: Buffer[] = []
  let size = 0
  let partial = false
  try {
    for await (const part of body) {
      parts.push(part)
      size += part.length
      if (size > most) break
    }
  } catch {
    // A body that breaks off does not spoil the status and the headers that came before it.
    partial = true
  }
  return { body: Buffer.concat(parts).subarray(0, most), partial: partial || size > most }
}
