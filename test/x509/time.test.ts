import assert from 'node:assert/strict'
import { DerReader } from '../../src/x509/der.ts'
import { readTime } from '../../src/x509/time.ts'
import { text } from './der-writer.ts'

// What mutations showed to be held by the comparison with real Go alone.

describe('times', () => {
  const read = (value: string): string => {
    const utc = /^\d{10}(?:\d\d)?(?:Z|[+-])/.test(value)
    const time = readTime(new DerReader(text(value, utc ? 0x17 : 0x18)))
    return typeof time === 'string' ? time : `${time.text} ${time.date.toISOString().slice(0, 19)}`
  }

  it('of any year, month, day and zone that there is', () => {
    assert.equal(read('20240229120000Z'), '2024-02-29T12:00:00Z 2024-02-29T12:00:00')
    assert.equal(read('00010101000000Z'), '0001-01-01T00:00:00Z 0001-01-01T00:00:00')
    assert.equal(read('99991231235959Z'), '9999-12-31T23:59:59Z 9999-12-31T23:59:59')
    assert.equal(read('20270601120000-0130'), '2027-06-01T12:00:00-01:30 2027-06-01T13:30:00')
    assert.equal(read('20270601120000+0001'), '2027-06-01T12:00:00+00:01 2027-06-01T11:59:00')
    assert.equal(read('20270601120000+2359'), '2027-06-01T12:00:00+23:59 2027-05-31T12:01:00')
  })

  it('and of no other', () => {
    for (const bad of [
      ...['20230229120000Z', '20271301120000Z', '20270001120000Z', '20270100120000Z', '20270132120000Z'],
      ...['20270601126000Z', '20270601120060Z', '20270601120000+0060', '20270601120000-0000'],
      ...['20270601120000+2501', '20270601120000', ' 20270601120000Z', '20270601120000Z ', '2027060112000Z'],
    ]) {
      assert.equal(read(bad), 'x509: malformed GeneralizedTime', bad)
    }
    for (const bad of [
      '270601240000Z',
      '270631120000Z',
      '2706011260Z',
      '270601120060Z',
      '270601120000+0060',
    ]) {
      assert.equal(read(bad), 'x509: malformed UTCTime', bad)
    }
  })
})
