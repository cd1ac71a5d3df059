import assert from 'node:assert/strict'
import type { CertificateAuthority } from '../../fixtures/pki.ts'
import { alone, ca, days, fetched, leaf, type Scene } from './evidence.ts'
import { consumer, verdict } from './verdict.ts'

/** Each text was compared with OpenSSL 3.0: verify -purpose sslserver -verify_hostname -attime. */
describe('judge: what OpenSSL makes of it', () => {
  let root: CertificateAuthority
  before(async () => {
    root = await ca('Root')
  })

  function check(scene: Scene, text: string | undefined): void {
    const { state, predictedError, required } = consumer(verdict(scene), 'system')
    assert.deepEqual([state, predictedError], [text === undefined ? 'trusted' : 'refused', text])
    assert.equal(required, false)
  }

  it('accepts a chain that is sent up to a root of the store, and trusted self-signed certificates', async () => {
    const middle = await ca('Middle', { issuer: root })
    const server = await alone()
    check({ sent: [await leaf(middle), middle], store: [root] }, undefined)
    check({ sent: [server], store: [server] }, undefined)
    check({ sent: [await leaf(root, { noSan: true, commonName: 'reg.corp' })], store: [root] }, undefined)
  })

  it('wants a root: not what certs.d, AIA or --ca bring, nor an intermediate alone', async () => {
    const middle = await ca('Middle', { issuer: root })
    const server = await leaf(middle)
    const text = 'unable to get local issuer certificate'
    check({ sent: [server], store: [root], fetched: [fetched(server, middle)] }, text)
    check({ sent: [server, middle], trusted: [root], given: [root] }, text)
    check({ sent: [server] }, text)
    check({ sent: [server, middle, root] }, 'self-signed certificate in certificate chain')
    check({ sent: [await alone()] }, 'self-signed certificate')
  })

  it('looks at extensions, then the name, then the dates', async () => {
    const old = await ca('Old', { notAfter: days(-200) })
    const impostor = await ca('Impostor', { issuer: root, isCA: false })
    const narrow = await ca('Narrow', { issuer: root, pathLen: 0 })
    const extra = await ca('Extra', { issuer: narrow })
    const client = { ekus: ['clientAuth'], names: ['other.corp'] }
    check({ sent: [await leaf(impostor, client), impostor], store: [root] }, 'unsuitable certificate purpose')
    check({ sent: [await leaf(impostor), impostor], store: [root] }, 'invalid CA certificate')
    check({ sent: [await leaf(extra), extra, narrow], store: [root] }, 'path length constraint exceeded')
    check({ sent: [await leaf(old, { names: ['other.corp'] })], store: [old] }, 'hostname mismatch')
    check({ sent: [await leaf(old)], store: [old] }, 'certificate has expired')
    check({ sent: [await leaf(root, { notBefore: days(1) })], store: [root] }, 'certificate is not yet valid')
    const scene = { registry: '198.18.0.2:5000', sent: [await leaf(root)], store: [root] }
    check(scene, 'IP address mismatch')
  })
})
