import assert from 'node:assert/strict'
import { quote, quoteBytes } from '../../src/x509/go-text.ts'

// What mutations showed to be held by the comparison with real Go alone.

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex')

describe('quoting', () => {
  it('of the rims of what is printable', () => {
    assert.equal(quote('\uffff\u{10ffff} ~'), String.raw`"\uffff\U0010ffff ~"`)
    assert.equal(quoteBytes(Buffer.alloc(0)), '""')
    assert.equal(quoteBytes(Buffer.from('a😀')), '"a😀"')
    assert.equal(quoteBytes(hex('c280c1bf80f09f98')), String.raw`"\u0080\xc1\xbf\x80\xf0\x9f\x98"`)
  })
})
