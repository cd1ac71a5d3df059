import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chainPem, createCa, type Certificate, type CertificateAuthority } from '../../fixtures/pki.ts'
import { clientFault, readPair, readPairFile, type ClientPair } from '../../src/x509/index.ts'
import { CertificateFileError } from '../../src/x509/certificate-file-error.ts'
import { leaveOut } from '../support/left-out.ts'

const ekus = ['clientAuth']

function problem(work: () => ClientPair): string {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof CertificateFileError)
    return error.problem
  }
  return assert.fail('it was read')
}

describe('x509/client-pair', () => {
  let folder: string
  let root: CertificateAuthority
  let issuing: CertificateAuthority
  before(async () => {
    folder = fs.mkdtempSync(join(tmpdir(), 'client-pair-'))
    root = await createCa({ name: 'Client Root' })
    issuing = await root.intermediate({ name: 'Client Issuing CA' })
  })
  after(() => {
    fs.rmSync(folder, { recursive: true })
  })
  const file = (name: string, text: string | Buffer = ''): string => {
    const path = join(folder, name)
    if (text !== '') fs.writeFileSync(path, text)
    return path
  }
  const openssl = (...args: readonly string[]): Buffer => execFileSync('openssl', args, { stdio: 'pipe' })

  /** It is this leaf with its own key, unencrypted, the issuer beside it and no root. */
  function assertPair(pair: ClientPair, leaf: Certificate, ...issuers: readonly Certificate[]): void {
    assert.equal(pair.leaf.sha256, leaf.sha256)
    assert.equal(pair.certificatePem, chainPem(leaf, ...issuers))
    assert.match(pair.keyPem, /^-----BEGIN PRIVATE KEY-----\n/)
    assert.ok(new X509Certificate(leaf.certificate).checkPrivateKey(createPrivateKey(pair.keyPem)))
  }

  for (const keyKind of ['rsa-2048', 'p-256', 'ed25519'] as const) {
    it(`${keyKind}: PEM, DER, PKCS#12 in its old and new dress`, async function () {
      if (process.platform === 'win32') leaveOut(this, 'openssl is not there on Windows')
      const leaf = await issuing.issue({ names: ['client'], ekus, keyKind })
      assertPair(readPair(Buffer.from(leaf.pem), Buffer.from(leaf.key)), leaf)
      assertPair(readPair(Buffer.from(chainPem(root, issuing, leaf)), Buffer.from(leaf.key)), leaf, issuing)
      const der = createPrivateKey(leaf.key).export({ format: 'der', type: 'pkcs8' })
      assertPair(readPair(leaf.certificate, der), leaf)

      const [certificate, key, more] = [
        file('c.pem', leaf.pem),
        file('k.pem', leaf.key),
        file('m.pem', chainPem(issuing, root)),
      ]
      const made = [
        'pkcs12',
        '-export',
        '-inkey',
        key,
        '-in',
        certificate,
        '-certfile',
        more,
        '-out',
        file('x.p12'),
      ]
      for (const [password, legacy] of [
        ['s3cret', []],
        ['', []],
        ['pässword', ['-legacy']],
      ] as const) {
        openssl(...made, '-passout', `pass:${password}`, ...legacy)
        assertPair(await readPairFile(fs.readFileSync(file('x.p12')), password), leaf, issuing)
      }
    })
  }

  it('an encrypted key wants its password', async function () {
    if (process.platform === 'win32') leaveOut(this, 'openssl is not there on Windows')
    const leaf = await root.issue({ names: ['client'], ekus })
    openssl(
      'pkcs8',
      '-topk8',
      '-in',
      file('k.pem', leaf.key),
      '-passout',
      'pass:s3cret',
      '-out',
      file('e.pem'),
    )
    const encrypted = fs.readFileSync(file('e.pem'))
    assertPair(readPair(Buffer.from(leaf.pem), encrypted, 's3cret'), leaf)
    for (const password of [undefined, 'wrong'])
      assert.equal(
        problem(() => readPair(Buffer.from(leaf.pem), encrypted, password)),
        'password',
      )
  })

  it('refuses what is no pair', async () => {
    const [one, two] = await Promise.all([
      root.issue({ names: ['a'], ekus }),
      // The PKI makes its RSA keys only once.
      root.issue({ names: ['b'], ekus, keyKind: 'p-256' }),
    ])
    const [pem, key] = [Buffer.from(one.pem), Buffer.from(one.key)]
    assert.equal(
      problem(() => readPair(pem, Buffer.from(two.key))),
      'mismatch',
    )
    assert.equal(
      problem(() => readPair(pem, pem)),
      'damaged',
    )
    assert.equal(
      problem(() => readPair(key, key)),
      'refused',
    )
    assert.equal(
      problem(() => readPair(Buffer.alloc(0), key)),
      'refused',
    )
    for (const garbage of [Buffer.alloc(0), Buffer.from('PK\x03\x04'), one.certificate])
      await assert.rejects(readPairFile(garbage, ''), { name: 'CertificateFileError', problem: 'damaged' })
  })

  it('a wrong password of a PKCS#12 file is told from a damaged file', async function () {
    if (process.platform === 'win32') leaveOut(this, 'openssl is not there on Windows')
    const leaf = await root.issue({ names: ['client'], ekus })
    openssl(
      'pkcs12',
      '-export',
      '-inkey',
      file('k.pem', leaf.key),
      '-in',
      file('c.pem', leaf.pem),
      '-passout',
      'pass:x',
      '-out',
      file('x.p12'),
    )
    const bytes = fs.readFileSync(file('x.p12'))
    await assert.rejects(readPairFile(bytes, 'y'), { problem: 'password' })
    await assert.rejects(readPairFile(bytes.subarray(0, 200), 'x'), { problem: 'damaged' })
    openssl('pkcs12', '-export', '-nokeys', '-in', file('c.pem'), '-passout', 'pass:x', '-out', file('n.p12'))
    await assert.rejects(readPairFile(fs.readFileSync(file('n.p12')), 'x'), { problem: 'unknown' })
  })

  it('says why no server would take it', async () => {
    const at = new Date('2026-06-01T00:00:00Z')
    const dates = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2026-12-31T00:00:00Z') }
    const fault = async (usages: readonly string[], when = at): Promise<string | undefined> => {
      const leaf = await root.issue({ names: ['client'], ekus: usages, ...dates })
      return clientFault(readPair(Buffer.from(leaf.pem), Buffer.from(leaf.key)), when)
    }
    assert.equal(await fault(['clientAuth']), undefined)
    assert.equal(await fault(['serverAuth', 'clientAuth']), undefined)
    assert.equal(await fault(['2.5.29.37.0']), undefined)
    assert.match((await fault(['serverAuth'])) ?? '', /not meant for TLS clients/)
    assert.match((await fault(ekus, new Date('2027-01-01T00:00:00Z'))) ?? '', /expired on 2026-12-31/)
    assert.match((await fault(ekus, new Date('2025-01-01T00:00:00Z'))) ?? '', /not valid before 2026-01-01/)
  })
})
