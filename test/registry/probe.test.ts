import assert from 'node:assert/strict'
import { createCa, type Certificate } from '../../fixtures/pki.ts'
import type { Observation } from '../../src/registry/observation.ts'
import { probe } from '../../src/registry/probe.ts'
import type { Target } from '../../src/registry/reference.ts'
import { answer, closeServers, listen, pki, targetAt, tcp, tls } from './servers.ts'
import { createServer } from 'node:net'
import { createSecureContext, type TlsOptions } from 'node:tls'

const look = (target: Target, timeoutMs = 5000): Promise<Observation> => probe(target, { timeoutMs })
const ders = (chain: readonly Certificate[]): readonly Buffer[] => chain.map(({ certificate }) => certificate)

describe('registry/probe: the chain as sent', () => {
  afterEach(closeServers)

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`keeps order and repetitions over ${version}`, async () => {
      const { leaf, intermediate, root } = await pki()
      const stranger = await createCa({ name: 'Stranger', keyKind: 'p-256' })
      for (const chain of [
        [leaf],
        [leaf, intermediate, root],
        [leaf, root, intermediate],
        [leaf, intermediate, intermediate, leaf],
        [leaf, stranger, root, stranger, intermediate],
      ]) {
        const target = await tls(chain, undefined, { minVersion: version, maxVersion: version })
        const seen = await look(target)
        assert.deepEqual(seen.sent, ders(chain))
        assert.equal(seen.tlsVersion, version)
        assert.equal(seen.failure, undefined)
        assert.deepEqual([seen.addresses, seen.address, seen.fetched], [['127.0.0.1'], '127.0.0.1', []])
        assert.equal(seen.ping?.status, 200)
      }
    })

    it(`has the chain of a server that demands a client certificate over ${version}`, async () => {
      const { leaf, intermediate, root } = await pki()
      const chain = [leaf, intermediate]
      const target = await tls(chain, undefined, {
        minVersion: version,
        maxVersion: version,
        requestCert: true,
        rejectUnauthorized: true,
        ca: root.pem,
      })
      const seen = await look(target)
      assert.equal(seen.failure?.code, 'client-certificate-required')
      assert.deepEqual(seen.sent, ders(chain))
      assert.equal(seen.ping, undefined)
      const alert = version === 'TLSv1.2' ? 'handshake failure' : 'certificate required'
      assert.equal(seen.failure.goError, `remote error: tls: ${alert}`)
    })
  }

  it('sends the name, and no address, as SNI', async () => {
    const { leaf } = await pki()
    const names: (string | false | null)[] = []
    const serve = answer('HTTP/1.1 200 OK\r\n\r\n')
    const target = await tls([leaf], (socket) => {
      names.push(socket.servername)
      serve(socket)
    })
    await look({ ...target, host: 'localhost', kind: 'name' })
    await look(target)
    // The certificate is not for that name, so that there may be a look without one as well.
    assert.deepEqual([names[0], names.at(-1)], ['localhost', false])
  })

  it('looks once more, without a name, where the chain is of another host or not what was expected', async () => {
    const { leaf } = await pki()
    const stranger = await createCa({ name: 'Stranger', keyKind: 'p-256' })
    const local = await stranger.issue({ names: ['localhost'], keyKind: 'p-256' })
    const secure = createSecureContext({ key: local.key, cert: local.pem })
    const options: TlsOptions = {
      SNICallback: (_name, done) => {
        done(null, secure)
      },
    }
    const { port } = await tls([leaf], undefined, options)
    const named: Target = { registry: `localhost:${port}`, host: 'localhost', kind: 'name', port }
    const [quiet, doubtful] = [() => false, () => true]
    const limits = { timeoutMs: 5000, pins: [{ host: 'localhost', port, address: '127.0.0.1' }] }
    const good = await probe(named, limits, { doubtful: quiet })
    assert.deepEqual([good.sent, good.unnamed], [[local.certificate], undefined])
    assert.deepEqual((await probe(named, limits, { doubtful })).unnamed, ders([leaf]))
    const other: Target = { ...named, host: 'reg.test' }
    const there = { ...limits, pins: [{ host: 'reg.test', port, address: '127.0.0.1' }] }
    assert.deepEqual((await probe(other, there)).unnamed, ders([leaf]))
    assert.equal((await probe(targetAt(port), limits, { doubtful })).unnamed, undefined)
  })
})

