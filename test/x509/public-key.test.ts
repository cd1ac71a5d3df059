import assert from 'node:assert/strict'
import { curves, pointFault } from '../../src/x509/curves.ts'
import { newestGo, parseGoVersion } from '../../src/x509/index.ts'
import { parsePublicKey } from '../../src/x509/public-key.ts'
import { signatureAlgorithm } from '../../src/x509/signature-algorithm.ts'

const NULL = Buffer.from('0500', 'hex')
const go = parseGoVersion('1.24') ?? assert.fail()
const key = (oid: string, bytes: Buffer, parameters?: Buffer) =>
  parsePublicKey({ oid, ...(parameters ? { parameters } : {}) }, { bytes, unused: 0 }, go)
const der = (tag: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([tag, content.length]), content])
const integer = (hex: string): Buffer => der(0x02, Buffer.from(hex, 'hex'))
const rsa = (modulus: string, exponent: string) =>
  key('1.2.840.113549.1.1.1', der(0x30, Buffer.concat([integer(modulus), integer(exponent)])), NULL)

describe('x509/public-key: rims', () => {
  it('RSA: signs, zeros, lengths and what is none', () => {
    assert.deepEqual(rsa('00ff01', '03'), { algorithm: 'RSA', bits: 16, exponent: 3n, oddModulus: true })
    assert.deepEqual(rsa('0102', '03'), { algorithm: 'RSA', bits: 9, exponent: 3n, oddModulus: false })
    assert.deepEqual(rsa('01', '03'), { algorithm: 'RSA', bits: 1, exponent: 3n, oddModulus: true })
    assert.equal(rsa('8001', '03'), 'x509: RSA modulus is not a positive number')
    assert.equal(rsa('00', '03'), 'x509: RSA modulus is not a positive number')
    assert.equal(rsa('0101', '00'), 'x509: RSA public exponent is not a positive number')
    assert.equal(rsa('0101', '010000000000000000'), 'x509: invalid RSA public exponent')
    assert.equal(
      key('1.2.840.113549.1.1.1', Buffer.from('0400', 'hex'), NULL),
      'x509: invalid RSA public key',
    )
    assert.equal(key('1.2.840.113549.1.1.1', Buffer.alloc(0)), 'x509: RSA key missing NULL parameters')
  })

  it('Ed25519: 32 octets and no parameters', () => {
    assert.deepEqual(key('1.3.101.112', Buffer.alloc(32)), { algorithm: 'Ed25519', bits: 256 })
    assert.equal(key('1.3.101.112', Buffer.alloc(31)), 'x509: wrong Ed25519 public key size')
    const fault = 'x509: Ed25519 key encoded with illegal parameters'
    assert.equal(key('1.3.101.112', Buffer.alloc(32), NULL), fault)
  })

  it('points: each coordinate below the field’s prime', () => {
    const curve = curves['1.2.840.10045.3.1.7'] ?? assert.fail()
    const octets = (value: bigint): string => value.toString(16).padStart(64, '0')
    const point = (x: bigint, y: bigint) =>
      pointFault(curve, Buffer.from(`04${octets(x)}${octets(y)}`, 'hex'))
    assert.equal(point(0n, 0n), 'P256 point not on curve')
    assert.equal(point(curve.p - 1n, 0n), 'P256 point not on curve')
    for (const [x, y] of [
      [curve.p, 0n],
      [0n, curve.p],
      [curve.p + 1n, 1n],
    ] as const)
      assert.equal(point(x, y), 'invalid P256 element encoding')
  })

  it('signatures that must have no parameters have none; of others they are not looked at', () => {
    const sign = (oid: string, parameters?: Buffer) =>
      signatureAlgorithm({ oid, ...(parameters ? { parameters } : {}) }, newestGo)?.name
    assert.deepEqual([sign('1.3.101.112'), sign('1.3.101.112', NULL)], ['Ed25519', undefined])
    const mlDsa = '2.16.840.1.101.3.4.3.18'
    assert.deepEqual([sign(mlDsa), sign(mlDsa, NULL)], ['ML-DSA-65', undefined])
    assert.equal(signatureAlgorithm({ oid: mlDsa }, go), undefined, 'since Go 1.27')
    assert.equal(sign('1.2.840.10045.4.3.2', NULL), 'ECDSA-SHA256')
    assert.equal(sign('1.2.840.113549.1.1.10'), undefined, 'PSS has to say how')
    assert.equal(sign('1.2.3'), undefined)
  })
})
