import assert from 'node:assert/strict'
import type { Certificate as Made, CertificateAuthority } from '../../fixtures/pki.ts'
import { chainOf, pathsUp, type Sources } from '../../src/judge/path.ts'
import { CertPool } from '../../src/x509/index.ts'
import { alone, ca, days, leaf, NOW, poolOf, read } from './evidence.ts'
import { faults, only, predicted, verdict } from './verdict.ts'

interface Found {
  readonly sent: readonly Made[]
  readonly fetched?: readonly Made[]
  readonly given?: readonly Made[]
  readonly store?: readonly Made[] | CertPool
}

function sources({ sent, fetched = [], given = [], store = [] }: Found): Sources {
  const pool = store instanceof CertPool ? store : poolOf(...store)
  return { sent: sent.map(read), fetched: fetched.map(read), given: given.map(read), store: pool }
}

/** Every path, best first: names and origins, leaf first. */
function paths(found: Found): readonly string[] {
  return pathsUp(sources(found), NOW).map((path) =>
    path.map((link) => `${link.certificate.subject.commonName ?? ''}/${link.origin}/${link.role}`).join(' '),
  )
}

/** Names, origins and roles of everything that is known. */
function chain(found: Found): readonly string[] {
  const all = sources(found)
  const [path = []] = pathsUp(all, NOW)
  return chainOf(all, path).map(
    (link) => `${link.certificate.subject.commonName ?? ''}/${link.origin}/${link.role}`,
  )
}

describe('judge: the ways up', () => {
  let root: CertificateAuthority
  let middle: CertificateAuthority
  let server: Made
  before(async () => {
    root = await ca('Root')
    middle = await ca('Middle', { issuer: root })
    server = await leaf(middle)
  })

  it('climb by name and signature, and take each certificate from where it is nearest', () => {
    const all = [middle, root]
    const up = (from: string): string => `reg.corp/sent/leaf Middle/${from}/intermediate Root/${from}/root`
    assert.deepEqual(paths({ sent: [server, ...all], fetched: all, given: all, store: all }), [up('sent')])
    assert.deepEqual(paths({ sent: [server], fetched: all, given: all, store: all }), [up('store')])
    assert.deepEqual(paths({ sent: [server], fetched: all, given: all }), [up('given')])
    assert.deepEqual(paths({ sent: [server], fetched: all }), [up('fetched')])
    assert.deepEqual(paths({ sent: [server] }), ['reg.corp/sent/leaf'])
    assert.deepEqual(paths({ sent: [] }), [])
  })

  it('knows the file that a stored certificate came from', () => {
    const store = new CertPool()
    store.add(read(root), '/etc/ssl/corp.pem')
    const [path = []] = pathsUp(sources({ sent: [server, middle], store }), NOW)
    assert.deepEqual(
      path.map(({ file }) => file),
      [undefined, undefined, '/etc/ssl/corp.pem'],
    )
  })

  it('prefer a store, then what was given, then a root, then what holds in time, then little from elsewhere', async () => {
    const ends = async (name: string, more: object = {}): Promise<readonly [Made, Made]> => {
      const end = await ca(name)
      const times = { notBefore: days(-9), notAfter: days(99), ...more }
      return [end, await ca('Middle', { issuer: end, key: middle.key, ...times })]
    }
    const [stored, viaStored] = await ends('Stored', { notAfter: days(-1) })
    const [given, viaGiven] = await ends('Given', { notAfter: days(-1) })
    const [self, viaSelf] = await ends('Sent')
    const [late, viaLate] = await ends('Late', { notBefore: days(1) })
    const [, viaNobody] = await ends('Nobody')
    const tops = paths({
      sent: [server, viaNobody, viaLate, viaSelf, viaGiven, viaStored, late, self],
      given: [given],
      store: [stored],
    }).map((path) => path.split(' ').at(-1))
    assert.deepEqual(tops, [
      'Stored/store/root',
      'Given/given/root',
      'Sent/sent/root',
      'Late/sent/root',
      'Middle/sent/intermediate',
    ])

    const twin = await ca('Middle', { issuer: root, key: middle.key, notBefore: days(-9) })
    const near = paths({ sent: [server, twin], fetched: [middle], store: [root] })
    assert.match(near[0] ?? '', /Middle\/sent/, 'fewer from elsewhere')
    const upper = await ca('Upper', { issuer: await ca('Gone') })
    const long = await ca('Middle', { issuer: upper, key: middle.key })
    const open = paths({ sent: [server, viaNobody, long, upper] })
    assert.match(open[0] ?? '', /Upper\/sent\/intermediate$/, 'where none ends, the longest')
  })

  it('end at a root and at the twelfth certificate, and never come to the same one twice', async () => {
    const ladder: CertificateAuthority[] = [root]
    while (ladder.length < 20) {
      const below: CertificateAuthority | undefined = ladder.at(-1)
      ladder.push(await ca(`Rung ${ladder.length}`, { issuer: below ?? root }))
    }
    const foot = await leaf(ladder.at(-1) ?? root)
    assert.deepEqual(
      pathsUp(sources({ sent: [foot, ...ladder] }), NOW).map((path) => path.length),
      [12],
    )
    const lone = await alone({ isCA: true })
    assert.deepEqual(paths({ sent: [lone, lone], store: [lone] }), ['reg.corp/sent/leaf'])
  })

  it('do not walk in circles of CAs that have signed each other, and Go says so in its own words', async () => {
    const [a, b, c] = [await ca('A'), await ca('B'), await ca('C')]
    const by = (subject: CertificateAuthority, issuer: CertificateAuthority) =>
      ca(read(subject).subject.commonName ?? '', { issuer, key: subject.key })
    const ring = await Promise.all([by(a, b), by(b, c), by(c, a), by(b, a), by(c, b), by(a, c)])
    const sent = [await leaf(a), ...ring]
    for (const path of pathsUp(sources({ sent }), NOW)) {
      const names = path.map((link) => link.certificate.subject.commonName)
      assert.equal(new Set(names).size, names.length, names.join(' '))
    }
    const lost = verdict({ sent })
    assert.deepEqual(faults(lost)[0], '*unknown-authority')
    assert.ok(lost.path.length <= 4)
    for (const anchor of [a, b, c]) {
      const judgement = verdict({ sent, store: [anchor] })
      assert.ok(judgement.proven && !judgement.findings.some((finding) => finding.severity === 'error'))
    }
  })

  it('try no more than 200 signatures, however many bear the name', async () => {
    const namesake = read(await ca('Middle'))
    const found = (count: number): number | undefined => {
      const crowd = Array.from({ length: count }, (_, index) => ({ ...namesake, sha256: String(index) }))
      const sent = [read(server), ...crowd, read(middle)]
      return pathsUp({ ...sources({ sent: [] }), sent }, NOW)[0]?.length
    }
    assert.deepEqual([found(199), found(200)], [2, 1])
  })
})

