import assert from 'node:assert/strict'
import { CertPool, verify, type Certificate } from '../../src/x509/index.ts'
import { judgeChains } from '../../src/x509/chain-rules.ts'
import { distrustedLink } from '../../src/x509/distrusted-keys.ts'
import { dns, ecKey, extension, family, go, issue, noon } from './pki.ts'
import { policyChain } from './policy-pki.ts'

const { root, intermediate, leaf } = family()
/** The hash of a key that Go distrusts; nobody here has the key, so the hash is put in the place of the real one. */
const withDistrustedKey = (certificate: Certificate): Certificate => ({
  ...certificate,
  spkiSha256: '43BFFA19D6EF651451F6841E019931E96F6F2EAEFF28AB4B6F1CE4576DE2717B',
})
const revoked = withDistrustedKey(intermediate.certificate)

describe('keys that Go distrusts', () => {
  it('spoil a chain whoever vouches for it, with a text that ends early', () => {
    const result = verify(leaf.certificate, {
      at: noon,
      host: 'registry.example',
      intermediates: CertPool.of(revoked),
      roots: CertPool.of(root.certificate),
    })
    assert.ok(!result.ok)
    assert.equal(result.error.message, 'x509: no valid chains built')
    assert.equal(result.error.kind, 'distrusted-key')
    assert.equal(result.error.certificate, revoked)
  })

  it('leave the other chains alone', () => {
    const good = [leaf.certificate, intermediate.certificate, root.certificate]
    const bad = [leaf.certificate, revoked, root.certificate]
    assert.deepEqual(judgeChains([bad, good], [], go('1.27.3')), { chains: [good] })
  })

  it('count since 1.26.10 and 1.27.3', () => {
    const chain = [leaf.certificate, revoked]
    const known = (version: string): boolean => distrustedLink(chain, go(version)) === revoked
    const versions = ['1.25.99', '1.26.9', '1.26.10', '1.27.2', '1.27.3', '1.28']
    assert.deepEqual(versions.map(known), [false, false, true, false, true, true])
  })

  it('are said only where no usage was at fault', () => {
    const client = issue(
      { subject: 'registry', key: leaf.key, extensions: [extension.usages('1.3.6.1.5.5.7.3.2')] },
      intermediate,
    ).certificate
    const { error } = judgeChains(
      [
        [client, intermediate.certificate],
        [leaf.certificate, revoked],
      ],
      [],
      go('1.27'),
    )
    assert.equal(error?.message, 'x509: certificate specifies an incompatible key usage')
  })
})

describe('the certificate at fault, which Go does not name', () => {
  const narrow = issue(
    {
      subject: 'Narrow',
      key: ecKey(),
      extensions: [extension.ca(), extension.constraints([dns('other.example')])],
    },
    root,
  )
  const outside = issue(
    { subject: 'x', key: ecKey(), extensions: [extension.names(dns('registry.example'))] },
    narrow,
  ).certificate

  it('is the CA that constrains, or the leaf that no policy is left for', () => {
    const chain = [outside, narrow.certificate, root.certificate]
    const constrained = judgeChains([chain], [], go('1.27'))
    assert.equal(constrained.error?.kind, 'name-constraint')
    assert.equal(constrained.error.certificate, narrow.certificate)
    const { leaf: own, intermediate: middle, root: top } = policyChain()
    const barred = judgeChains([[own, middle, top]], [], go('1.27'))
    assert.deepEqual([barred.error?.kind, barred.error?.certificate], ['policy-invalid', own])
  })

  it('any usage let every policy pass before 1.24.4 (CVE-2025-22874)', () => {
    const { leaf: own, intermediate: middle, root: top } = policyChain()
    const chain = [own, middle, top]
    const passes = (version: string): boolean =>
      judgeChains([chain], ['any'], go(version)).error === undefined
    assert.deepEqual(['1.24.3', '1.24.4', '1.27'].map(passes), [true, false, false])
  })

  it('a policy and a distrusted key: the policies are said', () => {
    const { leaf: own, intermediate: middle, root: top } = policyChain()
    const chains = [
      [own, middle, top],
      [leaf.certificate, revoked, root.certificate],
    ]
    const { error } = judgeChains(chains, [], go('1.27'))
    assert.equal(error?.message, 'x509: no valid chains built: 1 candidate chains with invalid policies')
  })
})
