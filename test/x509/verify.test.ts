import assert from 'node:assert/strict'
import {
  CertPool,
  parseCertificate,
  verify,
  type Certificate,
  type VerifyError,
  type VerifyOptions,
} from '../../src/x509/index.ts'
import { explicit, integer, nothing, oid, sequence } from './der-writer.ts'
import { policyChain } from './policy-pki.ts'
import {
  dns,
  ecKey,
  ecdsaSha1,
  edKey,
  encode,
  extension,
  family,
  go,
  issue,
  keyId,
  noon,
  rsaKey,
  yearAfter,
  yearBefore,
} from './pki.ts'

const { root, intermediate, leaf } = family()
const server = [extension.names(dns('registry.example')), extension.usages('1.3.6.1.5.5.7.3.1')]

function options(more: Partial<VerifyOptions> = {}): VerifyOptions {
  return {
    at: noon,
    host: 'registry.example',
    intermediates: CertPool.of(intermediate.certificate),
    roots: CertPool.of(root.certificate),
    ...more,
  }
}

function failure(certificate: Certificate, more: Partial<VerifyOptions> = {}): VerifyError {
  const result = verify(certificate, options(more))
  assert.ok(!result.ok, 'it should be refused')
  return result.error
}

const unknown = 'x509: certificate signed by unknown authority'

