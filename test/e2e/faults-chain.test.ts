import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { assertAccepted, assertRefused, withFaults } from './fault-scene.ts'

const day = 86_400_000
const names = ['reg.corp']
const unknown = /x509: certificate signed by unknown authority$/
const outOfTime = /x509: certificate has expired or is not yet valid: current time \S+ is/

describe('faults of the chain, as the daemon sees them', function () {
  const { fault, host } = withFaults(this)
  let root: CertificateAuthority
  let intermediate: CertificateAuthority
  let clerk: CertificateAuthority

  before(async () => {
    root = await createCa({ name: 'Corp Root CA', keyKind: 'p-256' })
    intermediate = await root.intermediate({ name: 'Corp Issuing CA', keyKind: 'p-256' })
    clerk = await createCa({ name: 'Corp Clerk', keyKind: 'p-256', isCA: false })
    // The daemon reads the OS store once, when it verifies for the first time.
    await host().installSystemCa(clerk.pem)
  })

  const leaf = (issuer = intermediate) => issuer.issue({ names, keyKind: 'p-256' })

  it('the root is sent, which helps nobody', async () => {
    const seen = await fault({ chain: [await leaf(), intermediate, root] })
    assertRefused(seen, unknown, 'unknown-authority', 1)
  })

  it('wrong order, a stranger, a duplicate, the root: forgiven', async () => {
    const stranger = await createCa({ name: 'Somebody Else', keyKind: 'p-256' })
    const deep = await intermediate.intermediate({ name: 'Corp Deep CA', keyKind: 'p-256' })
    const one = await leaf(deep)
    const trusted = [root]
    assertAccepted(await fault({ trusted, chain: [one, intermediate, deep] }), 'wrong-order')
    assertAccepted(
      await fault({ trusted, chain: [one, stranger, deep, intermediate] }),
      'unrelated-certificate',
    )
    assertAccepted(await fault({ trusted, chain: [one, deep, deep, intermediate] }), 'unrelated-certificate')
    assertAccepted(await fault({ trusted, chain: [one, deep, intermediate, root] }), 'root-sent')
  })

  it('the order does not matter to what is refused either', async () => {
    const deep = await intermediate.intermediate({ name: 'Corp Deep CA', keyKind: 'p-256' })
    const one = await leaf(deep)
    assertRefused(
      await fault({ chain: [one, root, intermediate, deep, root] }),
      unknown,
      'unknown-authority',
      1,
    )
  })

  it('an intermediate that two roots have signed, one of them expired: the way that holds is found', async () => {
    const past = { notBefore: new Date('2015-01-01'), notAfter: new Date('2020-01-01') }
    const old = await createCa({ name: 'Old Root CA', keyKind: 'p-256', ...past })
    const between = await root.intermediate({ name: 'Corp Issuing CA', keyKind: 'p-256' })
    const cross = await createCa({ name: 'Corp Issuing CA', key: between.key, issuer: old, ...past })
    const one = await leaf(between)
    assertAccepted(await fault({ chain: [one, cross, between], trusted: [root] }))
    assertRefused(
      await fault({ chain: [one, cross], trusted: [old] }),
      /x509: certificate has expired/,
      'expired',
      6,
    )
  })

  it('a leaf that is signed with SHA-1', async () => {
    for (const keyKind of ['p-256', 'rsa-2048'] as const) {
      const ca = await createCa({ name: 'Corp SHA CA', keyKind })
      const chain = [await ca.issue({ names, keyKind, digest: 'sha1' })]
      const seen = await fault({ chain, trusted: [ca] })
      assertRefused(seen, /insecure algorithm (?:ECDSA-SHA1|SHA1-RSA) \(temp/, 'weak-signature', 6)
    }
  })

  it('an intermediate that is signed with SHA-1, which trust in itself would mend', async () => {
    const weak = await root.intermediate({ name: 'Corp Weak CA', keyKind: 'p-256', digest: 'sha1' })
    const chain = [await leaf(weak), weak]
    assertRefused(await fault({ chain, trusted: [root] }), /ECDSA-SHA1/, 'weak-signature', 1)
    assertAccepted(await fault({ chain, trusted: [weak] }))
  })

  it('an issuer that is no CA: in certs.d, in the OS store, and on the wire', async () => {
    const message = /parent certificate cannot sign this kind of certificate.*"Corp Clerk"/
    const chain = [await leaf(clerk)]
    assertRefused(await fault({ chain, trusted: [clerk] }), message, 'issuer-not-ca', 6)
    assertRefused(await fault({ chain, stored: [clerk] }), message, 'issuer-not-ca', 6)
    const between = await root.intermediate({ name: 'Corp Clerk', keyKind: 'p-256', isCA: false })
    const seen = await fault({ chain: [await leaf(between), between], trusted: [root] })
    assertRefused(seen, message, 'issuer-not-ca', 6)
  })

  it('an intermediate, and a root in certs.d, that have expired', async () => {
    const notBefore = new Date(Date.now() - 90 * day)
    const old = { keyKind: 'p-256', notBefore, notAfter: new Date(Date.now() - day) } as const
    const between = await root.intermediate({ name: 'Corp Old CA', ...old })
    const seen = await fault({ chain: [await leaf(between), between], trusted: [root] })
    assertRefused(seen, outOfTime, 'expired', 6)
    const top = await createCa({ name: 'Corp Old Root', ...old })
    assertRefused(await fault({ chain: [await leaf(top)], trusted: [top] }), outOfTime, 'expired', 6)
  })

  it('a leaf, an intermediate and a root from the future', async () => {
    const future = { keyKind: 'p-256', notBefore: new Date(Date.now() + day) } as const
    const chain = [await intermediate.issue({ names, ...future }), intermediate]
    assertRefused(await fault({ chain, trusted: [root] }), outOfTime, 'not-yet-valid', 6)
    const between = await root.intermediate({ name: 'Corp Next CA', ...future })
    const below = [await leaf(between), between]
    assertRefused(await fault({ chain: below, trusted: [root] }), outOfTime, 'not-yet-valid', 6)
    const top = await createCa({ name: 'Corp Next Root', ...future })
    assertRefused(await fault({ chain: [await leaf(top)], trusted: [top] }), outOfTime, 'not-yet-valid', 6)
  })

  it('more intermediates than the path length allows', async () => {
    const short = await createCa({ name: 'Corp Short Root', keyKind: 'p-256', pathLen: 0 })
    const between = await short.intermediate({ name: 'Corp Long CA', keyKind: 'p-256' })
    const chain = [await leaf(between), between]
    const message = /x509: too many intermediates for path length constraint$/
    assertRefused(await fault({ chain, trusted: [short] }), message, 'path-length', 6)
    assertAccepted(await fault({ chain: [await leaf(short)], trusted: [short] }))
  })
})
