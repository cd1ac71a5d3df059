import assert from 'node:assert/strict'
import { verifyHostname } from '../../src/x509/index.ts'
import { dns, ecKey, extension, go, ip, issue } from './pki.ts'

const key = ecKey()
const withNames = (...names: readonly Buffer[]) =>
  issue({ subject: 'common.example', key, extensions: [extension.names(...names)] }).certificate
const bare = issue({ subject: 'common.example', key }).certificate

function text(certificate: ReturnType<typeof withNames>, host: string, version = '1.27'): string {
  return verifyHostname(certificate, host, go(version))?.message ?? 'fits'
}

describe('verifyHostname', () => {
  const names = withNames(dns('Registry.example'), dns('*.wild.example'), dns('under_score.example'))

  it('compares without regard to case, and forgives one trailing dot of the host', () => {
    for (const host of ['registry.example', 'REGISTRY.example', 'registry.example.', 'under_score.example']) {
      assert.equal(text(names, host), 'fits')
    }
    assert.equal(text(withNames(dns('registry.example.')), 'registry.example.'), 'fits')
    assert.notEqual(text(withNames(dns('registry.example.')), 'registry.example'), 'fits')
  })

  it('lets a wildcard stand for one whole label at the left', () => {
    assert.equal(text(names, 'a.wild.example'), 'fits')
    assert.notEqual(text(names, 'wild.example'), 'fits')
    assert.notEqual(text(names, 'a.b.wild.example'), 'fits')
    assert.notEqual(text(withNames(dns('w*.wild.example')), 'wa.wild.example'), 'fits')
    assert.notEqual(text(withNames(dns('a.*.example')), 'a.b.example'), 'fits')
    assert.equal(text(withNames(dns('*')), 'com'), 'x509: certificate is valid for *, not com')
    assert.equal(text(withNames(dns('*')), 'com', '1.22'), 'fits')
  })

  it('lists the names it found', () => {
    const listed = 'Registry.example, *.wild.example, under_score.example'
    assert.equal(text(names, 'other.example'), `x509: certificate is valid for ${listed}, not other.example`)
    assert.equal(verifyHostname(names, 'other.example')?.kind, 'name-mismatch')
  })

  it('ignores the common name, and says so by version', () => {
    const legacy = 'x509: certificate relies on legacy Common Name field, use SANs'
    assert.equal(text(bare, 'common.example'), `${legacy} instead`)
    assert.equal(
      text(bare, 'common.example', '1.16'),
      `${legacy} or temporarily enable Common Name matching with GODEBUG=x509ignoreCN=0`,
    )
    assert.equal(text(bare, 'common.example', '1.14'), 'fits')
    assert.equal(verifyHostname(bare, 'common.example')?.kind, 'no-san')
    assert.equal(
      text(bare, 'other.example'),
      'x509: certificate is not valid for any names, but wanted to match other.example',
    )
  })

  it('matches addresses with IP names only', () => {
    const four = withNames(ip(192, 0, 2, 1), dns('192.0.2.9'))
    assert.equal(text(four, '192.0.2.1'), 'fits')
    assert.equal(text(four, '[192.0.2.1]'), 'fits')
    assert.equal(text(four, '192.0.2.9'), 'x509: certificate is valid for 192.0.2.1, not 192.0.2.9')
    assert.equal(
      text(names, '127.0.0.1'),
      "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
    )
    const six = withNames(ip(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))
    assert.equal(text(six, '[2001:db8::1]'), 'fits')
    assert.equal(text(six, '2001:DB8:0:0::2'), 'x509: certificate is valid for 2001:db8::1, not 2001:db8::2')
    assert.equal(
      text(six, '2001:DB8:0:0::2', '1.26'),
      'x509: certificate is valid for 2001:db8::1, not 2001:DB8:0:0::2',
    )
    assert.equal(text(six, '2001:db8::1%eth0'), 'fits')
  })

  it('counts long lists instead of printing them, since CVE-2025-61729', () => {
    const many = withNames(...Array.from({ length: 100 }, (_, index) => dns(`h${index}.example`)))
    const counted = 'x509: certificate is valid for 100 names, but none matched other.example'
    for (const version of ['1.27', '1.25.5', '1.24.11'])
      assert.equal(text(many, 'other.example', version), counted)
    for (const version of ['1.25.4', '1.24.10', '1.23']) {
      assert.match(text(many, 'other.example', version), /^x509: certificate is valid for h0\.example, h1/)
    }
  })
})
