import { createServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { chainPem, type Certificate } from '../../fixtures/pki.ts'
import { listen } from './servers.ts'

/** One request as it came in. */
export interface Recorded {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly body: string
}

export interface Site {
  readonly port: number
  readonly asked: Recorded[]
}

export type Reply = (request: Recorded, response: ServerResponse) => void

/** An HTTPS server on loopback that records all that it gets, and answers as it is told. */
export async function site(chain: readonly Certificate[], reply: Reply): Promise<Site> {
  const asked: Recorded[] = []
  const server = createServer({ key: chain[0]?.key, cert: chainPem(...chain) }, (request, response) => {
    void collect(request).then((body) => {
      const { method = '', url: path = '', headers } = request
      const recorded = { method, path, authorization: headers.authorization, body }
      asked.push(recorded)
      reply(recorded, response)
    })
  })
  server.on('tlsClientError', () => undefined)
  return { port: await listen(server), asked }
}

async function collect(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts).toString()
}

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Reply =>
  (_request, response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(body))
