import assert from 'node:assert/strict'
import type { CertificateAuthority } from '../../fixtures/pki.ts'
import { rotated } from '../../fixtures/pki.ts'
import { alone, ca, days, fetched, leaf } from './evidence.ts'
import { faults, only, pathOf, predicted, verdict } from './verdict.ts'

const UNKNOWN = 'tls: failed to verify certificate: x509: certificate signed by unknown authority'

/** Root, and three intermediates, each below the one before. */
async function ladder(): Promise<readonly [CertificateAuthority, CertificateAuthority[]]> {
  const root = await ca('Root')
  const rungs: CertificateAuthority[] = []
  for (const name of ['A', 'B', 'C']) rungs.push(await ca(name, { issuer: rungs.at(-1) ?? root }))
  return [root, rungs]
}

describe('judge: who issued it', () => {
  it('knows a private CA that was not sent by name only', async () => {
    const server = await leaf(await ca('Root'))
    const judgement = verdict({ sent: [server] })
    assert.deepEqual(faults(judgement), ['*unknown-authority'])
    assert.equal(predicted(judgement), UNKNOWN)
    assert.deepEqual(judgement.candidates, [])
    const finding = only(judgement, 'unknown-authority')
    assert.equal(finding.certificate, server.sha256)
    assert.match(finding.message, /"Root" was not sent/)
    assert.ok(!judgement.proven && !judgement.ownerMustAct)
  })

  it('offers a root that was sent, and an intermediate that was sent, as what to pin', async () => {
    const root = await ca('Root')
    const middle = await ca('Middle', { issuer: root })
    const withRoot = verdict({ sent: [await leaf(root), root] })
    assert.equal(only(withRoot, 'unknown-authority').certificate, root.sha256)
    assert.match(only(withRoot, 'unknown-authority').fix ?? '', new RegExp(`SHA256:${root.sha256}$`))
    assert.equal(only(withRoot, 'root-sent').severity, 'info')
    const withMiddle = verdict({ sent: [await leaf(middle), middle] })
    assert.deepEqual(faults(withMiddle), ['*unknown-authority'])
    assert.equal(only(withMiddle, 'unknown-authority').certificate, middle.sha256)
    assert.deepEqual(
      withMiddle.candidates.map((link) => [link.certificate.sha256, link.role]),
      [[middle.sha256, 'intermediate']],
    )
  })

  for (const depth of [1, 2, 3]) {
    it(`proves a chain whose ${depth} intermediate(s) are missing by the root in the OS store`, async () => {
      const [root, rungs] = await ladder()
      const above = rungs.slice(0, depth).reverse()
      const server = await leaf(above[0] ?? assert.fail())
      const steps = above.map((rung, index) => fetched(above[index - 1] ?? server, rung))
      const proven = verdict({ sent: [server], store: [root], fetched: steps })
      assert.deepEqual(faults(proven), ['*missing-intermediate'])
      assert.equal(predicted(proven), UNKNOWN)
      assert.ok(proven.proven && !proven.ownerMustAct)
      assert.deepEqual(
        proven.missing.map((certificate) => certificate.sha256),
        above.map((rung) => rung.sha256),
      )
      const finding = only(proven, 'missing-intermediate')
      assert.equal(finding.certificate, above[0]?.sha256)
      assert.match(finding.message, /http:\/\/pki\.corp\/ca\.crt/)
      assert.match(finding.fix ?? '', /fullchain\.pem/)

      const unknown = verdict({ sent: [server], fetched: [...steps, fetched(above.at(-1) ?? server, root)] })
      assert.deepEqual(faults(unknown), ['*missing-intermediate', 'unknown-authority'])
      assert.equal(only(unknown, 'unknown-authority').certificate, root.sha256)
      assert.ok(!unknown.proven)
    })
  }

  it('does not take a leaf of the public CA for another name as proof', async () => {
    const root = await ca('Public Root')
    const middle = await ca('Public', { issuer: root })
    const other = await leaf(middle, { names: ['other.corp'] })
    const judgement = verdict({ sent: [other], store: [root], fetched: [fetched(other, middle)] })
    assert.deepEqual(faults(judgement), ['*name-mismatch'])
    assert.ok(!judgement.proven && judgement.ownerMustAct)
  })

  it('takes no other pool than the OS store for proof', async () => {
    const root = await ca('Root')
    const judgement = verdict({ sent: [await leaf(root)], trusted: [root] })
    assert.deepEqual(faults(judgement), [])
    assert.equal(predicted(judgement), undefined)
    assert.ok(!judgement.proven)
  })

  for (const isCA of [true, false]) {
    it(`names a self-signed certificate with CA:${isCA ? 'TRUE' : 'FALSE'}`, async () => {
      const server = await alone({ isCA })
      const judgement = verdict({ sent: [server] })
      assert.deepEqual(faults(judgement), ['*self-signed'])
      assert.equal(predicted(judgement), UNKNOWN)
      assert.match(only(judgement, 'self-signed').message, isCA ? /calls itself a CA/ : /only for itself/)
      assert.deepEqual(
        judgement.candidates.map((link) => link.certificate.sha256),
        [server.sha256],
      )
      assert.equal(predicted(verdict({ sent: [server], trusted: [server] })), undefined)
      const stored = verdict({ sent: [server], store: [server] })
      assert.equal(predicted(stored), undefined)
      assert.ok(!stored.proven, 'a chain of one proves nothing')
    })
  }

  it('tells a CA with the same name and another key from one that is unknown', async () => {
    const old = await ca('Acme Root')
    const next = await rotated(old, { keyKind: 'p-256', notBefore: days(-10), notAfter: days(3000) })
    const server = await leaf(next)
    const judgement = verdict({ sent: [server, next], trusted: [old] })
    assert.deepEqual(faults(judgement), ['*rotated-ca'])
    assert.equal(only(judgement, 'rotated-ca').certificate, old.sha256)
    assert.equal(
      predicted(judgement),
      `${UNKNOWN} (possibly because of "x509: ECDSA verification failure" while trying to verify candidate authority certificate "Acme Root")`,
    )
    // The namesake that only the server sends is nobody's anchor.
    const stray = verdict({ sent: [server, old] })
    assert.deepEqual(faults(stray), ['*unknown-authority', 'unrelated-certificate'])
  })

  it('says that the engine reads another store than the machine', async () => {
    const root = await ca('Root')
    const judgement = verdict({ sent: [await leaf(root)], store: [root], engineStore: [] })
    assert.deepEqual(faults(judgement), ['*unknown-authority'])
    assert.match(only(judgement, 'unknown-authority').message, /not in the store that the engine reads/)
  })

  it('blames only the missing intermediate where certs.d holds the root', async () => {
    const root = await ca('Root')
    const middle = await ca('Middle', { issuer: root })
    const server = await leaf(middle)
    const judgement = verdict({ sent: [server], trusted: [root], fetched: [fetched(server, middle)] })
    assert.deepEqual(faults(judgement), ['*missing-intermediate'])
    assert.equal(pathOf(judgement), 'reg.corp/sent Middle/fetched Root/store')
  })

  it('prefers the way up whose dates hold', async () => {
    const root = await ca('Root')
    const stale = await ca('Middle', { issuer: root, notAfter: days(-1) })
    const fresh = await ca('Middle', { issuer: root, key: stale.key })
    const judgement = verdict({ sent: [await leaf(fresh), stale, fresh], store: [root] })
    assert.equal(predicted(judgement), undefined)
    assert.ok(!judgement.findings.some((finding) => finding.severity === 'error'))
    assert.equal(judgement.path[1]?.certificate.sha256, fresh.sha256)
  })
})
