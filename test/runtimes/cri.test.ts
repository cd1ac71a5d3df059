import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerHttp2Stream } from 'node:http2'
import { createServer as createTcp } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pullByCri } from '../../src/runtimes/cri.ts'
import { leaveOut } from '../support/left-out.ts'

describe('runtimes/cri', () => {
  const directory = mkdtempSync(join(tmpdir(), 'trust-registry-cri-'))
  const path = join(directory, 'socket')
  const open: (() => void)[] = []

  before(function () {
    if (process.platform === 'win32') leaveOut(this, 'Windows has no sockets in folders')
  })
  afterEach(() => {
    for (const close of open.splice(0)) close()
    rmSync(path, { force: true })
  })
  after(() => {
    rmSync(directory, { recursive: true })
  })

  /** @param answer what the server does with a call, whose body it has heard out */
  async function asked(answer: (stream: ServerHttp2Stream, body: Buffer) => void, timeoutMs = 10_000) {
    const server = createServer()
    const streams = new Set<ServerHttp2Stream>()
    server.on('stream', (stream) => {
      streams.add(stream)
      stream.on('error', () => undefined)
      const parts: Buffer[] = []
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => {
        answer(stream, Buffer.concat(parts))
      })
    })
    await new Promise<void>((done) => server.listen(path, done))
    open.push(() => {
      for (const stream of streams) stream.session?.destroy()
      server.close()
    })
    return pullByCri(path, 'reg.corp:5000/app@sha256:1', timeoutMs)
  }

  const trailing = (trailers: Record<string, string>) => (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => {
      stream.sendTrailers(trailers)
    })
    stream.end(Buffer.alloc(5))
  }

  it('asks for the image as kubelet does, and takes the status of the trailers', async () => {
    let heard: Buffer = Buffer.alloc(0)
    const answer = await asked((stream, body) => {
      heard = body
      trailing({ 'grpc-status': '0' })(stream)
    })
    assert.deepEqual(answer, { status: 0, message: '' })
    assert.equal(heard.readUInt32BE(1), heard.length - 5)
    assert.equal(heard.subarray(5).toString('latin1'), '\n\x1c\n\x1areg.corp:5000/app@sha256:1')
  })

  it('takes a refusal from the trailers, or at once; its message is percent-encoded, or as it is', async () => {
    const failed = await asked(trailing({ 'grpc-status': '2', 'grpc-message': 'x509%3A unknown' }))
    assert.deepEqual(failed, { status: 2, message: 'x509: unknown' })
    open.splice(0).forEach((close) => {
      close()
    })
    const atOnce = await asked((stream) => {
      stream.respond({ ':status': 200, 'grpc-status': '12', 'grpc-message': '100%' }, { endStream: true })
    })
    assert.deepEqual(atOnce, { status: 12, message: '100%' })
  })

  it('a status that is none is no success', async () => {
    for (const status of ['', 'x', '-0', '0x0']) {
      assert.equal((await asked(trailing({ 'grpc-status': status }))).status, 2, status)
      open.splice(0).forEach((close) => {
        close()
      })
    }
  })

  it('an answer that trickles without an end costs its time once', async () => {
    const answer = await asked((stream) => {
      stream.respond({ ':status': 200 })
      const timer = setInterval(() => stream.write('x'), 20)
      stream.on('close', () => {
        clearInterval(timer)
      })
    }, 300)
    assert.deepEqual(answer, { status: 14, message: 'no answer in time' })
  })

  it('who hangs up, speaks otherwise or is not there is unavailable', async () => {
    const server = createTcp((socket) => socket.end('SSH-2.0-OpenSSH\r\n'))
    await new Promise<void>((done) => server.listen(path, done))
    open.push(() => server.close())
    assert.equal((await pullByCri(path, 'a', 10_000)).status, 14)
    assert.equal((await pullByCri(`${path}-none`, 'a', 10_000)).status, 14)
  })
})
