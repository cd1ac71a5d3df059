import assert from 'node:assert/strict'
import type { CertificateAuthority } from '../../fixtures/pki.ts'
import { rotated } from '../../fixtures/pki.ts'
import { ca, days, leaf, NOW } from './evidence.ts'
import { faults, only, predicted, verdict } from './verdict.ts'

describe('judge: how the chain is served', () => {
  let root: CertificateAuthority
  let upper: CertificateAuthority
  let lower: CertificateAuthority
  before(async () => {
    root = await ca('Root')
    upper = await ca('Upper', { issuer: root })
    lower = await ca('Lower', { issuer: upper })
  })

  it('has nothing to say about a chain in order', async () => {
    const judgement = verdict({ sent: [await leaf(lower), lower, upper], store: [root] })
    assert.deepEqual(judgement.findings, [])
    assert.ok(judgement.proven && !judgement.ownerMustAct)
    assert.deepEqual(judgement.missing, [])
  })

  it('warns of the wrong order, which Go forgives', async () => {
    const judgement = verdict({ sent: [await leaf(lower), upper, lower], store: [root] })
    assert.deepEqual(faults(judgement), ['wrong-order'])
    assert.equal(only(judgement, 'wrong-order').severity, 'warning')
    assert.equal(predicted(judgement), undefined)
    assert.ok(judgement.proven)
  })

  it('the leaf behind its issuers: that alone is at fault, and is what Docker stops at', async () => {
    const server = await leaf(lower)
    for (const sent of [
      [lower, server],
      [upper, lower, server],
      [lower, server, upper],
      [root, upper, lower, server],
    ]) {
      for (const store of [[root], []]) {
        const judgement = verdict({ sent, store })
        assert.deepEqual(faults(judgement), ['*wrong-order'])
        const finding = only(judgement, 'wrong-order')
        assert.deepEqual(
          [finding.severity, finding.first, finding.certificate],
          ['error', true, server.sha256],
        )
        assert.match(finding.fix ?? '', /^cat server\.pem intermediate\.pem > fullchain\.pem /)
        assert.ok(judgement.ownerMustAct && !judgement.proven)
        assert.equal(judgement.path[0]?.certificate.sha256, server.sha256)
        // Go speaks of the certificate that it takes for the server's.
        assert.match(predicted(judgement) ?? '', /certificate is not valid for any names|legacy Common Name/)
      }
    }
  })

  it('no leaf of this host, no way up through the first, or a first one that will do: not the order', async () => {
    const elsewhere = await leaf(lower, { names: ['other.corp'] })
    const stranger = await ca('Stranger')
    const namesake = await ca('Lower', { issuer: upper })
    const server = await leaf(lower)
    for (const sent of [
      [lower, elsewhere],
      [stranger, server],
      [elsewhere, server],
      [namesake, server],
      [lower],
    ])
      assert.ok(!faults(verdict({ sent, store: [root] })).includes('wrong-order'))
    const twoLeaves = verdict({ sent: [server, lower, upper, await leaf(lower)], store: [root] })
    assert.deepEqual(faults(twoLeaves), ['unrelated-certificate'])
  })

  it('names what is sent twice, what does not belong, and a root', async () => {
    const server = await leaf(upper)
    const twice = verdict({ sent: [server, upper, server, upper], store: [root] })
    assert.deepEqual(faults(twice), ['unrelated-certificate', 'unrelated-certificate'])
    assert.deepEqual(
      twice.findings.map((finding) => finding.certificate),
      [server.sha256, upper.sha256],
    )
    assert.match(twice.findings[0]?.message ?? '', /is sent twice$/)
    const stranger = await ca('Stranger')
    const judgement = verdict({ sent: [server, stranger, upper, root], store: [root] })
    assert.deepEqual(faults(judgement), ['unrelated-certificate'])
    assert.equal(only(judgement, 'unrelated-certificate').certificate, stranger.sha256)
    assert.equal(only(judgement, 'root-sent').certificate, root.sha256)
    assert.deepEqual(
      judgement.chain.map((link) => [link.certificate.sha256, link.origin]),
      [server, stranger, upper, root].map((made) => [made.sha256, 'sent']),
    )
  })

  it('does not call a cross-signed certificate a stranger', async () => {
    const older = await ca('Older Root')
    const cross = await ca('Root', { issuer: older, key: root.key })
    const judgement = verdict({ sent: [await leaf(upper), upper, cross], store: [root] })
    assert.deepEqual(faults(judgement), [])
    assert.equal(predicted(judgement), undefined)
  })

  it('sees through a namesake with another key that is sent along', async () => {
    const namesake = await rotated(upper, { issuer: root, keyKind: 'p-256', notAfter: days(3000) })
    const judgement = verdict({ sent: [await leaf(upper), namesake, upper], store: [root] })
    assert.deepEqual(faults(judgement), ['unrelated-certificate'])
    assert.equal(only(judgement, 'unrelated-certificate').certificate, namesake.sha256)
  })

  const HOUR = 3_600_000
  const LIVES: readonly (readonly [string, Date, Date, boolean])[] = [
    ['a year, 30 days left', days(-335), days(30), false],
    ['a year, one hour less than 30 days left', days(-335), new Date(days(30).getTime() - HOUR), true],
    ['six days, two left', days(-4), days(2), false],
    ['six days, one hour less than two left', days(-4), new Date(days(2).getTime() - 2 * HOUR), true],
    ['sixty days, 21 left', days(-39), days(21), false],
    ['the last moment', days(-10), NOW, true],
  ]
  for (const [life, notBefore, notAfter, soon] of LIVES) {
    it(`${soon ? 'warns' : 'does not warn'} of the end: ${life}`, async () => {
      const server = await leaf(root, { notBefore, notAfter })
      const judgement = verdict({ sent: [server], store: [root] })
      assert.deepEqual(faults(judgement), soon ? ['expires-soon'] : [])
      assert.equal(predicted(judgement), undefined)
      if (soon) assert.equal(only(judgement, 'expires-soon').certificate, server.sha256)
    })
  }
})
