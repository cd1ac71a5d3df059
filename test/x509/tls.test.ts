import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { checkSentChain, CertPool, leafKeyFailure, tlsVerifyPrefix, verify } from '../../src/x509/index.ts'
import { bits, integer, nothing, oid, sequence } from './der-writer.ts'
import { ecKey, edKey, encode, extension, family, go, issue, noon, rsaKey } from './pki.ts'

const { root, intermediate, leaf } = family()

function rsaSpki(size: number): Buffer {
  const modulus = (1n << BigInt(size - 1)) + 1n
  return sequence(
    sequence(oid('1.2.840.113549.1.1.1'), nothing()),
    bits(sequence(integer(modulus), integer(65537))),
  )
}

describe('checkSentChain: what crypto/tls refuses before it verifies', () => {
  it('passes a chain on, parsed', () => {
    const sent = checkSentChain([leaf.der, intermediate.der])
    assert.ok(sent.ok)
    assert.equal(sent.certificates.length, 2)
  })

  it('ends at any certificate that does not parse, and at none at all', () => {
    const negative = encode({ subject: 'x', key: ecKey(), serial: -1n })
    const sent = checkSentChain([leaf.der, negative])
    assert.deepEqual(sent, {
      ok: false,
      kind: 'malformed-certificate',
      message: 'tls: failed to parse certificate from server: x509: negative serial number',
      index: 1,
    })
    assert.equal(checkSentChain([]).ok, false)
  })

  it('ends at RSA keys of more than 8192 bits, since the fix of CVE-2023-29409', () => {
    const long = encode({ subject: 'long', key: ecKey(), spki: rsaSpki(8193) }, root)
    const sent = checkSentChain([leaf.der, long])
    assert.ok(!sent.ok)
    assert.equal(sent.message, 'tls: server sent certificate containing RSA key larger than 8192 bits')
    assert.equal(checkSentChain([long], go('1.19.8')).ok, true)
    assert.equal(checkSentChain([long], go('1.19.12')).ok, false)
  })
})

describe('leafKeyFailure', () => {
  it('knows the keys that serve no handshake', () => {
    const weak = issue({ subject: 'weak', key: rsaKey(512) }).certificate
    const text =
      'tls: invalid signature by the server certificate: crypto/rsa: 512-bit keys are insecure (see https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)'
    assert.equal(leafKeyFailure(weak), text)
    assert.equal(leafKeyFailure(weak, go('1.23')), undefined)
    for (const key of [ecKey(), edKey(), rsaKey()]) {
      assert.equal(leafKeyFailure(issue({ subject: 'fine', key }).certificate), undefined)
    }
    const { publicKey } = generateKeyPairSync('x25519')
    const spki = publicKey.export({ format: 'der', type: 'spki' })
    const exchange = issue({ subject: 'x', key: ecKey(), spki }).certificate
    assert.match(leafKeyFailure(exchange) ?? '', /unsupported type of public key: <nil>$/)
  })
})

describe('keys of absurd length', () => {
  it('end in a verdict, not in a stall', () => {
    for (const size of [16_384, 65_536, 1_000_000]) {
      const signer = issue(
        { subject: 'Long', key: ecKey(), spki: rsaSpki(size), extensions: [extension.ca()] },
        root,
      )
      const algorithm = sequence(oid('1.2.840.113549.1.1.11'), nothing())
      const child = issue({ subject: 'child', key: ecKey(), algorithm }, signer)
      const result = verify(child.certificate, {
        at: noon,
        roots: CertPool.of(signer.certificate),
        intermediates: new CertPool(),
      })
      assert.ok(!result.ok)
      assert.match(result.error.message, /possibly because of "crypto\/rsa: verification error"/)
    }
  })
})

describe('tlsVerifyPrefix', () => {
  it('is there since 1.20', () => {
    assert.equal(tlsVerifyPrefix(go('1.19.8')), '')
    assert.equal(tlsVerifyPrefix(go('1.20')), 'tls: failed to verify certificate: ')
  })
})
