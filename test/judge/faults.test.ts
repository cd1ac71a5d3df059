import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import type { Certificate, CertificateAuthority } from '../../fixtures/pki.ts'
import type { Judgement } from '../../src/judge/index.ts'
import { alone, ca, days, leaf } from './evidence.ts'
import { faults, only, predicted, verdict } from './verdict.ts'

const PREFIX = 'tls: failed to verify certificate: x509: '
const EXPIRED = `${PREFIX}certificate has expired or is not yet valid: current time 2026-06-01T12:00:00Z is`

describe('judge: faults of the chain', () => {
  let root: CertificateAuthority
  before(async () => {
    root = await ca('Root')
  })

  /** Only the owner can mend it; Docker prints `text`; the finding names `culprit`. */
  function check(code: string, sent: readonly Certificate[], text: string, culprit: Certificate): void {
    const judgement = verdict({ sent, store: [root] })
    assert.deepEqual(faults(judgement), [`*${code}`])
    assert.equal(predicted(judgement), text)
    assert.equal(judgement.findings.find((finding) => finding.first)?.certificate, culprit.sha256)
    assert.ok(judgement.ownerMustAct && !judgement.proven)
  }

  it('names the certificate that has expired: leaf, intermediate or root', async () => {
    const server = await leaf(root, { notAfter: days(-3) })
    check('expired', [server], `${EXPIRED} after 2026-05-29T12:00:00Z`, server)
    const middle = await ca('Middle', { issuer: root, notAfter: days(-2) })
    check('expired', [await leaf(middle), middle], `${EXPIRED} after 2026-05-30T12:00:00Z`, middle)
    const old = await ca('Old', { notAfter: days(-1) })
    const judgement = verdict({ sent: [await leaf(old)], store: [old] })
    assert.equal(only(judgement, 'expired').certificate, old.sha256)
    assert.equal(predicted(judgement), `${EXPIRED} after 2026-05-31T12:00:00Z`)
  })

  it('names a certificate that is not valid yet', async () => {
    const server = await leaf(root, { notBefore: days(1) })
    check('not-yet-valid', [server], `${EXPIRED} before 2026-06-02T12:00:00Z`, server)
    const { fix, message } = only(verdict({ sent: [server], store: [root] }), 'not-yet-valid')
    assert.match(fix ?? '', /^wait until then, or reissue it/)
    assert.match(message, / is not valid before 2026-06-02T12:00:00Z$/)
  })

  it('blames the clock where the registry would accept by its own', async () => {
    const sent = [await leaf(root, { notBefore: days(1) })]
    const wrong = verdict({ sent, store: [root], observation: { clockSkewSeconds: 2 * 86_400 } })
    assert.deepEqual(faults(wrong), ['*not-yet-valid', 'clock-skew'])
    assert.equal(only(wrong, 'not-yet-valid').owner, 'machine')
    assert.equal(only(wrong, 'clock-skew').severity, 'error')
    assert.ok(!wrong.ownerMustAct && !wrong.proven)
    const short = verdict({ sent, store: [root], observation: { clockSkewSeconds: 3600 } })
    assert.equal(only(short, 'not-yet-valid').owner, 'registry')
    assert.equal(only(short, 'clock-skew').severity, 'warning')
    assert.ok(short.ownerMustAct)
    const small = verdict({ sent, store: [root], observation: { clockSkewSeconds: 300 } })
    assert.deepEqual(faults(small), ['*not-yet-valid'])
  })

  it('tells a wrong name, no SAN and an address without IP SAN apart', async () => {
    const other = await leaf(root, { names: ['a.corp', 'b.corp'] })
    check('name-mismatch', [other], `${PREFIX}certificate is valid for a.corp, b.corp, not reg.corp`, other)
    const legacy = await leaf(root, { noSan: true, commonName: 'reg.corp' })
    const advice = 'certificate relies on legacy Common Name field, use SANs instead'
    check('no-san', [legacy], PREFIX + advice, legacy)
    const named = await leaf(root)
    const judgement = verdict({ registry: '198.18.0.2:5000', sent: [named], store: [root] })
    assert.deepEqual(faults(judgement), ['*ip-without-ip-san'])
    assert.ok(judgement.ownerMustAct)
    assert.equal(
      predicted(judgement),
      `Get "https://198.18.0.2:5000/v2/": ${PREFIX}cannot validate certificate for 198.18.0.2 because it doesn't contain any IP SANs`,
    )
    const addressed = await leaf(root, { ips: ['198.18.0.2'] })
    assert.deepEqual(faults(verdict({ registry: '198.18.0.2:5000', sent: [addressed], store: [root] })), [])
    const elsewhere = await leaf(root, { names: ['a.corp'], ips: ['198.18.0.9'] })
    for (const [registry, wanted] of [
      ['198.18.0.2:5000', 'IP:198.18.0.2'],
      ['[::1]:5000', 'IP:::1'],
      ['reg.corp:5000', 'DNS:reg.corp'],
    ] as const) {
      const { fix = '' } = only(verdict({ registry, sent: [elsewhere], store: [root] }), 'name-mismatch')
      assert.ok(fix.startsWith(`reissue it with subjectAltName = ${wanted},`), fix)
    }
  })

  it('names a certificate that is not meant for servers', async () => {
    const client = await leaf(root, { ekus: ['clientAuth'] })
    check('wrong-key-usage', [client], `${PREFIX}certificate specifies an incompatible key usage`, client)
  })

  it('names an issuer that is no CA and a path that is too long', async () => {
    const impostor = await ca('Impostor', { issuer: root, isCA: false })
    check(
      'issuer-not-ca',
      [await leaf(impostor), impostor],
      `${PREFIX}certificate signed by unknown authority (possibly because of "x509: invalid signature: parent certificate cannot sign this kind of certificate" while trying to verify candidate authority certificate "Impostor")`,
      impostor,
    )
    const narrow = await ca('Narrow', { issuer: root, pathLen: 0 })
    const extra = await ca('Extra', { issuer: narrow })
    const text = `${PREFIX}too many intermediates for path length constraint`
    check('path-length', [await leaf(extra), extra, narrow], text, narrow)
  })

  it('blames a SHA-1 signature on what bears it', async () => {
    const weak = await ca('Weak', { issuer: root, digest: 'sha1' })
    const judgement = verdict({ sent: [await leaf(weak), weak], store: [root] })
    assert.deepEqual(faults(judgement), ['*weak-signature'])
    assert.equal(only(judgement, 'weak-signature').certificate, weak.sha256)
    assert.equal(
      predicted(judgement),
      `${PREFIX}certificate signed by unknown authority (possibly because of "x509: cannot verify signature: insecure algorithm ECDSA-SHA1" while trying to verify candidate authority certificate "Root")`,
    )
    const server = await leaf(root, { digest: 'sha1' })
    const own = verdict({ sent: [server], store: [root] })
    assert.equal(only(own, 'weak-signature').certificate, server.sha256)
    assert.ok(own.ownerMustAct, 'a leaf of a CA can be no anchor')
  })

  it('warns of RSA under 2048 bits and refuses what Go refuses', async () => {
    const short = await leaf(root, { keyKind: 'rsa-1024' })
    const judgement = verdict({ sent: [short], store: [root] })
    assert.deepEqual(faults(judgement), ['weak-key'])
    assert.equal(only(judgement, 'weak-key').severity, 'warning')
    assert.equal(predicted(judgement), undefined)
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 512 })
    const tiny = await leaf(root, { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() })
    const refused = verdict({ sent: [tiny], store: [root] })
    assert.deepEqual(faults(refused), ['*weak-key'])
    assert.match(
      predicted(refused) ?? '',
      /^tls: invalid signature by the server certificate: crypto\/rsa: 512/,
    )
    assert.ok(refused.ownerMustAct)
  })

  it("names what cannot be read, and takes no other certificate for the server's own", async () => {
    const middle = await ca('Middle', { issuer: root })
    const server = await leaf(middle)
    const garbage = Buffer.from('garbage')
    for (const raw of [
      [garbage, middle.certificate],
      [server.certificate, garbage, middle.certificate],
    ]) {
      const judgement = verdict({ raw, store: [root] })
      assert.deepEqual(faults(judgement), ['*malformed-certificate'])
      assert.match(judgement.findings[0]?.fix ?? '', /^openssl x509 -in leaf\.pem -noout -text /)
      const text = 'tls: failed to parse certificate from server: x509: malformed certificate'
      assert.equal(predicted(judgement), text)
      assert.ok(judgement.ownerMustAct)
      assert.equal(judgement.path[0]?.certificate.sha256, raw[0] === garbage ? undefined : server.sha256)
    }
  })

  it('names the crowd in which Go gives up, beside who is not known in it', async () => {
    const middle = await ca('Middle', { issuer: root })
    const server = await leaf(middle)
    const { key } = await ca('Middle', { issuer: root })
    const crowd = await Promise.all(Array.from({ length: 101 }, () => ca('Middle', { issuer: root, key })))
    const sent = [server, middle, ...crowd]
    const codesOf = (judgement: Judgement): string[] =>
      faults(judgement).filter((code) => code !== 'unrelated-certificate')
    const seen = verdict({ sent })
    assert.deepEqual(codesOf(seen), ['*chain-too-long', 'unknown-authority'])
    assert.match(predicted(seen) ?? '', /x509: signature check attempts limit reached/)
    assert.match(only(seen, 'chain-too-long').fix ?? '', /and nothing else$/)
    assert.equal(seen.ownerMustAct, false, 'the root would do')
    assert.deepEqual(codesOf(verdict({ sent, trusted: [root] })), [])
  }).timeout(20_000)

  it('lists all faults at once and marks the one that Go prints', async () => {
    const old = await ca('Old', { notAfter: days(-300) })
    const bad = { ekus: ['clientAuth'], names: ['other.corp'] }
    const judgement = verdict({ sent: [await leaf(old, bad)], trusted: [old] })
    assert.deepEqual(faults(judgement), ['*name-mismatch', 'expired', 'wrong-key-usage'])
    const dated = verdict({ sent: [await leaf(old, { ...bad, notAfter: days(-1) })], trusted: [old] })
    assert.deepEqual(faults(dated), ['*expired', 'expired', 'name-mismatch', 'wrong-key-usage'])
    assert.match(predicted(dated) ?? '', /after 2026-05-31T12:00:00Z$/, 'the leaf is looked at first')
    const stranger = await alone({ notAfter: days(-1), names: ['other.corp'] })
    assert.deepEqual(faults(verdict({ sent: [stranger] })), ['*expired', 'name-mismatch'])
  })
})
