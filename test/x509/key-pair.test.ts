import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createCa } from '../../fixtures/pki.ts'
import { keyPairFailure } from '../../src/x509/index.ts'

describe('x509/key-pair: the words of crypto/tls', () => {
  it('tells what does not fit', async () => {
    const [rsa, other, ec] = await Promise.all([
      createCa({ name: 'a' }),
      createCa({ name: 'b' }),
      createCa({ name: 'c', keyKind: 'p-256' }),
    ])
    const why = (certificate: string, key: string) =>
      keyPairFailure(Buffer.from(certificate), Buffer.from(key))
    assert.equal(why(rsa.pem, rsa.key), undefined)
    assert.equal(why(`text\n${ec.pem}${rsa.pem}`, ec.key), undefined, 'the first certificate is the leaf')
    assert.equal(why(rsa.pem, other.key), 'tls: private key does not match public key')
    assert.equal(why(rsa.pem, ec.key), 'tls: private key type does not match public key type')
    assert.equal(why('', rsa.key), 'tls: failed to find any PEM data in certificate input')
    assert.equal(why(rsa.pem, ''), 'tls: failed to find any PEM data in key input')
    assert.match(why(rsa.key, rsa.pem) ?? '', /^tls: failed to find certificate PEM data .* switched$/)
    assert.match(why(rsa.pem, rsa.pem) ?? '', /^tls: found a certificate rather than a key/)
    assert.match(why(rsa.pem, rsa.pem + rsa.pem) ?? '', /types: \[CERTIFICATE CERTIFICATE\]$/)
  })

  it('has an answer for anything', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        const answer = keyPairFailure(Buffer.from(a), Buffer.from(b))
        assert.ok(answer?.startsWith('tls: failed to find'))
      }),
    )
  })
})
