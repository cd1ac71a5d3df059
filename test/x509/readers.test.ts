import assert from 'node:assert/strict'
import {
  CertificateParseError,
  encodePem,
  newestGo,
  parseCertificate,
  readPool,
} from '../../src/x509/index.ts'
import { DerReader, oidText, rightAlign, signedInteger } from '../../src/x509/der.ts'
import { domainNameValid, parseMailbox, reverseLabels } from '../../src/x509/domain.ts'
import { quote, quoteBytes } from '../../src/x509/go-text.ts'
import { ipText, networkContains, networkText, parseIp } from '../../src/x509/ip.ts'
import { readPem } from '../../src/x509/pem.ts'
import { readTime } from '../../src/x509/time.ts'
import { parseUri } from '../../src/x509/uri.ts'
import { bits, element, integer, nothing, oid, sequence, set, text } from './der-writer.ts'
import { dns, ecKey, encode, go, uri } from './pki.ts'

// What mutations of the readers showed to be held by the comparison with real Go alone.

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

describe('PEM', () => {
  const block = (content: string): string => `-----BEGIN X-----\n${content}\n-----END X-----\n`
  const read = (content: string, by = newestGo): readonly string[] =>
    [...readPem(Buffer.from(content), by)].map(({ bytes }) => bytes.toString('hex'))

  it('base64 with its padding where it belongs', () => {
    const good = {
      AAAA: '000000',
      'AA==': '00',
      'AAA=': '0000',
      'AA=\n=': '00',
      'A A\tA\r\nA': '000000',
      '': '',
    }
    for (const [content, expected] of Object.entries(good)) assert.deepEqual(read(block(content)), [expected])
    for (const bad of [
      'AAA',
      'A===',
      '====',
      'AA==AAAA',
      'AAA=AAA=',
      'AAAA====',
      '=AAA',
      'AA-_',
      '*AAA',
      'AAA*',
    ]) {
      for (const by of [newestGo, go('1.24.7')]) assert.deepEqual(read(block(bad), by), [], bad)
    }
  })

  it('goes on after a BEGIN line without its dashes, and after an END line of another label', () => {
    for (const by of [newestGo, go('1.24.7')]) {
      assert.deepEqual(read(`-----BEGIN X----\nAAAA\n-----END X-----\n${block('AAAA')}`, by), ['000000'])
      assert.deepEqual(read(`-----BEGIN X-----\nAAAA\n-----END Y-----\n${block('AA==')}`, by), ['00'])
      assert.deepEqual(read('-----BEGIN X-----\nAAAA\n-----END X----\n', by), [])
    }
  })

  it('counts the lines of a block from the start of the file', () => {
    const lines = [...readPem(Buffer.from(`a\n\n${block('AAAA')}b\n${block('AAAA')}`))].map(
      ({ line }) => line,
    )
    assert.deepEqual(lines, [3, 7])
  })

  it('writes lines of 64 columns', () => {
    const [, first, second] = encodePem(Buffer.alloc(49)).split('\n')
    assert.deepEqual([first?.length, second?.length], [64, 4])
    assert.equal(encodePem(Buffer.alloc(0)), '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n')
  })

  it('says what is wrong with a file in the order of its lines', () => {
    const issues = (content: string | Buffer): readonly string[] =>
      readPool(Buffer.from(content)).ignored.map(({ line, reason }) => `${line} ${reason}`)
    const stray = ' -----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    assert.deepEqual(issues(stray + block('AAAA') + stray), [
      '1 indented',
      '4 not-certificate-label',
      '7 indented',
    ])
    assert.deepEqual(issues(`\u{feff}x${stray.trimStart()}`), ['1 glued'])
    assert.deepEqual(issues('0hello'), ['1 not-pem'])
    assert.deepEqual(issues(Buffer.from([0x41, 0x82])), ['1 not-pem'])
    assert.deepEqual(issues(Buffer.from([0x30, 0x80])), ['1 der'])
  })
})

