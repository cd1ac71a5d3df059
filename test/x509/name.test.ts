import assert from 'node:assert/strict'
import { CertificateParseError, parseCertificate } from '../../src/x509/index.ts'
import { element, integer, nothing, oid, sequence, set, text } from './der-writer.ts'
import { ecKey, encode, go } from './pki.ts'

// What mutations showed to be held by the comparison with real Go alone.

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex')

describe('names: every type of string, by release', () => {
  const key = ecKey()
  const parse = (subject: Buffer, by: string): string => {
    try {
      const { commonName, text: whole } = parseCertificate(encode({ subject, key }), go(by)).subject
      return commonName === undefined ? whole : JSON.stringify(commonName)
    } catch (error) {
      assert.ok(error instanceof CertificateParseError)
      return error.message.replace('x509: invalid RDNSequence: invalid attribute value: ', '')
    }
  }
  const value = (tag: number, digits: string, by = '1.27'): string =>
    parse(sequence(set(sequence(oid('2.5.4.3'), element(tag, hex(digits))))), by)

  it('T61, IA5, numeric, printable, UTF-8', () => {
    assert.equal(value(0x14, 'e4'), '"ä"')
    assert.equal(value(0x16, '417f'), '"A\u007f"')
    assert.equal(value(0x16, '4180'), 'invalid IA5String')
    assert.equal(value(0x12, '31202033'), '"1  3"')
    assert.equal(value(0x12, ''), '""')
    for (const bad of ['3141', '4131']) assert.equal(value(0x12, bad), 'invalid NumericString', bad)
    assert.equal(value(0x13, '612a2662'), '"a*&b"')
    for (const bad of ['6140', '4061']) assert.equal(value(0x13, bad), 'invalid PrintableString', bad)
    assert.equal(value(0x0c, 'ff'), 'invalid UTF-8 string')
  })

  it('BMP, whose reserved code points are refused since 1.26', () => {
    const read = {
      '0041': 'A',
      '00410000': 'A',
      '00000041': '\0A',
      '0000': '',
      '': '',
      '004100000000': 'A\0',
    }
    for (const [digits, expected] of Object.entries(read)) {
      assert.equal(value(0x1e, digits), JSON.stringify(expected), digits)
    }
    assert.equal(value(0x1e, '004100'), 'invalid BMPString')
    for (const unit of ['fffe', 'ffff', 'fdd0', 'fdd8', 'fdef', 'd800', 'dbff', 'dfff']) {
      assert.equal(value(0x1e, unit), 'invalid BMPString', unit)
      assert.match(value(0x1e, unit, '1.24'), /^"/, unit)
    }
    for (const unit of ['fffd', 'fdcf', 'fdf0', 'd7ff', 'e000', '0001']) {
      assert.equal(value(0x1e, unit), JSON.stringify(String.fromCharCode(parseInt(unit, 16))), unit)
    }
  })

  it('values that are no strings, which 1.27 lets in if they are well formed', () => {
    const forms: readonly (readonly [number, string, string, string])[] = [
      [0x02, '07', '', 'invalid ASN.1 integer'],
      [0x03, '00ff', '08ff', 'invalid ASN.1 BIT STRING'],
      [0x06, '2a03', '2a83', 'invalid ASN.1 OBJECT IDENTIFIER'],
      [0x01, 'ff', '01', 'invalid ASN.1 BOOLEAN'],
      [0x17, '3237303630313132303030305a', '30', 'x509: malformed UTCTime'],
      [0x18, '32303237303630313132303030305a', '30', 'x509: malformed GeneralizedTime'],
    ]
    for (const [tag, good, bad, complaint] of forms) {
      const der = element(tag, hex(good)).toString('hex')
      assert.equal(value(tag, good), `2.5.4.3=#${der}`)
      assert.equal(value(tag, good, '1.26'), `unsupported string type: ${tag}`)
      assert.equal(value(tag, bad), complaint)
    }
    assert.equal(value(0x30, 'ff'), '2.5.4.3=#3001ff', 'anything else is not looked into')
  })

  it('names that are built wrongly', () => {
    const wrong = (subject: Buffer, by = '1.27'): string => parse(subject, by)
    assert.equal(wrong(sequence(nothing())), 'x509: invalid RDNSequence')
    assert.equal(wrong(sequence(set(nothing()))), 'x509: invalid RDNSequence: invalid attribute')
    assert.equal(wrong(sequence(set(sequence()))), 'x509: invalid RDNSequence: invalid attribute type')
    const bare = sequence(set(sequence(oid('2.5.4.3'))))
    assert.equal(wrong(bare), 'invalid ASN.1 element')
    assert.equal(wrong(bare, '1.26'), 'x509: invalid RDNSequence: invalid attribute value')
  })

  it('takes the last common name and the organizations that are strings', () => {
    const rdn = (type: string, der: Buffer): Buffer => set(sequence(oid(type), der))
    const subject = sequence(
      ...[rdn('2.5.4.3', text('a')), rdn('2.5.4.3', text('b')), rdn('2.5.4.3', integer(1))],
      ...[rdn('2.5.4.10', integer(2)), rdn('2.5.4.10', text('Corp'))],
    )
    const name = parseCertificate(encode({ subject, key })).subject
    assert.deepEqual([name.commonName, name.organization, name.empty], ['b', ['Corp'], false])
    assert.equal(name.text, 'O=Corp,2.5.4.10=#020102,2.5.4.3=#020101,CN=b,CN=a')
  })

  it('escapes as RFC 2253', () => {
    const written = (common: string): string =>
      parseCertificate(encode({ subject: sequence(set(sequence(oid('2.5.4.3'), text(common)))), key }))
        .subject.text
    assert.equal(written(' a,b+c"d\\e<f>g;h '), String.raw`CN=\ a\,b\+c\"d\\e\<f\>g\;h\ `)
    assert.equal(written('#a#b c'), String.raw`CN=\#a#b c`)
  })
})
