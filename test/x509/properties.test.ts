import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  CertPool,
  CertificateFileError,
  CertificateParseError,
  checkSentChain,
  encodePem,
  newestGo,
  parseCertificate,
  readCertificates,
  readPool,
  tryParseCertificate,
  verify,
  type VerifyResult,
} from '../../src/x509/index.ts'
import { dnsQuery } from '../../src/x509/constraint-sets.ts'
import { parseUri } from '../../src/x509/uri.ts'
import { dns, ecKey, extension, family, go, ip, issue, mail, noon, uri } from './pki.ts'

const { root, intermediate, leaf } = family()
const stranger = family()
const crossed = issue({ subject: 'Corp Root', key: root.key, extensions: [extension.ca()] }, stranger.root)
const sendable = [intermediate, root, crossed, stranger.leaf, stranger.intermediate, leaf]
const version = fc.constantFrom('1.17', '1.19.8', '1.22', '1.24.4', '1.25.9', '1.26', '1.27')

function judge(sent: readonly (typeof root)[], go27 = '1.27'): VerifyResult {
  return verify(leaf.certificate, {
    at: noon,
    host: 'registry.example',
    roots: CertPool.of(root.certificate),
    intermediates: CertPool.of(...sent.map((issued) => issued.certificate)),
    go: go(go27),
  })
}

/** A certificate with a bit of everything, for the mutations to bite on. */
const rich = issue({
  subject: 'Rich',
  key: ecKey(),
  extensions: [
    extension.ca(2),
    extension.names(dns('a.example'), ip(192, 0, 2, 1), mail('a@b.example'), uri('https://c.example/x')),
    extension.usages('1.3.6.1.5.5.7.3.1', '1.2.3.4'),
    extension.constraints([dns('example')], [ip(10, 0, 0, 0, 255, 0, 0, 0), mail('x.example')]),
    extension.policies('1.2.3.4'),
    extension.subjectKey('0102'),
    extension.authorityKey('0102'),
    extension.keyUsage(0x06, 1),
  ],
})

/** Some octets of a good certificate replaced, cut or repeated. */
const damaged = fc
  .record({
    at: fc.nat(rich.der.length - 1),
    octet: fc.nat(255),
    cut: fc.option(fc.nat(rich.der.length)),
    again: fc.boolean(),
  })
  .map(({ at, octet, cut, again }) => {
    const copy = Buffer.from(rich.der)
    copy[at] = octet
    const short = cut === null ? copy : copy.subarray(0, cut)
    return again ? Buffer.concat([short, copy.subarray(at)]) : short
  })

describe('properties of the verdict', function () {
  this.timeout(60_000)
  it('neither order nor repetition of what was sent matters', () => {
    const mix = fc.array(fc.constantFrom(...sendable), { maxLength: 12 })
    fc.assert(
      fc.property(mix, version, (others, text) => {
        const complete = judge([intermediate, ...others], text)
        const reversed = judge([...others.toReversed(), intermediate, ...others], text)
        assert.equal(complete.ok, true)
        assert.equal(reversed.ok, true)
        const without = others.filter((issued) => issued !== intermediate)
        const first = judge(without, text)
        const second = judge([...without, ...without.toReversed()], text)
        assert.deepEqual(first, second)
        assert.equal(first.ok, false)
      }),
    )
  })

  it('is total on damaged certificates, in every role', () => {
    fc.assert(
      fc.property(damaged, version, (der, text) => {
        const found = tryParseCertificate(der, go(text))
        if (found instanceof CertificateParseError) return
        const pools = {
          roots: CertPool.of(found, root.certificate),
          intermediates: CertPool.of(found, rich.certificate),
        }
        for (const subject of [found, rich.certificate, leaf.certificate]) {
          const result = verify(subject, { at: noon, host: 'a.example', ...pools, go: go(text) })
          if (!result.ok) assert.notEqual(result.error.message, '')
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('properties of the readers', function () {
  this.timeout(60_000)
  it('parse or refuse arbitrary octets, with no other exception', () => {
    const octets = fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged)
    fc.assert(
      fc.property(octets, version, (der, text) => {
        try {
          parseCertificate(der, go(text))
        } catch (error) {
          assert.ok(error instanceof CertificateParseError)
          assert.notEqual(error.message, '')
        }
        checkSentChain([leaf.der, der], go(text))
      }),
      { numRuns: 1000 },
    )
  })

  it('read any file as PEM, and account for every block', () => {
    const piece = fc.oneof(
      fc.constant(encodePem(root.der)),
      fc.constantFrom(
        '-----BEGIN CERTIFICATE-----',
        '-----END CERTIFICATE-----',
        '\n',
        ' ',
        '\r\n',
        'a: b\n',
        '=',
      ),
      fc.string(),
      fc.base64String(),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), version, (pieces, text) => {
        const bytes = Buffer.from(pieces.join(''))
        const { certificates, ignored } = readPool(bytes, go(text))
        if (certificates.length === 0) assert.notEqual(ignored.length, 0)
        const newest = readPool(bytes).certificates
        assert.equal(CertPool.fromPem(bytes).size, newest.length > 0 ? 1 : 0)
      }),
    )
  })

  it('read back what encodePem wrote', () => {
    fc.assert(
      fc.property(fc.constantFrom(...sendable), fc.string(), (issued, junk) => {
        const text = `${junk.replaceAll('-', '')}\n${encodePem(issued.der)}`
        assert.deepEqual(
          readPool(Buffer.from(text)).certificates.map((certificate) => certificate.sha256),
          [issued.certificate.sha256],
        )
      }),
    )
  })

  it('read a file that a person names, or say why not', async () => {
    const file = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      damaged,
      fc.string().map((text) => Buffer.from(text)),
    )
    await fc.assert(
      fc.asyncProperty(file, async (bytes) => {
        const outcome: unknown = await readCertificates(bytes).catch((error: unknown) => error)
        assert.ok(Array.isArray(outcome) || outcome instanceof CertificateFileError)
      }),
    )
  })

  it('find the constraint that a plain look at every one finds', () => {
    const label = fc.constantFrom('a', 'b', 'a-a', 'B', 'com')
    const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
    const constraint = fc.tuple(fc.constantFrom('', '.'), name).map((parts) => parts.join(''))
    const covers = (by: string, host: string): boolean =>
      by.startsWith('.') ? host.endsWith(by) : host === by || host.endsWith(`.${by}`)
    fc.assert(
      fc.property(fc.array(constraint, { minLength: 1, maxLength: 6 }), name, (constraints, host) => {
        const found = dnsQuery(constraints, true, newestGo)?.(host)
        const plain = constraints.some((by) => covers(by.toLowerCase(), host.toLowerCase()))
        assert.equal(found !== undefined, plain)
      }),
      { numRuns: 2000 },
    )
  })

  it('take URIs apart or refuse them', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
        const parsed = parseUri(text)
        if (typeof parsed === 'string') assert.match(parsed, /^parse "/)
      }),
    )
    fc.assert(fc.property(fc.webUrl(), (text) => typeof parseUri(text) === 'object'))
  })
})
