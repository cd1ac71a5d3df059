import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import forge from 'node-forge'
import {
  CertificateFileError,
  certificatesFromPkcs7,
  encodePem,
  readCertificates,
} from '../../src/x509/index.ts'
import { element, explicit, integer, oid, sequence, set } from './der-writer.ts'
import { ecKey, encode, family, issue, rsaKey } from './pki.ts'

const { root, intermediate } = family()

/** A degenerate SignedData (RFC 5652 5.1), as CAs publish it. */
function pkcs7(...certificates: readonly Buffer[]): Buffer {
  const content = sequence(
    integer(1),
    set(),
    sequence(oid('1.2.840.113549.1.7.1')),
    explicit(0, ...certificates),
    set(),
  )
  return sequence(oid('1.2.840.113549.1.7.2'), explicit(0, content))
}

async function subjects(bytes: Uint8Array | string): Promise<string[]> {
  const certificates = await readCertificates(Buffer.from(bytes as Uint8Array))
  return certificates.map((certificate) => certificate.subject.commonName ?? '')
}

async function problem(bytes: Uint8Array | string): Promise<string> {
  const error: unknown = await readCertificates(Buffer.from(bytes as Uint8Array)).catch(
    (caught: unknown) => caught,
  )
  assert.ok(error instanceof CertificateFileError)
  return error.problem
}

describe('certificatesFromPkcs7', () => {
  it('gives EC certificates back octet by octet, in order', async () => {
    const found = await certificatesFromPkcs7(pkcs7(intermediate.der, root.der))
    assert.deepEqual(found, [intermediate.der, root.der])
  })

  it('reads what node-forge wrote', async () => {
    const certificate = issue({ subject: 'RSA Root', key: rsaKey() })
    const message = forge.pkcs7.createSignedData()
    message.addCertificate(encodePem(certificate.der))
    const der = Buffer.from(forge.asn1.toDer(message.toAsn1()).getBytes(), 'latin1')
    assert.deepEqual(await certificatesFromPkcs7(der), [certificate.der])
  })

  it('refuses other things with a typed error', async () => {
    for (const bad of [
      Buffer.alloc(0),
      root.der,
      Buffer.from('3080', 'hex'),
      sequence(oid('1.2.3')),
      Buffer.alloc(5000, 0x30),
    ]) {
      await assert.rejects(certificatesFromPkcs7(bad), CertificateFileError)
    }
  })
})

describe('readCertificates', () => {
  const pem = encodePem(root.der)

  it('takes PEM, DER and PKCS#7 in either dress', async () => {
    assert.deepEqual(await subjects(pem + encodePem(intermediate.der)), ['Corp Root', 'Corp Issuing'])
    assert.deepEqual(await subjects(root.der), ['Corp Root'])
    assert.deepEqual(await subjects(pkcs7(root.der, intermediate.der)), ['Corp Root', 'Corp Issuing'])
    assert.deepEqual(await subjects(encodePem(pkcs7(root.der), 'PKCS7')), ['Corp Root'])
  })

  it('forgives the form where Go does not', async () => {
    const trusted = encodePem(Buffer.concat([root.der, element(0x30)]), 'TRUSTED CERTIFICATE')
    const forms = [
      `\u{feff}${pem}`,
      pem.replaceAll('\n', '\r\n'),
      pem.replace(/^/gm, '  '),
      pem.replace('-----\n', '-----\nSubject: Corp\n\n'),
      trusted,
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(pem, 'utf16le')]),
    ]
    for (const form of forms) assert.deepEqual(await subjects(form), ['Corp Root'])
  })

  it('refuses keys, bundles with keys, and what is no certificate', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    for (const type of ['pkcs8', 'sec1'] as const) {
      assert.equal(
        await problem(`${pem}${privateKey.export({ format: 'pem', type }).toString()}`),
        'private-key',
      )
      assert.equal(await problem(privateKey.export({ format: 'der', type })), 'private-key')
    }
    assert.equal(await problem(sequence(integer(3), sequence())), 'pkcs12')
    assert.equal(await problem(''), 'empty')
    assert.equal(await problem('hello'), 'unknown')
    assert.equal(await problem('-----BEGIN X-----\nAAAA\n-----END X-----\n'), 'unknown')
    assert.equal(await problem(root.der.subarray(0, 100)), 'damaged')
    assert.equal(await problem(encode({ subject: 'x', key: ecKey(), serial: -1n })), 'refused')
  })
})
