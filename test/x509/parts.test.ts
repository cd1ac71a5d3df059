import assert from 'node:assert/strict'
import { goAtLeast, newestGo, parseGoVersion } from '../../src/x509/index.ts'
import { DerReader, oidText, rightAlign } from '../../src/x509/der.ts'
import { parseMailbox } from '../../src/x509/domain.ts'
import { goHasFix } from '../../src/x509/go-version.ts'
import { quote, quoteBytes } from '../../src/x509/go-text.ts'
import { ipText, networkText, parseIp } from '../../src/x509/ip.ts'
import { parseUri, uriHostname } from '../../src/x509/uri.ts'
import { policyA, policyB, policyChain } from './policy-pki.ts'
import { policiesValid } from '../../src/x509/policies.ts'
import { go } from './pki.ts'

describe('parseGoVersion', () => {
  it('reads what daemons and people write', () => {
    assert.deepEqual(parseGoVersion('go1.19.8'), { major: 1, minor: 19, patch: 8, text: 'go1.19.8' })
    assert.deepEqual(parseGoVersion('1.26'), { major: 1, minor: 26, text: 'go1.26' })
    assert.equal(parseGoVersion('go1.26.7 X:boringcrypto')?.patch, 7)
    assert.equal(parseGoVersion('go1.27rc1')?.minor, 27)
    assert.equal(parseGoVersion('devel go1.28-abcdef Tue')?.minor, 28)
    for (const odd of ['', 'go2.1', 'go1', '1.2.3.4', 'latest']) assert.equal(parseGoVersion(odd), undefined)
  })

  it('orders versions, and takes a missing patch for the last', () => {
    assert.equal(goAtLeast(go('1.24'), 24, 11), true)
    assert.equal(goAtLeast(go('1.24.10'), 24, 11), false)
    assert.equal(goAtLeast(newestGo, 26), true)
    const fixed = (version: string): boolean => goHasFix(go(version), '24.11', '25.5')
    assert.deepEqual(['1.23.12', '1.24.10', '1.24.11', '1.25.4', '1.25.5', '1.26.0'].map(fixed), [
      false,
      false,
      true,
      false,
      true,
      true,
    ])
  })
})

describe('DerReader', () => {
  const reader = (hex: string): DerReader => new DerReader(Buffer.from(hex, 'hex'))

  it('takes minimal lengths of up to four octets only', () => {
    assert.equal(reader('0401ff').any()?.content.length, 1)
    for (const bad of ['04', '0402ff', '048101ff', '0480', '0485000000000100', '1f0100', '04820001ff']) {
      assert.equal(reader(bad).any(), undefined, bad)
    }
    const long = Buffer.concat([Buffer.from('048180', 'hex'), Buffer.alloc(128)])
    assert.equal(new DerReader(long).read(4)?.length, 128)
  })

  it('reads booleans, integers and bit strings as strictly as cryptobyte', () => {
    assert.equal(reader('0101ff').boolean(), true)
    assert.equal(reader('010100').boolean(), false)
    assert.equal(reader('010101').boolean(), undefined)
    assert.equal(reader('020180').int64(), -128n)
    assert.equal(reader('02020080').int64(), 128n)
    for (const bad of ['0200', '02020001', '0202ff80', '0209010000000000000000']) {
      assert.equal(reader(bad).int64(), undefined, bad)
    }
    assert.equal(reader('030201fe').bitString()?.unused, 1)
    for (const bad of ['0300', '030101', '030208ff', '030201ff'])
      assert.equal(reader(bad).bitString(), undefined, bad)
    assert.deepEqual(rightAlign({ bytes: Buffer.from('01f0', 'hex'), unused: 4 }), Buffer.from('001f', 'hex'))
  })

  it('reads OIDs within 31 bits a component', () => {
    assert.equal(reader('0603550403').oid(), '2.5.4.3')
    assert.equal(reader('06028837').oid(), '2.999')
    assert.equal(reader('0605878080807f').oid(), '2.1879048239')
    for (const bad of ['0600', '0602802a', '060188', '060688808080807f'])
      assert.equal(reader(bad).oid(), undefined, bad)
    assert.equal(oidText(Buffer.from('2a88808080807f', 'hex')), '1.2.274877907071')
    assert.equal(reader('060480550403').oid(true), '2.5.4.3')
    assert.equal(reader('06088080808080550403').oid(true), undefined)
  })
})

