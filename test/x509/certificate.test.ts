import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { CertificateParseError, isSelfSigned, isSignedBy, parseCertificate } from '../../src/x509/index.ts'
import {
  bits,
  boolean,
  context,
  explicit,
  integer,
  nothing,
  octets,
  oid,
  sequence,
  set,
  text,
} from './der-writer.ts'
import {
  dns,
  ecKey,
  encode,
  extension,
  family,
  go,
  ip,
  issue,
  mail,
  rsaKey,
  rsaSha256,
  uri,
  yearAfter,
  type Field,
  type Recipe,
} from './pki.ts'

const key = ecKey()
const recipe: Recipe = { subject: 'leaf', key }

function refusal(der: Uint8Array, version = '1.27'): string {
  try {
    parseCertificate(der, go(version))
  } catch (error) {
    assert.ok(error instanceof CertificateParseError)
    return error.message
  }
  return 'accepted'
}

const withField = (field: Field): Buffer => encode({ ...recipe, extensions: [field] })

describe('parseCertificate: what it reads', () => {
  it('agrees with @peculiar/x509 on a certificate of that library', async () => {
    x509.cryptoProvider.set(globalThis.crypto)
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
    const keys = await globalThis.crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const theirs = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: '01ab',
      name: 'CN=Corp Root, O=Corp, C=DE',
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2027-01-01T00:00:00Z'),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 3, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: 'registry.example' },
          { type: 'ip', value: '192.0.2.7' },
          { type: 'email', value: 'ops@corp.example' },
          { type: 'url', value: 'https://corp.example/' },
        ]),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    })
    const ours = parseCertificate(new Uint8Array(theirs.rawData))
    assert.equal(ours.serialNumber, '01AB')
    assert.equal(ours.subject.text, 'C=DE,O=Corp,CN=Corp Root')
    assert.equal(ours.subject.commonName, 'Corp Root')
    assert.deepEqual(ours.notBefore, theirs.notBefore)
    assert.deepEqual(ours.notAfter, theirs.notAfter)
    assert.deepEqual(ours.dnsNames, ['registry.example'])
    assert.deepEqual(ours.ipAddresses, ['192.0.2.7'])
    assert.deepEqual(ours.emailAddresses, ['ops@corp.example'])
    assert.deepEqual(ours.uris, ['https://corp.example/'])
    assert.deepEqual(ours.keyUsage, ['keyCertSign', 'cRLSign'])
    assert.equal(ours.maxPathLen, 3)
    assert.equal(ours.subjectKeyId, theirs.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId)
    const thumbprint = Buffer.from(await theirs.getThumbprint('SHA-256'))
      .toString('hex')
      .toUpperCase()
    assert.equal(ours.sha256, thumbprint)
    assert.equal(isSelfSigned(ours), true)
  })

  it('reads names, fingerprints, AIA addresses and key kinds', () => {
    const aia = sequence(
      sequence(oid('1.3.6.1.5.5.7.48.2'), context(6, Buffer.from('http://ca.example/ca.crt'))),
      sequence(oid('1.3.6.1.5.5.7.48.1'), context(6, Buffer.from('http://ocsp.example'))),
    )
    const certificate = parseCertificate(withField({ oid: '1.3.6.1.5.5.7.1.1', value: aia }))
    assert.deepEqual(certificate.caIssuers, ['http://ca.example/ca.crt'])
    assert.deepEqual(certificate.ocspServers, ['http://ocsp.example'])
    assert.deepEqual(certificate.publicKey, { algorithm: 'ECDSA', bits: 256, curve: 'P-256' })
    assert.equal(certificate.signatureAlgorithm, 'ECDSA-SHA256')
    assert.equal(certificate.serialNumber, '1267')
    assert.equal(certificate.serialDecimal, '4711')
    const spki = createHash('sha256').update(key.spki).digest('hex').toUpperCase()
    assert.equal(certificate.spkiSha256, spki)
    const rsa = issue({ subject: 'rsa', key: rsaKey() }).certificate
    assert.equal(rsa.publicKey.bits, 2048)
    assert.equal(rsa.signatureAlgorithm, 'SHA256-RSA')
  })

  it('writes names as RFC 2253 has it', () => {
    const name = sequence(
      set(sequence(oid('2.5.4.6'), text('DE', 0x13))),
      set(sequence(oid('2.5.4.10'), text('Corp, Inc.'))),
      set(sequence(oid('2.5.4.3'), text('Käse')), sequence(oid('1.2.3.4'), text('x'))),
    )
    const { subject } = issue({ subject: name, key }).certificate
    assert.equal(subject.text, String.raw`CN=Käse+1.2.3.4=#0c0178,O=Corp\, Inc.,C=DE`)
    assert.deepEqual(subject.organization, ['Corp, Inc.'])
    assert.equal(issue({ subject: sequence(), key }).certificate.subject.empty, true)
  })

  it('tells who signed whom', () => {
    const { root, intermediate, leaf } = family()
    assert.equal(isSignedBy(leaf.certificate, intermediate.certificate), true)
    assert.equal(isSignedBy(leaf.certificate, root.certificate), false)
    assert.equal(isSelfSigned(root.certificate), true)
    assert.equal(isSelfSigned(leaf.certificate), false)
    const imposter = issue({ subject: 'Corp Root', key: ecKey() }, { name: root.name, key: root.key })
    assert.equal(isSelfSigned(imposter.certificate), false)
  })
})