describe('verify: chains', () => {
  it('builds the chain from the leaf to the root', () => {
    const result = verify(leaf.certificate, options())
    assert.ok(result.ok)
    const names = result.chains.map((chain) => chain.map((link) => link.subject.commonName))
    assert.deepEqual(names, [['registry', 'Corp Issuing', 'Corp Root']])
  })

  it('says the same of an unknown root, a missing intermediate and a self-signed leaf', () => {
    const selfSigned = issue({ subject: 'registry', key: ecKey(), extensions: server })
    assert.equal(failure(leaf.certificate, { roots: new CertPool() }).message, unknown)
    assert.equal(failure(leaf.certificate, { intermediates: new CertPool() }).message, unknown)
    assert.equal(failure(selfSigned.certificate).message, unknown)
  })

  it('takes any member of the pool for an anchor: an intermediate, or the leaf itself', () => {
    assert.ok(verify(leaf.certificate, options({ roots: CertPool.of(intermediate.certificate) })).ok)
    const alone = options({ roots: CertPool.of(leaf.certificate), intermediates: new CertPool() })
    assert.ok(verify(leaf.certificate, alone).ok)
  })

  it('names the candidate whose key is another, as after a renewal of the CA', () => {
    const renewed = issue({ subject: 'Corp Issuing', key: ecKey(), extensions: [extension.ca()] }, root)
    const error = failure(leaf.certificate, { intermediates: CertPool.of(renewed.certificate) })
    const because = String.raw`(possibly because of "x509: ECDSA verification failure" while trying to verify candidate authority certificate "Corp Issuing")`
    assert.equal(error.message, `${unknown} ${because}`)
    assert.equal(error.hint?.kind, 'wrong-key')
    assert.equal(error.hint.certificate, renewed.certificate)
  })

  it('refuses an issuer that is no CA, for want of the flag or of the usage', () => {
    const plain = issue(
      { subject: 'Corp Issuing', key: intermediate.key, extensions: [extension.notCa()] },
      root,
    )
    const noSign = issue(
      {
        subject: 'Corp Issuing',
        key: intermediate.key,
        extensions: [extension.ca(), extension.keyUsage(0x80, 7)],
      },
      root,
    )
    for (const issuer of [plain, noSign]) {
      const error = failure(leaf.certificate, { intermediates: CertPool.of(issuer.certificate) })
      assert.match(
        error.message,
        /because of "x509: invalid signature: parent certificate cannot sign this kind/,
      )
      assert.equal(error.hint?.kind, 'issuer-not-ca')
    }
  })

  it('lets a version 1 root sign, but no version 1 intermediate', () => {
    const old = issue({ subject: 'Old Root', key: ecKey(), version: 1 })
    const child = issue({ subject: 'registry', key: ecKey(), extensions: server }, old)
    assert.ok(verify(child.certificate, options({ roots: CertPool.of(old.certificate) })).ok)
    const middle = issue({ subject: 'Old Middle', key: ecKey(), version: 1 }, root)
    const below = issue({ subject: 'registry', key: ecKey(), extensions: server }, middle)
    const error = failure(below.certificate, { intermediates: CertPool.of(middle.certificate) })
    assert.equal(error.message, 'x509: certificate is not authorized to sign other certificates')
  })

  it('counts the intermediates against the path length', () => {
    const tight = issue({ subject: 'Tight Root', key: ecKey(), extensions: [extension.ca(0)] })
    const middle = issue(
      { subject: 'Corp Issuing', key: intermediate.key, extensions: [extension.ca()] },
      tight,
    )
    const more = { roots: CertPool.of(tight.certificate), intermediates: CertPool.of(middle.certificate) }
    const error = failure(leaf.certificate, more)
    assert.equal(error.message, 'x509: too many intermediates for path length constraint')
    assert.equal(error.kind, 'path-length')
    assert.equal(error.certificate?.subject.commonName, 'Tight Root')
  })

  it('does not go round in circles', () => {
    const a = ecKey()
    const b = ecKey()
    const aByB = issue({ subject: 'A', key: a, extensions: [extension.ca()] }, { name: nameOf('B'), key: b })
    const bByA = issue({ subject: 'B', key: b, extensions: [extension.ca()] }, { name: nameOf('A'), key: a })
    const child = issue({ subject: 'registry', key: ecKey(), extensions: server }, aByB)
    const circle = CertPool.of(aByB.certificate, bByA.certificate)
    assert.equal(failure(child.certificate, { intermediates: circle }).message, unknown)
  })

  it('gives up after a hundred signatures', () => {
    const key = ecKey()
    const doubles = Array.from({ length: 101 }, (_, index) =>
      issue(
        {
          subject: 'Corp Issuing',
          key: index === 100 ? intermediate.key : key,
          serial: BigInt(index),
          extensions: [extension.ca()],
        },
        root,
      ),
    )
    const pool = CertPool.of(...doubles.map((double) => double.certificate))
    const error = failure(leaf.certificate, { intermediates: pool })
    assert.equal(
      error.message,
      'x509: signature check attempts limit reached while verifying certificate chain',
    )
    assert.equal(error.kind, 'too-many-checks')
  })

  it('tries the candidate with the right key identifier first', () => {
    const others = Array.from({ length: 120 }, (_, index) =>
      issue(
        {
          subject: 'Many',
          key: root.key,
          serial: BigInt(index),
          extensions: [extension.ca(), extension.subjectKey('00')],
        },
        root,
      ),
    )
    const key = ecKey()
    const right = issue(
      { subject: 'Many', key, extensions: [extension.ca(), extension.subjectKey(keyId(key))] },
      root,
    )
    const child = issue(
      { subject: 'registry', key: ecKey(), extensions: [...server, extension.authorityKey(keyId(key))] },
      right,
    )
    const pool = CertPool.of(...[...others, right].map((issued) => issued.certificate))
    const result = verify(child.certificate, options({ intermediates: pool }))
    assert.ok(result.ok)
  })
})

function nameOf(commonName: string): Buffer {
  return issue({ subject: commonName, key: root.key }).name
}