describe('Go texts', () => {
  it('quotes as strconv.Quote', () => {
    assert.equal(quote('Käse "x" \\ 漢\u{1f512}'), '"Käse \\"x\\" \\\\ 漢\u{1f512}"')
    assert.equal(
      quote('\u0007\b\f\n\r\t\v\u0001\u007f\u200b\u{e0001}'),
      String.raw`"\a\b\f\n\r\t\v\x01\x7f\u200b\U000e0001"`,
    )
    assert.equal(quoteBytes(Buffer.from([0x61, 0xff, 0xc3, 0xa4, 0xe2, 0x82])), String.raw`"a\xffä\xe2\x82"`)
  })

  it('reads and writes addresses as net.IP', () => {
    const round = (text: string): string | undefined => {
      const ip = parseIp(text)
      return ip === undefined ? undefined : ipText(ip)
    }
    const texts = {
      '192.0.2.1': '192.0.2.1',
      '2001:DB8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
      '::': '::',
      '1::': '1::',
      '::ffff:10.0.0.1': '10.0.0.1',
      '1:2:3:4:5:6:7:8': '1:2:3:4:5:6:7:8',
      '1:2:3:4:5:6:7::': '1:2:3:4:5:6:7:0',
    }
    for (const [text, expected] of Object.entries(texts)) assert.equal(round(text), expected)
    for (const bad of [
      '',
      '1.2.3',
      '01.2.3.4',
      '1.2.3.256',
      ':',
      ':::',
      '1:2',
      '1::2::3',
      '1:2:3:4:5:6:7:8:9',
      'fe80::1%eth0',
      '12345::',
      '1:2:3:4:5:6:7::8',
    ]) {
      assert.equal(round(bad), undefined, bad)
    }
    assert.equal(
      networkText({
        ip: Buffer.from('00000000000000000000ffff0a000000', 'hex'),
        mask: Buffer.alloc(16, 255),
      }),
      '10.0.0.0/32',
    )
    assert.equal(
      networkText({ ip: Buffer.from([10, 0, 0, 0]), mask: Buffer.from([255, 128, 0, 0]) }),
      '10.0.0.0/9',
    )
  })

  it('refuses URIs in the words of net/url', () => {
    const reasons = {
      ':x': 'missing protocol scheme',
      'a:b': undefined,
      '1a:b/c': 'first path segment in URL cannot contain colon',
      'http://[::1': "missing ']' in host",
      'http://h:x/': 'invalid port ":x" after host',
      'http://[::1]x/': 'invalid port "x" after host',
      'http://h/%zz': 'invalid URL escape "%zz"',
      'http://h/#%': 'invalid URL escape "%"',
      'http://a%41/': 'invalid URL escape "%41"',
      'http://u ser@h/': 'net/url: invalid userinfo',
      'http://h/\u007f': 'net/url: invalid control character in URL',
      '*': undefined,
      '/path': undefined,
      '///x': undefined,
    }
    for (const [text, reason] of Object.entries(reasons)) {
      const parsed = parseUri(text)
      if (reason === undefined) assert.equal(typeof parsed, 'object', text)
      else assert.equal(parsed, `parse ${quote(text)}: ${reason}`)
    }
    assert.deepEqual(parseUri('HTTPS://user:pw@Host.example:1?q#f'), {
      scheme: 'https',
      host: 'Host.example:1',
    })
    assert.deepEqual(uriHostname('[::1]:443'), { name: '::1' })
    assert.deepEqual(uriHostname('a:b:443'), { error: 'address a:b:443: too many colons in address' })
  })

  it('reads mailboxes as RFC 2821 and Go have them', () => {
    const read = (text: string): string | undefined => parseMailbox(text, newestGo)?.local
    assert.equal(read('a.b@example.com'), 'a.b')
    assert.equal(read('"a b\\"c"@example.com'), 'a b"c')
    assert.equal(read('a\\@b@example.com'), 'a@b')
    for (const bad of [
      '',
      'a',
      '@b',
      '.a@b',
      'a.@b',
      'a..b@c',
      '"a@b',
      '"a\nb"@c',
      'a@b..c',
      'a@b@c',
      'a\\',
    ]) {
      assert.equal(read(bad), undefined, bad)
    }
    assert.equal(parseMailbox('a@b@c', go('1.26.10'))?.domain, 'b@c')
  })
})

describe('policies (RFC 9618)', () => {
  it('hold when the leaf has a policy that the intermediate insists on', () => {
    const verdict = (...offered: readonly string[]): boolean => {
      const { root, intermediate, leaf } = policyChain(...offered)
      return policiesValid([leaf, intermediate, root])
    }
    assert.equal(verdict(policyA), true)
    assert.equal(verdict(policyA, policyB), true)
    assert.equal(verdict(policyB), false)
    assert.equal(verdict('2.5.29.32.0'), true)
  })
})