describe('addresses', () => {
  it('an IPv4 inside an IPv6 stands at its end only', () => {
    const round = (address: string): string | undefined => {
      const ip = parseIp(address)
      return ip && ipText(ip)
    }
    assert.equal(round('1:2:3:4:5:6:1.2.3.4'), '1:2:3:4:5:6:102:304')
    assert.equal(round('::1.2.3.4'), '::102:304')
    for (const bad of [
      '1.2.3.4::',
      '::1.2.3.4:5',
      '1:2:3:4:5:6:7:1.2.3.4',
      '1.2.3.4:1:2:3:4:5:6',
      '::01.2.3.4',
    ]) {
      assert.equal(round(bad), undefined, bad)
    }
    assert.equal(round('1:0:0:2:0:0:0:3'), '1:0:0:2::3', 'the longest run of zeros')
    assert.equal(ipText(hex('010203')), '?010203')
  })

  it('a network is of one family', () => {
    const all = { ip: Buffer.alloc(4), mask: Buffer.alloc(4) }
    assert.equal(networkContains(all, hex('0a000001')), true)
    assert.equal(networkContains(all, Buffer.alloc(16)), false)
    const mask = Buffer.concat([Buffer.alloc(4, 255), Buffer.alloc(12)])
    assert.equal(networkText({ ip: hex(`20010db8${'00'.repeat(12)}`), mask }), '2001:db8::/32')
  })
})

describe('domains and mailboxes', () => {
  it('are of printable ASCII, with a period in front for constraints', () => {
    const verdicts: readonly (readonly [string, boolean, boolean])[] = [
      ['', true, true],
      ['a.b', true, true],
      ['.a', false, true],
      ['..a', false, false],
      ['a.', false, false],
      ['a b', false, false],
      ['é', false, false],
      ['aé', false, false],
    ]
    for (const [domain, name, constraint] of verdicts) {
      assert.deepEqual(
        [domainNameValid(domain, false), domainNameValid(domain, true)],
        [name, constraint],
        domain,
      )
    }
    assert.deepEqual(reverseLabels('', newestGo), [])
    assert.deepEqual(reverseLabels('a.b', newestGo), ['b', 'a'])
    assert.deepEqual(reverseLabels('.a', go('1.22')), ['a'])
    for (const bad of ['.a', 'a..b', 'a b', ' a', 'a '])
      assert.equal(reverseLabels(bad, newestGo), undefined, bad)
  })

  it('quoted local parts', () => {
    const local = (written: string): string | undefined => parseMailbox(`${written}@c`, newestGo)?.local
    assert.equal(local('"a\u0001\u007f"'), 'a\u0001\u007f')
    assert.equal(local('"a\\\\\\\t"'), 'a\\\t')
    for (const bad of [
      '"a\t"',
      '"\0"',
      '"\u0080"',
      '"\r"',
      '"\n"',
      '"a\\\n"',
      '"a\\\r"',
      '"a\\\0"',
      '"a\\',
      '"',
    ]) {
      assert.equal(local(bad), undefined, JSON.stringify(bad))
    }
  })
})

describe('quoting', () => {
  it('of the rims of what is printable', () => {
    assert.equal(quote('\uffff\u{10ffff} ~'), String.raw`"\uffff\U0010ffff ~"`)
    assert.equal(quoteBytes(Buffer.alloc(0)), '""')
    assert.equal(quoteBytes(Buffer.from('a😀')), '"a😀"')
    assert.equal(quoteBytes(hex('c280c1bf80f09f98')), String.raw`"\u0080\xc1\xbf\x80\xf0\x9f\x98"`)
  })
})

