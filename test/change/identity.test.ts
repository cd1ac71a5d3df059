import assert from 'node:assert/strict'
import type { Certificate as Made, CertificateAuthority } from '../../fixtures/pki.ts'
import { rotated } from '../../fixtures/pki.ts'
import {
  confirmed,
  decideIdentity,
  identityMissing,
  type Approved,
  type IdentityQuestion,
} from '../../src/change/index.ts'
import type { RegistryRecord } from '../../src/change/model.ts'
import { TrustError } from '../../src/errors.ts'
import { alone, ca, days, fetched, leaf, read, REGISTRY, type Scene } from '../judge/evidence.ts'
import { verdict } from '../judge/verdict.ts'

type Flags = Partial<Omit<IdentityQuestion, 'given'>>

function ask(scene: Scene, flags: Flags = {}): IdentityQuestion {
  const given = (scene.given ?? []).map(read)
  return {
    registry: REGISTRY,
    judgement: verdict(scene),
    given,
    fingerprints: [],
    trustOnFirstUse: false,
    ...flags,
  }
}

function approve(scene: Scene, flags: Flags = {}): Approved {
  const decision = decideIdentity(ask(scene, flags))
  return decision.kind === 'approved' ? decision.approved : assert.fail('a person is asked')
}

function refusal(scene: Scene, flags: Flags = {}): TrustError {
  try {
    decideIdentity(ask(scene, flags))
  } catch (error) {
    if (error instanceof TrustError) return error
    throw error
  }
  return assert.fail('it was decided')
}

/** How, whom, and what is installed for it. */
function check(what: Approved, how: string, identity: Made, ...install: readonly Made[]): void {
  assert.equal(what.identity.how, how)
  assert.equal(what.identity.sha256, identity.sha256)
  assert.ok(what.anchor.raw.equals(identity.certificate))
  assert.deepEqual(
    what.install.map((certificate) => certificate.sha256),
    install.map((made) => made.sha256),
  )
}

function recordOf(made: Made): RegistryRecord {
  const identity = { how: 'first-use', sha256: made.sha256, subject: 'CN=Root' } as const
  return {
    registry: REGISTRY,
    identity,
    anchor: made.certificate.toString('base64'),
    since: '2026-01-02T03:04:05Z',
  }
}

const pin = (...made: readonly Made[]): Flags => ({ fingerprints: made.map(({ sha256 }) => sha256) })
const EXIT = { mismatch: 'identity-mismatch', missing: 'identity-missing' } as const