describe('judge: which of several ways would hold', () => {
  it('an expired root in the store does not hide the root that would do', async () => {
    const old = await ca('Old Root', { notAfter: days(-1) })
    const next = await ca('Next Root')
    const crossed = await ca('Issuing', { issuer: old })
    const issuing = await ca('Issuing', { issuer: next, key: crossed.key })
    const server = await leaf(issuing)
    const scene = { sent: [server, issuing, crossed], store: [old] }
    const given = verdict({ ...scene, given: [next] })
    assert.deepEqual(faults(given), ['*expired', 'unknown-authority'])
    assert.match(predicted(given) ?? '', /certificate has expired or is not yet valid/)
    assert.equal(
      only(given, 'expired').message,
      '"Old Root" has expired on 2026-05-31; of the ways up, the one to "Next Root" would hold',
    )
    assert.equal(only(given, 'expired').certificate, old.sha256)
    assert.equal(only(given, 'unknown-authority').certificate, next.sha256)
    assert.ok(!given.ownerMustAct, 'this machine can mend it')
    assert.equal(given.path.at(-1)?.certificate.sha256, next.sha256)
    assert.equal(predicted(verdict({ ...scene, trusted: [next] })), undefined)
    const turned = verdict({ ...scene, sent: [server, crossed, issuing], given: [next] })
    assert.deepEqual(faults(turned), ['*unknown-authority', 'expired'], 'Go says what it tried last')

    const alone = verdict({ ...scene, sent: [server, crossed] })
    assert.deepEqual(faults(alone), ['*expired'])
    assert.ok(alone.ownerMustAct, 'no other way is known')
  })

  it('an expired cross-signature of the root that is given is named, as Go names it', async () => {
    const old = await ca('Old Root', { notAfter: days(-1) })
    const next = await ca('Next Root')
    const cross = await ca('Next Root', { issuer: old, key: next.key, notAfter: days(-1) })
    const issuing = await ca('Issuing', { issuer: next })
    const sent = [await leaf(issuing), issuing, cross]
    const judgement = verdict({ sent, given: [next] })
    assert.deepEqual(faults(judgement), ['*expired', 'unknown-authority'])
    const { certificate, message } = only(judgement, 'expired')
    assert.equal(certificate, cross.sha256)
    assert.match(
      message,
      /^"Next Root" has expired on .*; of the ways up, the one to "Next Root" would hold$/,
    )
    assert.equal(only(judgement, 'unknown-authority').certificate, next.sha256)
    assert.ok(!judgement.ownerMustAct)
    assert.deepEqual(faults(verdict({ sent, trusted: [next] })), [])
  })

  it('an intermediate for another purpose does not hide its twin', async () => {
    const upper = await ca('Upper')
    const wrong = await ca('Issuing', { issuer: upper, pathLen: 0 })
    const narrow = await ca('Narrow', { issuer: wrong })
    const wide = await ca('Narrow', { issuer: await ca('Wide Root'), key: narrow.key })
    const judgement = verdict({ sent: [await leaf(narrow), wide, narrow, wrong], store: [upper] })
    assert.deepEqual(faults(judgement), ['*path-length', 'unknown-authority'])
    assert.match(only(judgement, 'path-length').message, /; of the ways up, the one to "Narrow" would hold$/)
    assert.equal(only(judgement, 'unknown-authority').certificate, wide.sha256)
    assert.ok(!judgement.ownerMustAct)
  })
})

describe('judge: the chain that is shown', () => {
  it('is what was sent, in its order, then the rest of the path, then what else was found, each once', async () => {
    const root = await ca('Root')
    const middle = await ca('Middle', { issuer: root })
    const server = await leaf(middle)
    const stranger = await ca('Stranger')
    const guest = await leaf(stranger, { names: ['guest.corp'] })
    const other = await ca('Other', { issuer: stranger })
    assert.deepEqual(
      chain({
        sent: [server, guest, server, stranger],
        fetched: [middle, other, middle],
        given: [root, other, stranger],
        store: [root],
      }),
      [
        'reg.corp/sent/leaf',
        'guest.corp/sent/leaf',
        'reg.corp/sent/leaf',
        'Stranger/sent/root',
        'Middle/fetched/intermediate',
        'Root/store/root',
        'Other/fetched/intermediate',
      ],
    )
    assert.deepEqual(chain({ sent: [server, other], given: [stranger] }), [
      'reg.corp/sent/leaf',
      'Other/sent/intermediate',
      'Stranger/given/root',
    ])
  })
})
