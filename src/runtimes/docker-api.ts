const MAX_BODY = 4 * 1024 * 1024

export interface ApiAnswer {
  readonly status: number
  readonly body: unknown
  /** The daemon's `message`, or the body's text. */
  readonly message: string
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
  /** An archive in place of JSON. */
  readonly tar?: Buffer
  readonly timeoutMs: number
}

/**
 * One request to the Docker Engine API over its socket; unversioned paths get the daemon's newest version.
 * Rejects with the socket's error (ENOENT, ECONNREFUSED, EACCES) where no daemon answers.
 */
export async function dockerApi(socketPath: string, request: ApiRequest): Promise<ApiAnswer> {
  // Loaded when it is needed: half of the start-up of a command that asks no daemon.
  const { Client } = await import('../registry/http.ts')
  const client = new Client('http://docker', {
    socketPath,
    headersTimeout: request.timeoutMs,
    bodyTimeout: request.timeoutMs,
  })
  try {
    const answer = await client.request({
      method: request.method,
      path: request.path,
      headers: {
        'content-type': request.tar ? 'application/x-tar' : 'application/json',
        'user-agent': 'trust-registry',
      },
      body: request.tar ?? (request.body === undefined ? null : JSON.stringify(request.body)),
      signal: AbortSignal.timeout(request.timeoutMs),
    })
    const text = await readBounded(answer.body)
    const body = parse(text)
    return { status: answer.statusCode, body, message: messageOf(body) ?? streamed(text) ?? text.trim() }
  } finally {
    client.destroy().catch(() => undefined)
  }
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > MAX_BODY) throw new Error('the daemon answers with more than 4 MiB')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The fault at the end of an answer in lines: it comes after the status. */
function streamed(lines: string): string | undefined {
  const fault = lines.split('\n').findLast((line) => line.includes('"errorDetail"'))
  return fault === undefined ? undefined : text(field(parse(fault), 'errorDetail', 'message'))
}

function messageOf(body: unknown): string | undefined {
  return text(field(body, 'message')) ?? text(field(body, 'Status'))
}

/** A field of an answer that nobody has checked. */
export function field(value: unknown, ...path: readonly string[]): unknown {
  let current = value
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined
    current = Object.getOwnPropertyDescriptor(current, key)?.value
  }
  return current
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