describe('change: identity', () => {
  let root: CertificateAuthority
  let middle: CertificateAuthority
  let other: CertificateAuthority
  let server: Made
  let full: Scene
  before(async () => {
    root = await ca('Root')
    middle = await ca('Middle', { issuer: root })
    other = await ca('Other')
    server = await leaf(middle)
    full = { sent: [server, middle, root] }
  })

  it('a pin matches a root, an intermediate or a self-signed leaf, and that is what is installed', async () => {
    check(approve(full, pin(root)), 'pin', root, root)
    check(approve(full, pin(middle)), 'pin', middle, middle)
    check(approve(full, pin(other, root)), 'pin', root, root)
    check(approve(full, pin(root, middle)), 'pin', middle, middle, root)
    for (const isCA of [true, false]) {
      const self = await alone({ isCA })
      check(approve({ sent: [self] }, pin(self)), 'pin', self, self)
    }
  })

  it('a pin that was read off without a server name is told from a wrong one', () => {
    const { message, seen = '' } = refusal(full, { ...pin(other), unnamed: [other.sha256] })
    assert.match(message, /^the fingerprint is of a certificate that \S+ shows only to clients that send no/)
    assert.match(seen, /"Root"/)
    assert.doesNotMatch(refusal(full, { ...pin(other), unnamed: [middle.sha256] }).message, /SNI/)
  })

  it('a pin brings the intermediates below it that the server does not send', () => {
    const lookups = [fetched(server, middle), fetched(middle, root)]
    const scene = { sent: [server], fetched: lookups }
    check(approve(scene, pin(root)), 'pin', root, root, middle)
    check(approve(scene, pin(middle)), 'pin', middle, middle)
  })

  it('a pin of a low intermediate brings nothing from above it', async () => {
    const low = await ca('Low', { issuer: middle })
    const deep = await leaf(low)
    const lookups = [fetched(deep, low), fetched(low, middle), fetched(middle, root)]
    check(approve({ sent: [deep], fetched: lookups }, pin(low)), 'pin', low, low)
    check(approve({ sent: [deep], fetched: lookups }, pin(middle)), 'pin', middle, middle, low)
  })

  it('a pin matches no leaf of a CA, nobody else, and no unrelated CA that is sent along', () => {
    const leafPinned = refusal(full, pin(server))
    assert.equal(leafPinned.code, EXIT.mismatch)
    assert.match(leafPinned.message, /issued by a CA: pin the CA instead/)
    assert.equal(refusal(full, pin(other)).code, EXIT.mismatch)
    const stray = refusal({ sent: [server, middle, other] }, pin(other))
    assert.equal(stray.code, EXIT.mismatch)
    assert.ok(stray.seen?.includes((server.sha256.match(/../g) ?? []).join(':')), 'what was seen is listed')
    assert.equal(refusal({}, pin(root)).seen, 'no certificate')
    assert.equal(refusal(full, { ...pin(other), trustOnFirstUse: true }).code, EXIT.mismatch)
  })

  it('a file must anchor the chain; every CA in it is installed, and no leaf', async () => {
    const next = await rotated(root, { keyKind: 'p-256', notBefore: days(-1), notAfter: days(3000) })
    check(approve({ sent: [server, middle], given: [root] }), 'ca-file', root, root)
    check(approve({ sent: [server, middle], given: [next, root, server] }), 'ca-file', root, next, root)
    check(
      approve({ sent: [server], given: [root], fetched: [fetched(server, middle)] }),
      'ca-file',
      root,
      root,
      middle,
    )
    check(approve({ sent: [server], given: [middle, root] }), 'ca-file', root, middle, root)
    const self = await alone()
    check(approve({ sent: [self], given: [self] }), 'ca-file', self, self)
    for (const given of [[other], [server], [next]]) {
      const error = refusal({ sent: [server, middle], given }, { trustOnFirstUse: true })
      assert.equal(error.code, EXIT.mismatch)
      assert.match(error.seen ?? '', /in the file: [0-9A-F:]{95} {2}/)
      const renewed = error.seen?.endsWith(' (the same name, another key)')
      assert.equal(renewed, given[0] === next, error.seen)
    }
  })

  it('what was accepted before is accepted again, and nothing else, whatever else would speak for it', async () => {
    check(approve(full, { recorded: recordOf(root) }), 'recorded', root, root)
    const changed = await leaf(other)
    const scenes: readonly Scene[] = [
      { sent: [changed, other] },
      { sent: [changed, other], store: [other] },
      { sent: [changed] },
    ]
    for (const scene of scenes) {
      const error = refusal(scene, { recorded: recordOf(root), trustOnFirstUse: true })
      assert.equal(error.code, EXIT.mismatch)
      assert.match(error.message, /another identity than the one accepted on 2026-01-02/)
      assert.ok(error.seen?.includes('accepted then: '))
    }
    // An explicit pin or file supersedes it.
    check(approve(scenes[0] ?? full, { recorded: recordOf(root), ...pin(other) }), 'pin', other, other)
    check(approve({ sent: [changed], given: [other] }, { recorded: recordOf(root) }), 'ca-file', other, other)
  })

  it('a proof records the root and installs only what is missing', () => {
    const scene = { sent: [server], store: [root], fetched: [fetched(server, middle)] }
    check(approve(scene), 'proven', root, middle)
    check(approve(scene, { recorded: recordOf(root) }), 'recorded', root, middle)
    // Nothing is missing, and yet the engine refuses: it reads another store than the machine.
    const overridden = { sent: [server, middle], store: [root], engineStore: [] }
    check(approve(overridden), 'proven', root, root)
    check(approve(overridden, { recorded: recordOf(root) }), 'recorded', root, root)
  })

  it('takes the top of what was presented on first use, and asks a person otherwise', async () => {
    const use = { trustOnFirstUse: true }
    check(approve(full, use), 'first-use', root, root)
    check(approve({ sent: [server, middle] }, use), 'first-use', middle, middle)
    const self = await alone()
    check(approve({ sent: [self] }, use), 'first-use', self, self)
    const question = ask(full)
    const decision = decideIdentity(question)
    const { candidate } = decision.kind === 'ask' ? decision : assert.fail('nobody was asked')
    assert.equal(candidate.certificate.sha256, root.sha256)
    check(confirmed(question, candidate), 'confirmed', root, root)
    const error = identityMissing(question, candidate)
    assert.equal(error.code, EXIT.missing)
    assert.match(
      error.fix ?? '',
      new RegExp(`^trust-registry ${REGISTRY} --fingerprint SHA256:${root.sha256}$`),
    )
  })

  it('has nobody to ask about where no CA is presented', () => {
    for (const flags of [{}, { trustOnFirstUse: true }]) {
      const error = refusal({ sent: [server] }, flags)
      assert.equal(error.code, EXIT.missing)
      assert.match(error.fix ?? '', /--ca CA\.pem/)
    }
    assert.equal(refusal({}, { trustOnFirstUse: true }).code, EXIT.missing)
  })
})