describe('registry/probe: what is no good registry', () => {
  afterEach(closeServers)
  const failure = async (target: Target, timeoutMs?: number) => {
    const seen = await look(target, timeoutMs)
    assert.ok(seen.failure, 'no failure')
    return { ...seen.failure, sent: seen.sent.length }
  }

  it('TLS 1.1 at best', async () => {
    const { leaf } = await pki()
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
    const seen = await look(await tls([leaf], undefined, old))
    assert.equal(seen.failure?.code, 'tls-too-old')
    assert.equal(seen.tlsVersion, 'TLSv1.1')
    assert.deepEqual(seen.sent, [leaf.certificate])
    assert.equal(seen.failure.goError, 'remote error: tls: protocol version not supported')
  })

  it('plain HTTP', async () => {
    const seen = await failure(await tcp(answer('HTTP/1.1 400 Bad Request\r\n\r\n')))
    assert.deepEqual([seen.code, seen.sent], ['plain-http', 0])
    assert.equal(seen.detail, 'the port answers plain HTTP: HTTP/1.1 400 Bad Request')
    assert.equal(seen.goError, 'http: server gave HTTP response to HTTPS client')
  })

  it('ssh', async () => {
    const seen = await failure(await tcp((socket) => socket.write('SSH-2.0-OpenSSH_9.2p1\r\n')))
    assert.deepEqual([seen.code, seen.detail], ['not-tls', 'the port answers "SSH-2.0-OpenSSH_9.2p1"'])
    assert.equal(seen.goError, 'tls: first record does not look like a TLS handshake')
  })

  it('a server that refuses by an alert, though it answers plain HTTP with a hint', async () => {
    for (const hint of ['Client sent an HTTP request to an HTTPS server.', 'Bad Request']) {
      const target = await tcp((socket) => {
        socket.once('data', (bytes) => {
          // RFC 8446 section 6: fatal handshake_failure.
          if (bytes[0] === 0x16) socket.end(Buffer.from('15030300020228', 'hex'))
          else socket.end(`HTTP/1.0 400 Bad Request\r\n\r\n${hint}`)
        })
      })
      const seen = await failure(target)
      assert.deepEqual(
        [seen.code, seen.goError],
        ['tls-handshake-failed', 'remote error: tls: handshake failure'],
      )
    }
  })

  it('a TLS server that hangs up on the handshake and hints at HTTPS otherwise', async () => {
    const target = await tcp((socket) => {
      socket.once('data', (bytes) => {
        if (bytes[0] === 0x16) socket.destroy()
        else socket.end('HTTP/1.1 400 Bad Request\r\n\r\nThe plain HTTP request was sent to HTTPS port')
      })
    })
    assert.equal((await failure(target)).code, 'tls-handshake-failed')
  })

  it('silence', async () => {
    const seen = await failure(await tcp(() => undefined), 60)
    assert.deepEqual([seen.code, seen.stage], ['timeout', 'tls'])
    assert.equal(seen.goError, 'net/http: TLS handshake timeout')
  })

  it('a connection that is closed at once', async () => {
    const seen = await failure(await tcp((socket) => socket.destroy()))
    assert.deepEqual([seen.code, seen.goError], ['tls-handshake-failed', 'EOF'])
  })

  it('a closed port', async () => {
    const server = createServer()
    const port = await listen(server)
    await closeServers()
    const seen = await failure(targetAt(port))
    assert.deepEqual([seen.code, seen.stage], ['unreachable', 'connect'])
    assert.equal(seen.goError, `dial tcp 127.0.0.1:${port}: connect: connection refused`)
  })

  it('a closed port in IPv6, with brackets in the text', async () => {
    const server = createServer()
    const port = await listen(server)
    await closeServers()
    const { goError } = await failure(targetAt(port, '[::1]'))
    assert.ok(goError?.startsWith(`dial tcp [::1]:${port}: connect: `), goError)
  })

  it('a name that does not resolve', async () => {
    // RFC 6761: .invalid never resolves.
    const seen = await look(targetAt(5000, 'reg.invalid'))
    assert.equal(seen.failure?.stage, 'resolve')
    assert.equal(seen.failure.code, 'name-not-resolved')
    assert.deepEqual([seen.addresses, seen.sent, seen.address], [[], [], undefined])
  })

  it('none that is asked after an interruption', async () => {
    const controller = new AbortController()
    const target = await tcp(() => {
      controller.abort()
    })
    await assert.rejects(probe(target, { timeoutMs: 5000, signal: controller.signal }), {
      name: 'AbortError',
    })
  })
})
