import assert from 'node:assert/strict'
import { DerReader, oidText, rightAlign, signedInteger } from '../../src/x509/der.ts'

// What mutations showed to be held by the comparison with real Go alone.

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex')
const reader = (digits: string): DerReader => new DerReader(hex(digits))

describe('DER: what is just inside, and just outside', () => {
  it('lengths', () => {
    const content = (length: number): string => '00'.repeat(length)
    assert.equal(reader(`0480${content(128)}`).any(), undefined, 'indefinite')
    assert.equal(reader(`04820080${content(128)}`).any(), undefined, 'an octet more than needed')
    assert.equal(reader(`04820100${content(256)}`).any()?.content.length, 256)
    const long = Buffer.concat([hex('048401000000'), Buffer.alloc(2 ** 24)])
    assert.equal(new DerReader(long).any()?.content.length, 2 ** 24, 'four octets of length')
  })

  it('booleans, integers, bit strings', () => {
    for (const bad of ['', '0100', '0102ffff']) assert.equal(reader(bad).boolean(), undefined, bad)
    assert.equal(reader('0202ff7f').int64(), -129n)
    assert.equal(reader('02087fffffffffffffff').int64(), 2n ** 63n - 1n)
    assert.equal(reader('').bitString(), undefined)
    assert.equal(reader('03020780').bitString()?.unused, 7)
    assert.equal(reader('03020800').bitString(), undefined)
    assert.equal(signedInteger(Buffer.alloc(0)), 0n)
    assert.equal(signedInteger(hex('ff7f')), -129n)
    assert.deepEqual(rightAlign({ bytes: Buffer.alloc(0), unused: 0 }), Buffer.alloc(0))
  })

  it('OIDs', () => {
    assert.equal(reader('06062a87ffffff7f').oid(), '1.2.2147483647')
    assert.equal(reader('06062a8880808000').oid(), undefined, '2^31')
    assert.equal(reader('06022a88').oid(), undefined, 'cut short')
    assert.equal(oidText(hex('80808080550403'), 2 ** 31, true), '2.5.4.3', 'padded to five octets')
  })

  it('skips what it expects, and nothing else', () => {
    const der = reader('0500040100')
    assert.equal(der.skip(4), false)
    assert.equal(der.skip(5), true)
    assert.deepEqual(der.read(4), hex('00'))
    assert.equal(reader('0502').skip(5), false, 'cut short')
  })
})
