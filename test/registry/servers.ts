import { once } from 'node:events'
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import { createServer as createTls, type TlsOptions, type TLSSocket } from 'node:tls'
import { chainPem, createCa, type Certificate, type CertificateAuthority } from '../../fixtures/pki.ts'
import { parseRegistry, type Target } from '../../src/registry/reference.ts'

const open: { readonly server: Server; readonly sockets: Set<Socket> }[] = []

/** Listens on loopback until the end of the test. */
export async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  open.push({ server, sockets })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

export async function closeServers(): Promise<void> {
  for (const { server, sockets } of open.splice(0)) {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
}

export const targetAt = (port: number, host = '127.0.0.1'): Target => parseRegistry(`${host}:${port}`)

/** A plain server. */
export async function tcp(serve: (socket: Socket) => void): Promise<Target> {
  return targetAt(await listen(createTcp(serve)))
}

/** A TLS server that sends the certificates as they are given, the first one's key in use. */
export async function tls(
  chain: readonly Certificate[],
  serve: (socket: TLSSocket) => void = answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'),
  options: TlsOptions = {},
): Promise<Target> {
  const server = createTls({ key: chain[0]?.key, cert: chainPem(...chain), ...options })
  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined)
    serve(socket)
  })
  server.on('tlsClientError', () => undefined)
  return targetAt(await listen(server))
}

/** Waits for a request and sends the same text to everyone. */
export function answer(text: string): (socket: Socket) => void {
  return (socket) => {
    socket.once('data', () => socket.end(text))
  }
}

function* repeat(beginning: string, part: string): Generator<string> {
  yield beginning
  for (;;) yield part
}

/** Sends a beginning, then the same part until the other side has had enough. */
export function endless(beginning: string, part: string): (socket: Socket) => void {
  return (socket) => {
    socket.once('data', () => {
      pipeline(Readable.from(repeat(beginning, part)), socket, () => undefined)
    })
  }
}

export interface Pki {
  readonly root: CertificateAuthority
  readonly intermediate: CertificateAuthority
  readonly leaf: Certificate
}

let made: Promise<Pki> | undefined

async function makePki(): Promise<Pki> {
  const root = await createCa({ name: 'Test root', keyKind: 'p-256' })
  const intermediate = await root.intermediate({ name: 'Test intermediate', keyKind: 'p-256' })
  const leaf = await intermediate.issue({ names: ['reg.corp'], ips: ['127.0.0.1'], keyKind: 'p-256' })
  return { root, intermediate, leaf }
}

/** One chain for all tests of the room. */
export function pki(): Promise<Pki> {
  made ??= makePki()
  return made
}

/** A web server for certificates, and what it was asked for. */
export async function web(files: Readonly<Record<string, Buffer | RequestListener>>) {
  const asked: string[] = []
  const server = createHttp((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    const file = files[path]
    if (typeof file === 'function') file(request, response)
    else response.writeHead(file === undefined ? 404 : 200).end(file)
  })
  return { asked, base: `http://127.0.0.1:${await listen(server)}` }
}
