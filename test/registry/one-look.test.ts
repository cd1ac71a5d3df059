import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { createServer as createHttps } from 'node:https'
import { chainPem } from '../../fixtures/pki.ts'
import { probe } from '../../src/registry/probe.ts'
import { closeServers, listen, pki, targetAt, tcp } from './servers.ts'

describe('registry/probe: one look', () => {
  afterEach(closeServers)

  it('is one connection and one request', async () => {
    const { leaf, intermediate } = await pki()
    const seen: string[] = []
    const server = createHttps({ key: leaf.key, cert: chainPem(leaf, intermediate) }, (request, response) => {
      seen.push(`${request.method ?? ''} ${request.url ?? ''}`)
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
    })
    server.on('connection', () => seen.push('connection'))
    const observation = await probe(targetAt(await listen(server)), { timeoutMs: 5000 })
    assert.equal(observation.ping?.status, 401)
    assert.deepEqual(seen, ['connection', 'GET /v2/'])
  })

  it('sends its first packet before it tells others to work', async () => {
    const { leaf } = await pki()
    const server = createHttps({ key: leaf.key, cert: leaf.pem }, (_request, response) => response.end('{}'))
    const target = targetAt(await listen(server))
    const order: string[] = []
    const hook = createHook({
      init: (_id, type) => {
        if (type === 'TCPCONNECTWRAP') order.push('connect')
      },
    }).enable()
    await probe(target, { timeoutMs: 5000 }, { dialled: () => order.push('dialled') })
    hook.disable()
    assert.deepEqual(order, ['connect', 'dialled'])
  })

  // The server answers only once the search has begun: one after the other, this ends in a timeout.
  it('looks for issuers while /v2/ is asked', async () => {
    const { leaf } = await pki()
    let began = (): void => undefined
    const searching = new Promise<void>((done) => (began = done))
    const server = createHttps({ key: leaf.key, cert: leaf.pem }, (_request, response) => {
      void searching.then(() => response.end('{}'))
    })
    const order: string[] = []
    const fetched = [{ url: 'http://x/', namedBy: '', certificates: [] }]
    const observation = await probe(
      targetAt(await listen(server)),
      { timeoutMs: 5000 },
      {
        dialled: () => order.push('dialled'),
        issuers: (sent, addresses) => {
          order.push('issuers')
          assert.deepEqual([sent, addresses], [[leaf.certificate], ['127.0.0.1']])
          began()
          return Promise.resolve(fetched)
        },
      },
    )
    assert.equal(observation.failure, undefined)
    assert.equal(observation.ping?.status, 200)
    assert.deepEqual(observation.fetched, fetched)
    assert.deepEqual(order, ['dialled', 'issuers'])
  })

  it('asks a silent server in plain before its time for TLS is over', async () => {
    const order: string[] = []
    const target = await tcp((socket) => {
      const kind = new Promise<string>((known) => {
        socket.once('data', (data) => {
          known(data.toString('latin1').startsWith('GET ') ? 'plain' : 'tls')
        })
      })
      void kind.then((name) => {
        order.push(`${name} asks`)
        socket.once('close', () => order.push(`${name} ends`))
        if (name === 'plain') socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
      })
    })
    const { failure } = await probe(target, { timeoutMs: 1000 })
    assert.equal(failure?.code, 'plain-http')
    assert.deepEqual(order.slice(0, 3), ['tls asks', 'plain asks', 'plain ends'])
  })
})