describe('URIs', () => {
  const read = (uri: string, by = '1.27'): string => {
    const parsed = parseUri(uri, go(by))
    return typeof parsed === 'string'
      ? parsed.replace(/^parse ".*?": /, '')
      : `${parsed.scheme} ${parsed.host}`
  }

  it('the host without fragment, query, user and path', () => {
    const hosts = {
      'http://h#f': 'http h',
      '#f': ' ',
      'http://h?x=%zz': 'http h',
      'mailto:a:b': 'mailto ',
      'a/b:c': ' ',
      '//h/p': ' h',
      'file:///x': 'file ',
      '///x': ' ',
      'http://@h/': 'http h',
      'http://a@b@h/': 'http h',
      'http://[::1]/': 'http [::1]',
      'http://[::1]:443/': 'http [::1]:443',
      'http://h:/': 'http h:',
      'http://[fe80::1%25en%200]/': 'http [fe80::1%en 0]',
    }
    for (const [uri, host] of Object.entries(hosts)) assert.equal(read(uri), host, uri)
    const wrong = {
      'x%zz': 'invalid URL escape "%zz"',
      'http://u%zz@h/': 'invalid URL escape "%zz"',
      'http://h/\u0001': 'net/url: invalid control character in URL',
      'http://[::1]:4x/': 'invalid port ":4x" after host',
      'http://a b%zz/': 'invalid character " " in host name',
      'http://a%zz b/': 'invalid URL escape "%zz"',
      'http://a%/': 'invalid URL escape "%"',
    }
    for (const [uri, complaint] of Object.entries(wrong)) assert.equal(read(uri), complaint, uri)
  })

  it('brackets hold an IPv6 address, since 1.24.8 and 1.25.2, and come first, since 1.25.8 and 1.26.1', () => {
    const invalid = (address: string, why: string): string => `invalid host: ParseAddr("${address}"): ${why}`
    const inside = {
      '': 'unable to parse IP',
      a: 'unable to parse IP',
      '%25x': 'missing IPv6 address',
      '::1%25': 'zone must be a non-empty string',
      '12345::': 'each group must have 4 or less digits (at "12345::")',
      ':1': 'each colon-separated field must have at least one digit (at ":1")',
      '1:2:3:4:5:1.2.3.4':
        'embedded IPv4 address must replace the final 2 fields of the address (at "1.2.3.4")',
      '::1:2:3:4:5:6:7:1.2.3.4':
        'too many hex fields to fit an embedded IPv4 at the end of the address (at "1.2.3.4")',
      '::1g': 'unexpected character, want colon (at "g")',
      '1:': 'colon must be followed by more characters (at ":")',
      '1::2::3': 'multiple :: in address (at ":3")',
      '1:2:3:4:5:6:7:8:9': 'trailing garbage after address (at "9")',
      '1:2': 'address string too short',
      '1:2:3:4:5:6:7::8': 'the :: must expand to at least one field of zeros',
      '::1.2.3.256': 'IPv4 field has value >255',
      '::1.2.3.04': 'IPv4 field has octet with leading zero',
      '::1..2.3': 'IPv4 field must have at least one digit (at ".2.3")',
      '::1.2.3.': 'IPv4 field must have at least one digit (at ".")',
      '1.2.3.4.5': 'IPv4 address too long',
      '1.2': 'IPv4 address too short',
      '1.2.3.a': 'unexpected character (at "a")',
    }
    for (const [address, why] of Object.entries(inside)) {
      assert.equal(read(`http://[${address}]/`), invalid(address.replace('%25', '%'), why), address)
      assert.equal(read(`http://[${address}]/`, '1.24.7'), `http [${address.replace('%25', '%')}]`, address)
    }
    assert.equal(read('http://[1.2.3.4]/'), 'invalid IP-literal')
    for (const good of ['::', '1::', '::1', '::ffff:1.2.3.4', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:1.2.3.4']) {
      assert.equal(read(`http://[${good}]/`), `http [${good}]`)
    }
    assert.equal(read('http://x[::1]/', '1.26.1'), 'invalid IP-literal')
    assert.equal(read('http://x[::1]/', '1.26.0'), 'http [::1]')
  })

  it('several colons are refused in web addresses since 1.26', () => {
    for (const uri of ['http://h:1:2/', 'HTTPS://h:1:2/']) {
      assert.equal(read(uri), 'invalid port ":1:2" after host', uri)
      assert.match(read(uri, '1.25'), /^https? h:1:2$/, uri)
    }
    assert.equal(read('ldap://h:1:2/'), 'ldap h:1:2')
    assert.equal(read('ldap://h:1:x/'), 'invalid port ":x" after host')
  })
})

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
