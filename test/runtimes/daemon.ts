import { once } from 'node:events'
import * as fs from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { DockerEngine } from '../../src/runtimes/docker.ts'
import { throwaway } from '../machine/throwaway.ts'
import { leaveOut } from '../support/left-out.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly body: unknown
}

/** What the daemon says to `METHOD /path`; a function may do worse than answer. */
export type Answers = Readonly<
  Record<string, readonly [number, unknown] | ((request: IncomingMessage, response: ServerResponse) => void)>
>

const open: Server[] = []

/** A Docker API on a socket, until `closeDaemons`; it remembers what it was asked. */
export async function daemon(socket: string, answers: Answers): Promise<readonly Asked[]> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const [method = '', path = ''] = [request.method, request.url]
      const text = Buffer.concat(parts).toString()
      asked.push({ method, path, body: text === '' ? undefined : JSON.parse(text) })
      const answer = answers[`${method} ${path}`] ?? [404, { message: 'page not found' }]
      if (typeof answer === 'function') answer(request, response)
      else
        response
          .writeHead(answer[0])
          .end(typeof answer[1] === 'string' ? answer[1] : JSON.stringify(answer[1]))
    })
  })
  open.push(server)
  server.listen(socket)
  await once(server, 'listening')
  return asked
}

export async function closeDaemons(): Promise<void> {
  for (const server of open.splice(0)) {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
}

/** An engine whose socket and machine are throwaway. */
export function engineHere() {
  const here = throwaway()
  before(function () {
    if (process.platform === 'win32') leaveOut(this, 'Windows has named pipes')
  })
  beforeEach(() => {
    for (const folder of ['var/run', 'usr/bin', 'proc/77'])
      fs.mkdirSync(here.path(folder), { recursive: true })
  })
  afterEach(closeDaemons)
  const put = (name: string, content = '', mode = 0o644): void => {
    fs.writeFileSync(here.path(name), content, { mode })
  }
  const start = (answers: Answers) => daemon(here.path('var/run/docker.sock'), answers)
  return { ...here, put, start, engine: new DockerEngine() }
}
