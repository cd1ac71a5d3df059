import assert from 'node:assert/strict'
import { CertPool, verify } from '../../src/x509/index.ts'
import { context } from './der-writer.ts'
import { dns, ecKey, extension, go, ip, issue, mail, noon, uri } from './pki.ts'

const rootKey = ecKey()
const leafKey = ecKey()
const prefix = 'x509: a root or intermediate certificate is not authorized to sign for this name: '

interface Names {
  readonly permitted?: readonly Buffer[]
  readonly excluded?: readonly Buffer[]
  readonly names: readonly Buffer[]
}

/** The verdict of a Go on a leaf with these names below a root with these constraints. */
function verdict({ permitted = [], excluded = [], names }: Names, version: string): string {
  const constrained = [extension.ca(), extension.constraints(permitted, excluded)]
  const root = issue({ subject: 'Constrained', key: rootKey, extensions: constrained })
  const leaf = issue({ subject: 'leaf', key: leafKey, extensions: [extension.names(...names)] }, root)
  const result = verify(leaf.certificate, {
    at: noon,
    roots: CertPool.of(root.certificate),
    intermediates: new CertPool(),
    go: go(version),
  })
  return result.ok ? 'fits' : result.error.message
}

const versions = ['1.19', '1.24.4', '1.25', '1.26', '1.27']

function everywhere(names: Names, expected: string): void {
  for (const version of versions) assert.equal(verdict(names, version), expected, version)
}

describe('name constraints', () => {
  it('permit a domain and what is below it, in any case', () => {
    const permitted = [dns('Example.com')]
    everywhere({ permitted, names: [dns('example.com'), dns('a.EXAMPLE.com')] }, 'fits')
    const refused = `${prefix}DNS name "badexample.com" is not permitted by any constraint`
    everywhere({ permitted, names: [dns('badexample.com')] }, refused)
  })

  it('take a leading period for subdomains only, and an empty constraint for all', () => {
    const refused = `${prefix}DNS name "example.com" is not permitted by any constraint`
    everywhere({ permitted: [dns('.example.com')], names: [dns('example.com')] }, refused)
    everywhere({ permitted: [dns('.example.com')], names: [dns('a.example.com')] }, 'fits')
    everywhere({ permitted: [dns('')], names: [dns('anything.example')] }, 'fits')
    everywhere(
      { excluded: [dns('')], names: [dns('x.example')] },
      `${prefix}DNS name "x.example" is excluded by constraint ""`,
    )
  })

  it('sort a period before a hyphen, as the pruning since 1.26 needs it', () => {
    const permitted = [dns('a.com'), dns('a.a.com'), dns('a-a.com')]
    everywhere({ permitted, names: [dns('x.a.a.com'), dns('x.a-a.com'), dns('a.com')] }, 'fits')
  })

  it('hold addresses against networks', () => {
    const networks = [ip(10, 0, 0, 0, 255, 0, 0, 0), ip(192, 0, 2, 0, 255, 255, 255, 0)]
    everywhere({ permitted: networks, names: [ip(10, 200, 0, 1), ip(192, 0, 2, 77)] }, 'fits')
    const refused = `${prefix}IP address "11.0.0.1" is not permitted by any constraint`
    everywhere({ permitted: networks, names: [ip(11, 0, 0, 1)] }, refused)
    const excluded = `${prefix}IP address "192.0.2.77" is excluded by constraint "192.0.2.0/24"`
    everywhere({ excluded: networks, names: [ip(192, 0, 2, 77)] }, excluded)
    everywhere({ permitted: networks, names: [dns('free.example')] }, 'fits')
  })

  it('hold mailboxes against mailboxes and domains', () => {
    const permitted = [mail('ops@corp.example'), mail('dev.example')]
    everywhere(
      { permitted, names: [mail('ops@CORP.example'), mail('any@dev.example'), mail('any@a.dev.example')] },
      'fits',
    )
    const refused = `${prefix}email address "x@corp.example" is not permitted by any constraint`
    everywhere({ permitted, names: [mail('x@corp.example')] }, refused)
    const odd = { permitted, names: [mail('nonsense')] }
    assert.equal(verdict(odd, '1.25'), 'x509: cannot parse rfc822Name {"" ""}')
    assert.equal(verdict(odd, '1.27'), `${prefix}cannot parse rfc822Name "nonsense"`)
  })

  it('hold the hosts of URIs against domains, and want one', () => {
    const permitted = [uri('corp.example')]
    everywhere({ permitted, names: [uri('https://corp.example:8443/x')] }, 'fits')
    const refused = `${prefix}URI "https://other.example/" is not permitted by any constraint`
    everywhere({ permitted, names: [uri('https://other.example/')] }, refused)
    const address = `${prefix}URI with IP ("https://10.0.0.1/") cannot be matched against constraints`
    everywhere({ permitted, names: [uri('https://10.0.0.1/')] }, address)
    const empty = `${prefix}URI with empty host ("urn:x") cannot be matched against constraints`
    everywhere({ permitted, names: [uri('urn:x')] }, empty)
  })

  it('look at what is excluded first up to 1.25, at addresses and what is permitted since', () => {
    const both = {
      permitted: [dns('corp.example'), ip(10, 0, 0, 0, 255, 0, 0, 0)],
      excluded: [dns('other.example')],
      names: [dns('other.example'), ip(11, 0, 0, 1)],
    }
    const older = `${prefix}DNS name "other.example" is excluded by constraint "other.example"`
    assert.equal(verdict(both, '1.25'), older)
    assert.equal(verdict(both, '1.26'), `${prefix}IP address "11.0.0.1" is not permitted by any constraint`)
  })

  it('let a wildcard not slip past an exclusion, since CVE-2025-61727', () => {
    const wildcard = { excluded: [dns('Bar.example.com')], names: [dns('*.example.com')] }
    for (const version of ['1.24.10', '1.25.4', '1.23'])
      assert.equal(verdict(wildcard, version), 'fits', version)
    for (const version of ['1.24.11', '1.25.5', '1.26.2', '1.27']) {
      assert.match(
        verdict(wildcard, version),
        /DNS name "\*\.example\.com" is excluded by constraint/,
        version,
      )
    }
  })

  it('cannot be read when a name is no domain', () => {
    const odd = { permitted: [dns('example.com')], names: [dns('.example.com')] }
    assert.equal(verdict(odd, '1.24.4'), 'x509: cannot parse dnsName ".example.com"')
    assert.equal(verdict(odd, '1.27'), `${prefix}x509: cannot parse dnsName ".example.com"`)
    assert.equal(verdict(odd, '1.19'), 'fits')
  })

  it('of a form that Go does not check make the certificate unusable', () => {
    const directory = { permitted: [context(4, Buffer.from([0x30, 0]))], names: [dns('a.example')] }
    everywhere(directory, 'x509: unhandled critical extension')
  })

  it('give up on products of names and constraints up to 1.25, not since', () => {
    const flood = {
      excluded: Array.from({ length: 600 }, (_, index) => dns(`x${index}.example`)),
      names: Array.from({ length: 600 }, (_, index) => dns(`y${index}.example`)),
    }
    assert.equal(verdict(flood, '1.25'), 'x509: unknown error')
    assert.equal(verdict(flood, '1.27'), 'fits')
  })
})
