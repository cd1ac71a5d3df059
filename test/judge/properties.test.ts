import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Certificate as Made, CertificateAuthority } from '../../fixtures/pki.ts'
import { rotated } from '../../fixtures/pki.ts'
import { isSelfSigned, verify, CertPool } from '../../src/x509/index.ts'
import { alone, ca, days, fetched, HOST, leaf, NOW, poolOf, read, type Scene } from './evidence.ts'
import { consumer, verdict } from './verdict.ts'

const SERVING = new Set(['wrong-order', 'unrelated-certificate', 'root-sent'])

describe('judge: properties', function () {
  this.timeout(60_000)
  let cas: readonly CertificateAuthority[]
  let leaves: readonly Made[]
  before(async () => {
    const root = await ca('Root')
    const upper = await ca('Upper', { issuer: root })
    const lower = await ca('Lower', { issuer: upper })
    const twin = await rotated(upper, {
      issuer: root,
      keyKind: 'p-256',
      notBefore: days(-9),
      notAfter: days(99),
    })
    const expired = await ca('Expired', { issuer: root, notAfter: days(-200) })
    const impostor = await ca('Impostor', { issuer: root, isCA: false })
    cas = [root, upper, lower, twin, expired, impostor, await ca('Stranger')]
    const issued = cas.flatMap((issuer) => [
      leaf(issuer),
      leaf(issuer, { names: ['other.corp'] }),
      leaf(issuer, { notAfter: days(-1), ekus: ['clientAuth'] }),
    ])
    leaves = await Promise.all([...issued, alone(), alone({ isCA: true })])
  })

  const one = (): fc.Arbitrary<Made> => fc.constantFrom(...leaves)
  const some = (): fc.Arbitrary<readonly Made[]> => fc.uniqueArray(fc.constantFrom(...cas))

  /** Any leaf, any CAs sent, stored, trusted, given and fetched. */
  const scenes = (): fc.Arbitrary<
    Scene & { readonly sent: readonly Made[]; readonly store: readonly Made[] }
  > =>
    fc
      .record({ server: one(), others: some(), store: some(), trusted: some(), given: some(), found: some() })
      .map(({ server, others, store, trusted, given, found }) => ({
        sent: [server, ...others],
        store,
        trusted,
        given,
        fetched: [fetched(server, ...found)],
      }))

  function trustFindings(scene: Scene): readonly string[] {
    const { findings } = verdict(scene)
    const words = findings
      .filter((finding) => !SERVING.has(finding.code))
      .map(({ code, severity, owner, certificate }) => [code, severity, owner, certificate].join(' '))
    return [...new Set(words)].sort()
  }

  it('order and repetition of what is sent above the leaf change no finding about trust', () => {
    const shuffled = scenes().chain((scene) => {
      const [server = assert.fail(), ...others] = scene.sent
      const again = fc.shuffledSubarray([...others, ...others, server], { minLength: 2 * others.length + 1 })
      return again.map((more) => [scene, { ...scene, sent: [server, ...more] }] as const)
    })
    fc.assert(
      fc.property(shuffled, ([scene, other]) => {
        assert.deepEqual(trustFindings(other), trustFindings(scene))
      }),
      { numRuns: 100 },
    )
  })

  it('marks exactly one finding where Docker prints an error, and none where it does not', () => {
    fc.assert(
      fc.property(scenes(), (scene) => {
        const judgement = verdict(scene)
        const marked = judgement.findings.filter((finding) => finding.first)
        assert.equal(marked.length, consumer(judgement).predictedError === undefined ? 0 : 1)
        assert.ok(marked.every((finding) => finding.severity === 'error'))
      }),
      { numRuns: 300 },
    )
  })

  it('offers no leaf of a CA as an anchor, and proves nothing that Go would not accept', () => {
    let proven = 0
    fc.assert(
      fc.property(scenes(), (scene) => {
        const judgement = verdict(scene)
        for (const { certificate } of judgement.candidates) {
          assert.ok(certificate.isCA || isSelfSigned(certificate), certificate.subject.text)
        }
        if (!judgement.proven) return
        proven++
        const [server = assert.fail(), ...others] = scene.sent
        const completed = CertPool.of(...others.map(read), ...judgement.missing)
        const store = poolOf(...scene.store)
        const above = CertPool.union(
          completed,
          CertPool.of(...judgement.path.map((link) => link.certificate)),
        )
        const answer = verify(read(server), { host: HOST, at: NOW, intermediates: above, roots: store })
        assert.ok(answer.ok)
      }),
      { numRuns: 300 },
    )
    assert.ok(proven > 0, 'no scene was proven: the property would hold of nothing')
  })

  it('takes any bytes for certificates: no exception, a finding for each that cannot be read', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
      fc.tuple(one(), fc.nat(), fc.nat(255)).map(([made, at, value]) => {
        const copy = Buffer.from(made.certificate)
        copy[at % copy.length] = value
        return copy
      }),
      one().map((made) => made.certificate.subarray(0, made.certificate.length / 2)),
    )
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 6 }), fc.array(bytes, { maxLength: 3 }), (raw, more) => {
        const found = { url: 'http://pki.corp/', namedBy: 'X', certificates: more }
        const judgement = verdict({ raw, fetched: [found] })
        const unreadable = judgement.findings.filter((finding) => finding.code === 'malformed-certificate')
        assert.ok(judgement.chain.length <= raw.length + more.length)
        assert.ok(unreadable.length === 0 || judgement.ownerMustAct)
        assert.ok(judgement.findings.filter((finding) => finding.first).length <= 1)
      }),
      { numRuns: 300 },
    )
  })

  it('stays within its bounds for a crowd of namesakes', async () => {
    const root = await ca('Crowd')
    const crowd = await Promise.all(
      Array.from({ length: 40 }, () => ca('Crowd', { issuer: root, key: root.key })),
    )
    const sent = [await leaf(root), ...crowd, root]
    const { path, chain, findings } = verdict({ sent })
    assert.ok(path.length <= 12)
    assert.equal(chain.length, sent.length)
    assert.ok(findings.length <= 2 * sent.length)
  })
})
