import assert from 'node:assert/strict'
import type { TlsOptions } from 'node:tls'
import { parseProxy } from '../../src/registry/proxy-rules.ts'
import type { Target } from '../../src/registry/reference.ts'
import { lookUnnamed } from '../../src/registry/unnamed.ts'
import { answer, closeServers, pki, tcp, tls } from './servers.ts'

const timeoutMs = 30_000
const named = (target: Target): Target => ({ ...target, host: 'reg.corp', kind: 'name' })

describe('registry/unnamed', () => {
  afterEach(closeServers)

  it('goes the way of the name: where that needs no proxy, none is asked for its address', async () => {
    const { leaf } = await pki()
    const asked: number[] = []
    const other = await tcp((socket) => {
      asked.push(1)
      socket.destroy()
    })
    const proxy = parseProxy(`http://127.0.0.1:${other.port}`)
    assert.ok(typeof proxy !== 'string')
    const proxyFor = ({ host }: Target) => (host === 'reg.corp' ? undefined : proxy)
    const seen = await lookUnnamed(named(await tls([leaf])), '127.0.0.1', { timeoutMs, proxyFor })
    assert.deepEqual([seen, asked], [[leaf.certificate], []])
  })

  const client = async () => {
    const { root } = await pki()
    const me = await root.issue({ names: ['me'], ekus: ['clientAuth'], keyKind: 'p-256' })
    return { certificatePem: me.pem, keyPem: me.key }
  }

  it('shows no certificate of ours to whoever answers there', async () => {
    const { leaf } = await pki()
    const shown: unknown[] = []
    const serve = answer('')
    const target = await tls(
      [leaf],
      (socket) => {
        shown.push(socket.getPeerX509Certificate()?.subject)
        serve(socket)
      },
      // Up to TLS 1.2 it is the server that ends the handshake.
      { requestCert: true, rejectUnauthorized: false, maxVersion: 'TLSv1.2' },
    )
    const limits = { timeoutMs, client: await client() }
    assert.deepEqual(await lookUnnamed(named(target), '127.0.0.1', limits), [leaf.certificate])
    assert.deepEqual(shown, [undefined])
  })

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`has the chain of a server that lets nobody in without one, over ${version}`, async () => {
      const { leaf, root } = await pki()
      const strict: TlsOptions = { requestCert: true, rejectUnauthorized: true, ca: root.pem }
      const target = await tls([leaf], answer(''), { ...strict, minVersion: version, maxVersion: version })
      const limits = { timeoutMs, client: await client() }
      assert.deepEqual(await lookUnnamed(named(target), '127.0.0.1', limits), [leaf.certificate])
    })
  }
})