describe('verify: dates', () => {
  const expired = 'x509: certificate has expired or is not yet valid: '

  it('takes both limits in, to the millisecond', () => {
    for (const at of [yearBefore, yearAfter]) assert.ok(verify(leaf.certificate, options({ at })).ok)
    const early = failure(leaf.certificate, { at: new Date(yearBefore.getTime() - 1) })
    assert.equal(early.kind, 'not-yet-valid')
    assert.equal(early.message, `${expired}current time 2025-06-01T11:59:59Z is before 2025-06-01T12:00:00Z`)
    const late = failure(leaf.certificate, { at: new Date(yearAfter.getTime() + 1) })
    assert.equal(late.kind, 'expired')
    assert.equal(late.message, `${expired}current time 2027-06-01T12:00:00Z is after 2027-06-01T12:00:00Z`)
  })

  it('says which certificate it is, where Go does not', () => {
    const gone = issue({ subject: 'Gone', key: ecKey(), notAfter: yearBefore, extensions: [extension.ca()] })
    const child = issue({ subject: 'registry', key: ecKey(), extensions: server }, gone)
    const error = failure(child.certificate, { roots: CertPool.of(gone.certificate) })
    assert.equal(error.kind, 'expired')
    assert.equal(error.certificate, gone.certificate)
  })

  it('stops at the first fault: the clock before the name', () => {
    const error = failure(leaf.certificate, { at: new Date(yearAfter.getTime() + 1), host: 'other.example' })
    assert.equal(error.kind, 'expired')
  })
})

describe('verify: usages', () => {
  const unusable = 'x509: certificate specifies an incompatible key usage'
  const client = extension.usages('1.3.6.1.5.5.7.3.2')

  it('asks for serverAuth in every certificate that lists usages, the root included', () => {
    const picky = issue({ subject: 'Picky Root', key: ecKey(), extensions: [extension.ca(), client] })
    const child = issue({ subject: 'registry', key: ecKey(), extensions: server }, picky)
    const error = failure(child.certificate, { roots: CertPool.of(picky.certificate) })
    assert.equal(error.message, unusable)
    assert.equal(error.certificate, picky.certificate)
  })

  it('lets anything pass when any usage will do', () => {
    const child = issue(
      { subject: 'registry', key: ecKey(), extensions: [extension.names(dns('registry.example')), client] },
      root,
    )
    assert.equal(failure(child.certificate).message, unusable)
    assert.ok(verify(child.certificate, options({ extKeyUsages: ['any'] })).ok)
    assert.ok(verify(child.certificate, options({ extKeyUsages: ['serverAuth', 'clientAuth'] })).ok)
  })

  it('complains of the name before the usage', () => {
    const child = issue(
      { subject: 'registry', key: ecKey(), extensions: [extension.names(dns('x.example')), client] },
      root,
    )
    assert.equal(failure(child.certificate).kind, 'name-mismatch')
  })
})