describe("parseCertificate: what it refuses, in Go's words", () => {
  const good = encode(recipe)

  it('anything that is not one DER SEQUENCE', () => {
    assert.equal(refusal(Buffer.alloc(0)), 'x509: malformed certificate')
    assert.equal(refusal(good.subarray(0, -1)), 'x509: malformed certificate')
    assert.equal(refusal(Buffer.concat([good, Buffer.from([0])])), 'x509: trailing data')
    assert.equal(refusal(sequence()), 'x509: malformed tbs certificate')
    // Indefinite and padded lengths are BER.
    assert.equal(refusal(Buffer.from([0x30, 0x80, 0, 0])), 'x509: malformed certificate')
    assert.equal(refusal(Buffer.from([0x30, 0x81, 0x02, 0x30, 0x00])), 'x509: malformed certificate')
  })

  it('every certificate cut short, with a text and no other exception', () => {
    for (let length = 0; length < good.length; length++) {
      assert.match(refusal(good.subarray(0, length)), /^x509: /)
    }
  })

  it('versions beyond 3, negative serial numbers', () => {
    assert.equal(refusal(encode({ ...recipe, version: 4 })), 'x509: invalid version')
    assert.equal(refusal(encode({ ...recipe, version: 73 })), 'x509: invalid version')
    assert.equal(refusal(encode({ ...recipe, version: 0 })), 'x509: malformed version')
    assert.equal(refusal(encode({ ...recipe, serial: -1n })), 'x509: negative serial number')
    assert.equal(refusal(encode({ ...recipe, serial: -1n }), '1.22'), 'accepted')
    assert.equal(refusal(encode({ ...recipe, serial: 0n })), 'accepted')
  })

  it('two algorithm identifiers that differ', () => {
    const der = encode({ ...recipe, outerAlgorithm: rsaSha256 })
    assert.equal(refusal(der), "x509: inner and outer signature algorithm identifiers don't match")
  })

  it('times that are no times', () => {
    const strange = (value: string, tag: number): string =>
      refusal(encode({ ...recipe, notAfter: text(value, tag) }))
    assert.equal(strange('270601120000', 0x17), 'x509: malformed UTCTime')
    assert.equal(strange('270631120000Z', 0x17), 'x509: malformed UTCTime')
    assert.equal(strange('20270601120000.5Z', 0x18), 'x509: malformed GeneralizedTime')
    assert.equal(strange('20270601240000Z', 0x18), 'x509: malformed GeneralizedTime')
    assert.equal(strange('2027', 0x0c), 'x509: unsupported time format')
    assert.equal(strange('270601120000+0000', 0x17), 'x509: malformed UTCTime')
  })

  it('reads times of both centuries, without seconds, and with a zone', () => {
    const read = (value: string): string => {
      const certificate = parseCertificate(encode({ ...recipe, notAfter: text(value, 0x17) }))
      return `${certificate.notAfterText} ${certificate.notAfter.toISOString()}`
    }
    assert.equal(read('491231235959Z'), '2049-12-31T23:59:59Z 2049-12-31T23:59:59.000Z')
    assert.equal(read('500101000000Z'), '1950-01-01T00:00:00Z 1950-01-01T00:00:00.000Z')
    assert.equal(read('2706011200Z'), '2027-06-01T12:00:00Z 2027-06-01T12:00:00.000Z')
    assert.equal(read('270601120000+0130'), '2027-06-01T12:00:00+01:30 2027-06-01T10:30:00.000Z')
    assert.deepEqual(parseCertificate(encode({ ...recipe, notAfter: yearAfter })).notAfter, yearAfter)
  })

  it('duplicate extensions, since 1.19, with the OID since 1.24', () => {
    const der = encode({ ...recipe, extensions: [extension.ca(), extension.ca()] })
    assert.equal(refusal(der), 'x509: certificate contains duplicate extension with OID "2.5.29.19"')
    assert.equal(refusal(der, '1.19'), 'x509: certificate contains duplicate extensions')
    assert.equal(refusal(der, '1.18'), 'accepted')
  })

  it('key identifiers and AIA that are marked critical, since 1.23', () => {
    const critical: readonly (readonly [Field, string])[] = [
      [{ ...extension.subjectKey('00'), critical: true }, 'subject key identifier'],
      [{ ...extension.authorityKey('00'), critical: true }, 'authority key identifier'],
      [{ oid: '1.3.6.1.5.5.7.1.1', critical: true, value: sequence() }, 'authority info access'],
    ]
    for (const [field, what] of critical) {
      assert.equal(refusal(withField(field)), `x509: ${what} incorrectly marked critical`)
      assert.equal(refusal(withField(field), '1.22'), 'accepted')
    }
  })

  it('names that are malformed', () => {
    const names = (...list: readonly Buffer[]): string => refusal(withField(extension.names(...list)))
    assert.equal(names(dns('käse.example')), 'x509: SAN dNSName is malformed')
    assert.equal(names(mail('ä@example')), 'x509: SAN rfc822Name is malformed')
    assert.equal(names(ip(1, 2, 3)), 'x509: cannot parse IP address of length 3')
    assert.equal(
      names(uri('https://a b/')),
      String.raw`x509: cannot parse URI "https://a b/": parse "https://a b/": invalid character " " in host name`,
    )
    assert.equal(names(uri('https://a..b/')), 'x509: cannot parse URI "https://a..b/": invalid domain')
    assert.equal(names(Buffer.from([0x82, 5])), 'x509: invalid subject alternative name')
    const mapped = ip(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1)
    assert.equal(names(mapped), 'x509: SAN iPAddress contains IPv4-mapped IPv6 address')
    assert.equal(refusal(withField(extension.names(mapped)), '1.26'), 'accepted')
  })

  it('constraints that are malformed', () => {
    const constraints = (...bases: readonly Buffer[]): string =>
      refusal(withField(extension.constraints(bases)))
    assert.equal(constraints(dns('a..b')), 'x509: failed to parse dnsName constraint "a..b"')
    assert.equal(
      constraints(ip(10, 0, 0, 0, 255, 0, 255, 0)),
      'x509: IP constraint contained invalid mask ff00ff00',
    )
    assert.equal(constraints(ip(10, 0, 0, 0)), 'x509: IP constraint contained value of length 4')
    assert.equal(constraints(mail('@')), 'x509: failed to parse rfc822Name constraint "@"')
    assert.equal(
      constraints(uri('10.0.0.1')),
      'x509: failed to parse URI constraint "10.0.0.1": cannot be IP address',
    )
    const high = 'x509: invalid constraint value: x509: "\\xff" cannot be encoded as an IA5String'
    assert.equal(constraints(context(2, Buffer.from([0xff]))), high)
    const empty = { oid: '2.5.29.30', value: sequence() }
    assert.equal(refusal(withField(empty)), 'x509: empty name constraints extension')
    const trailing = { oid: '2.5.29.30', value: Buffer.concat([sequence(explicit(0)), nothing()]) }
    assert.equal(refusal(withField(trailing)), 'x509: invalid NameConstraints extension')
  })

  it('other extensions with the wrong inside', () => {
    const wrong: readonly (readonly [string, string])[] = [
      ['2.5.29.15', 'x509: invalid key usage'],
      ['2.5.29.19', 'x509: invalid basic constraints'],
      ['2.5.29.17', 'x509: invalid subject alternative names'],
      ['2.5.29.31', 'x509: invalid CRL distribution points'],
      ['2.5.29.35', 'x509: invalid authority key identifier'],
      ['2.5.29.14', 'x509: invalid subject key identifier'],
      ['2.5.29.36', 'x509: invalid policy constraints extension'],
      ['2.5.29.37', 'x509: invalid extended key usages'],
      ['2.5.29.32', 'x509: invalid certificate policies'],
      ['2.5.29.33', 'x509: invalid policy mappings extension'],
      ['2.5.29.54', 'x509: invalid inhibit any policy extension'],
      ['1.3.6.1.5.5.7.1.1', 'x509: invalid authority info access'],
    ]
    for (const [id, message] of wrong) {
      assert.equal(refusal(withField({ oid: id, value: Buffer.from([0x0c, 0x01, 0x78]) })), message)
    }
    const negative = { oid: '2.5.29.19', value: sequence(boolean(true), integer(-1)) }
    assert.equal(refusal(withField(negative)), 'x509: invalid basic constraints')
    assert.equal(refusal(withField(negative), '1.24'), 'accepted')
  })

  it('keys that are no keys', () => {
    const spki = (algorithm: Buffer, content: Buffer): string =>
      refusal(
        encode({
          ...recipe,
          spki: sequence(algorithm, Buffer.concat([Buffer.from([3, content.length + 1, 0]), content])),
        }),
      )
    const rsa = oid('1.2.840.113549.1.1.1')
    const ec = oid('1.2.840.10045.2.1')
    assert.equal(spki(sequence(rsa), sequence()), 'x509: RSA key missing NULL parameters')
    assert.equal(spki(sequence(rsa, nothing()), sequence()), 'x509: invalid RSA modulus')
    assert.equal(
      spki(sequence(rsa, nothing()), sequence(integer(-5), integer(3))),
      'x509: RSA modulus is not a positive number',
    )
    assert.equal(
      spki(sequence(rsa, nothing()), sequence(integer(5), integer(0))),
      'x509: RSA public exponent is not a positive number',
    )
    assert.equal(spki(sequence(ec), Buffer.from([4])), 'x509: invalid ECDSA parameters')
    assert.equal(
      spki(sequence(ec, oid('1.3.132.0.10')), Buffer.from([4])),
      'x509: unsupported elliptic curve',
    )
    assert.equal(spki(sequence(oid('1.3.101.112')), Buffer.alloc(31)), 'x509: wrong Ed25519 public key size')
    assert.equal(spki(sequence(oid('1.2.3.4')), Buffer.from([1])), 'accepted')
  })

  it('points that are none of the curve, in the words of crypto/ecdsa since 1.26', () => {
    const point = (curve: string, octets: Buffer, version?: string): string =>
      refusal(
        encode({ ...recipe, spki: sequence(sequence(oid('1.2.840.10045.2.1'), oid(curve)), bits(octets)) }),
        version,
      )
    const p256 = '1.2.840.10045.3.1.7'
    const p384 = '1.3.132.0.34'
    const uncompressed = (size: number, octet: number): Buffer =>
      Buffer.concat([Buffer.from([4]), Buffer.alloc(size, octet)])
    assert.equal(point(p256, uncompressed(64, 1), '1.24'), 'x509: failed to unmarshal elliptic curve point')
    for (const version of ['1.26.10', '1.27.3']) {
      assert.equal(point(p256, uncompressed(64, 1), version), 'P256 point not on curve')
      assert.equal(point(p256, Buffer.alloc(0), version), 'ecdsa: invalid uncompressed public key')
      assert.equal(point(p256, Buffer.alloc(65, 3), version), 'ecdsa: invalid uncompressed public key')
      assert.equal(point(p256, uncompressed(63, 1), version), 'invalid P256 point encoding')
      assert.equal(point(p256, uncompressed(64, 255), version), 'invalid P256 element encoding')
      assert.equal(point(p384, uncompressed(96, 255), version), 'invalid P384Element encoding')
    }
  })

  it('OIDs with leading zeros, since 1.21', () => {
    const der = encode({
      ...recipe,
      subject: sequence(set(sequence(Buffer.from('060480550403', 'hex'), text('x')))),
    })
    assert.equal(refusal(der), 'x509: invalid RDNSequence: invalid attribute type')
    assert.equal(refusal(der, '1.20'), 'accepted')
  })

  it('attribute values of other types than strings, up to 1.26', () => {
    const name = sequence(set(sequence(oid('2.5.4.3'), integer(5))))
    const der = encode({ ...recipe, subject: name })
    assert.equal(
      refusal(der, '1.26'),
      'x509: invalid RDNSequence: invalid attribute value: unsupported string type: 2',
    )
    assert.equal(refusal(der), 'accepted')
    const odd = encode({ ...recipe, subject: sequence(set(sequence(oid('2.5.4.3'), text('a_b', 0x13)))) })
    assert.equal(refusal(odd), 'x509: invalid RDNSequence: invalid attribute value: invalid PrintableString')
    assert.equal(refusal(encode({ ...recipe, subject: octets() })), 'x509: malformed issuer')
  })
})
