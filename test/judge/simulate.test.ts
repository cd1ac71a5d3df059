import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import type { CertificateAuthority } from '../../fixtures/pki.ts'
import { wouldAccept } from '../../src/judge/index.ts'
import { alone, ca, days, evidence, leaf, read, type Scene } from './evidence.ts'

describe('judge: would it be accepted', () => {
  let root: CertificateAuthority
  before(async () => {
    root = await ca('Root')
  })

  const accepts = (scene: Scene, ...install: readonly Parameters<typeof read>[0][]): boolean =>
    wouldAccept(evidence(scene), install.map(read))

  it('with the right certificate installed, and not without', async () => {
    const middle = await ca('Middle', { issuer: root })
    const server = await leaf(middle)
    const self = await alone()
    assert.ok(!accepts({ sent: [server] }))
    assert.ok(!accepts({ sent: [server] }, root), 'the intermediate is still missing')
    assert.ok(accepts({ sent: [server] }, root, middle))
    assert.ok(accepts({ sent: [server] }, middle), 'Go takes an intermediate for an anchor')
    assert.ok(accepts({ sent: [server], store: [root] }, middle))
    assert.ok(accepts({ sent: [self] }, self))
  })

  it('never where only the owner can mend it', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 512 })
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const bad = [
      await leaf(root, { notAfter: days(-1) }),
      await leaf(root, { notBefore: days(1) }),
      await leaf(root, { names: ['other.corp'] }),
      await leaf(root, { ekus: ['clientAuth'] }),
      await leaf(root, { digest: 'sha1' }),
      await leaf(root, { key }),
    ]
    for (const [index, server] of bad.entries())
      assert.ok(!accepts({ sent: [server] }, root), `case ${index}`)
    const server = await leaf(root)
    assert.ok(accepts({ sent: [server] }, root))
    assert.ok(!accepts({ raw: [server.certificate, Buffer.from('garbage')] }, root))
    assert.ok(!accepts({ sent: [] }, root))
  })

  it('asks required engines only, each by the rules of its Go', async () => {
    const server = await leaf(root)
    assert.ok(accepts({ sent: [server], required: false }))
    const old = await leaf(root, { digest: 'sha1' })
    assert.ok(accepts({ sent: [old], go: 'go1.17' }, root), 'Go took SHA-1 until 1.17')
  })
})