describe('verify: algorithms', () => {
  it('refuses SHA-1 since Go 1.18, with the words of each version', () => {
    const child = issue(
      { subject: 'registry', key: ecKey(), extensions: server, algorithm: ecdsaSha1, hash: 'sha1' },
      root,
    )
    const escape = String.raw` (temporarily override with GODEBUG=x509sha1=1)`
    const expectations = { '1.27': '', '1.24': '', '1.23': escape, '1.19': escape }
    for (const [version, suffix] of Object.entries(expectations)) {
      const error = failure(child.certificate, { go: go(version) })
      assert.match(
        error.message,
        /possibly because of "x509: cannot verify signature: insecure algorithm ECDSA-SHA1/,
      )
      assert.equal(error.message.includes(escape), suffix !== '', version)
      assert.equal(error.hint?.kind, 'weak-signature')
    }
    assert.ok(verify(child.certificate, options({ go: go('1.17') })).ok)
  })

  it('verifies PSS with the parameters that Go knows, and no others', () => {
    const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'), nothing())
    const pss = (salt: number, mask = sha256): Buffer =>
      sequence(
        oid('1.2.840.113549.1.1.10'),
        sequence(
          explicit(0, sha256),
          explicit(1, sequence(oid('1.2.840.113549.1.1.8'), mask)),
          explicit(2, integer(salt)),
        ),
      )
    const anchor = issue({ subject: 'Anchor', key: rsaKey(), extensions: [extension.ca()] })
    const roots = CertPool.of(anchor.certificate)
    const child = (algorithm: Buffer): Certificate =>
      issue({ subject: 'registry', key: ecKey(), extensions: server, algorithm, pss: true }, anchor)
        .certificate
    assert.equal(child(pss(32)).signatureAlgorithm, 'SHA256-RSAPSS')
    assert.ok(verify(child(pss(32)), options({ roots })).ok)
    const sha384 = sequence(oid('2.16.840.1.101.3.4.2.2'), nothing())
    for (const other of [pss(20), pss(32, sha384)]) {
      const error = failure(child(other), { roots })
      assert.match(error.message, /because of "x509: cannot verify signature: algorithm unimplemented"/)
      assert.equal(error.hint?.kind, 'unsupported')
    }
  })

  it('verifies RSA and Ed25519 as well', () => {
    for (const key of [rsaKey(), edKey(), ecKey('P-384'), ecKey('P-521'), ecKey('secp224r1')]) {
      const anchor = issue({ subject: 'Anchor', key, extensions: [extension.ca()] })
      const child = issue({ subject: 'registry', key: ecKey(), extensions: server }, anchor)
      assert.ok(verify(child.certificate, options({ roots: CertPool.of(anchor.certificate) })).ok)
    }
  })

  it('refuses RSA keys of less than 1024 bits since Go 1.24', () => {
    const anchor = issue({ subject: 'Weak Root', key: rsaKey(768), extensions: [extension.ca()] })
    const child = issue({ subject: 'registry', key: ecKey(), extensions: server }, anchor)
    const roots = CertPool.of(anchor.certificate)
    const error = failure(child.certificate, { roots })
    assert.match(
      error.message,
      /because of "crypto\/rsa: 768-bit keys are insecure \(see https:\/\/go\.dev\/pkg\/crypto\/rsa#hdr-Minimum_key_size\)"/,
    )
    assert.equal(error.hint?.kind, 'weak-key')
    assert.ok(verify(child.certificate, options({ roots, go: go('1.23') })).ok)
  })

  it('says so when the signature is of another kind than the key', () => {
    const other = issue({ subject: 'Corp Issuing', key: rsaKey(), extensions: [extension.ca()] })
    const error = failure(leaf.certificate, {
      intermediates: new CertPool(),
      roots: CertPool.of(other.certificate),
    })
    assert.match(error.message, /specifies an ECDSA public key, but have public key of type \*rsa\.PublicKey/)
  })
})

describe('verify: other refusals', () => {
  it('refuses a critical extension that Go does not know', () => {
    const odd = { oid: '1.2.3.4', critical: true, value: Buffer.from([5, 0]) }
    const child = issue({ subject: 'registry', key: ecKey(), extensions: [...server, odd] }, root)
    const error = failure(child.certificate)
    assert.equal(error.message, 'x509: unhandled critical extension')
    assert.deepEqual(error.certificate?.unhandledCriticalExtensions, ['1.2.3.4'])
  })

  it('reads the leaf again by the rules of the Go that is asked', () => {
    const negative = encode({ subject: 'registry', key: ecKey(), serial: -5n, extensions: server }, root)
    const certificate = parseCertificate(negative, go('1.22'))
    assert.ok(verify(certificate, options({ go: go('1.22') })).ok)
    const error = failure(certificate)
    assert.equal(error.kind, 'malformed-certificate')
    assert.equal(error.message, 'x509: negative serial number')
  })

  it('checks policies since Go 1.24, and counts the chains in its words', () => {
    const chain = policyChain()
    const pools = { roots: CertPool.of(chain.root), intermediates: CertPool.of(chain.intermediate) }
    const texts = {
      '1.27': 'x509: no valid chains built: 1 candidate chains with invalid policies',
      '1.25': 'x509: no valid chains built: all candidate chains have invalid policies',
      '1.24.2': 'x509: no valid chains built: 1 chains with invalid policies',
    }
    for (const [version, message] of Object.entries(texts)) {
      assert.equal(failure(chain.leaf, { ...pools, go: go(version) }).message, message)
    }
    assert.equal(failure(chain.leaf, { ...pools, go: go('1.23') }).kind, 'unhandled-critical-extension')
  })
})
