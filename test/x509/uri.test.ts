import assert from 'node:assert/strict'
import { parseUri } from '../../src/x509/uri.ts'
import { go } from './pki.ts'

// What mutations showed to be held by the comparison with real Go alone.

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
