import assert from 'node:assert/strict'
import { parseCertificate } from '../../src/x509/index.ts'
import { bits, element, integer, nothing, oid, sequence } from './der-writer.ts'
import { dns, ecKey, encode, go, uri } from './pki.ts'

// What mutations showed to be held by the comparison with real Go alone.

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex')

describe('extensions', () => {
  const key = ecKey()
  const parse = (id: string, value: Buffer, by = '1.27', critical = false) => {
    const read = parseCertificate(
      encode({ subject: 'x', key, extensions: [{ oid: id, value, critical }] }),
      go(by),
    )
    return { ...read, unhandled: read.unhandledCriticalExtensions.length > 0 }
  }
  const refusal = (id: string, value: Buffer, by?: string): string => {
    try {
      parse(id, value, by)
    } catch (error) {
      return (error as Error).message
    }
    return 'accepted'
  }

  it('critical ones that Go handles, and those that it does not', () => {
    const handled: readonly (readonly [string, Buffer, boolean])[] = [
      ['2.5.29.15', bits(hex('80'), 7), false],
      ['2.5.29.17', sequence(dns('a')), false],
      ['2.5.29.17', sequence(), true],
      ['2.5.29.31', sequence(), false],
      ['2.5.29.32', sequence(), false],
      ['2.5.29.33', sequence(), false],
      ['2.5.29.36', sequence(), false],
      ['2.5.29.37', sequence(), false],
      ['2.5.29.54', integer(0), false],
      ['1.2.3.4', nothing(), true],
    ]
    for (const [id, value, unhandled] of handled) {
      assert.equal(parse(id, value, '1.27', true).unhandled, unhandled, id)
    }
    for (const id of ['2.5.29.33', '2.5.29.36'])
      assert.equal(parse(id, sequence(), '1.23', true).unhandled, true)
    assert.equal(parse('2.5.29.54', integer(0), '1.23', true).unhandled, true)
  })

  it('policies, their mappings and limits', () => {
    const policy = (type: string): Buffer => sequence(oid(type))
    const twice = sequence(policy('1.2.3'), policy('1.2.3'))
    assert.equal(refusal('2.5.29.32', twice), 'x509: invalid certificate policies')
    assert.equal(refusal('2.5.29.32', twice, '1.23'), 'accepted')
    const broken = sequence(sequence(element(6, hex('2a80'))))
    assert.equal(refusal('2.5.29.32', broken), 'x509: invalid certificate policies')
    assert.equal(refusal('2.5.29.32', sequence(nothing())), 'x509: invalid certificate policies')
    const mapped = parse('2.5.29.33', sequence(sequence(oid('1.2.3'), oid('1.2.4')))).policyMappings
    assert.deepEqual(mapped, [{ issuer: '2a03', subject: '2a04' }])
    const limits = parse('2.5.29.36', sequence(element(0x80, hex('02')), element(0x81, hex('03'))))
    assert.deepEqual([limits.requireExplicitPolicy, limits.inhibitPolicyMapping], [2, 3])
    const second = parse('2.5.29.36', sequence(element(0x81, hex('03'))))
    assert.deepEqual([second.requireExplicitPolicy, second.inhibitPolicyMapping], [undefined, 3])
    assert.equal(parse('2.5.29.54', integer(4)).inhibitAnyPolicy, 4)
  })

  it('what a verdict makes no use of has a form all the same', () => {
    const point = (...inside: readonly Buffer[]): Buffer => sequence(sequence(...inside))
    const names = (...list: readonly Buffer[]): Buffer => element(0xa0, element(0xa0, ...list))
    const good = [
      point(),
      point(names()),
      point(names(uri('http://a'), dns('b'))),
      point(element(0x81, hex('00'))),
    ]
    for (const value of good) assert.equal(refusal('2.5.29.31', value), 'accepted')
    const bad = [sequence(nothing()), point(element(0xa0, nothing())), point(names(hex('8605')))]
    for (const value of bad) assert.equal(refusal('2.5.29.31', value), 'x509: invalid CRL distribution point')
    const other = sequence(
      sequence(oid('1.3.6.1.5.5.7.48.2'), dns('x')),
      sequence(oid('1.2.3'), uri('http://c')),
    )
    assert.deepEqual(parse('1.3.6.1.5.5.7.1.1', other).caIssuers, [])
  })

  it('key identifiers, usages and path lengths', () => {
    assert.equal(parse('2.5.29.35', sequence(element(0x80, hex('abcd')))).authorityKeyId, 'abcd')
    assert.equal(parse('2.5.29.35', sequence(element(0x81, hex('ab')))).authorityKeyId, undefined)
    const all = bits(hex('ff80'), 7)
    assert.deepEqual(parse('2.5.29.15', all).keyUsage.at(-1), 'decipherOnly')
    assert.equal(parse('2.5.29.15', all).keyUsage.length, 9)
    assert.deepEqual(parse('2.5.29.15', bits(hex('ffff'))).keyUsage.length, 9)
    const ca = parse('2.5.29.19', sequence(element(1, hex('ff')), integer(0)))
    assert.deepEqual([ca.isCA, ca.basicConstraintsValid, ca.maxPathLen], [true, true, 0])
    const none = parse('2.5.29.37', sequence())
    assert.deepEqual(
      [none.isCA, none.basicConstraintsValid, none.maxPathLen, none.extKeyUsages],
      [false, false, undefined, []],
    )
  })
})
