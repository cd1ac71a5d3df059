import assert from 'node:assert/strict'
import { decideBlind } from '../../src/change/index.ts'
import type { Certificate } from '../../src/x509/index.ts'
import { alone, ca, leaf, read } from '../judge/evidence.ts'

describe('change: identity without a look', () => {
  let root: Certificate
  let next: Certificate
  let server: Certificate
  let self: Certificate
  before(async () => {
    const made = await ca('Root')
    root = read(made)
    next = read(await ca('Next Root'))
    server = read(await leaf(made))
    self = read(await alone())
  })

  it('takes every CA of the file, and a certificate that signed itself', () => {
    const { identity, anchor, install } = decideBlind([server, root, next, self, root], [])
    assert.deepEqual([identity.how, identity.sha256, anchor], ['ca-file', root.sha256, root])
    assert.deepEqual(install, [root, next, self])
  })

  it('takes only what is pinned where there is a pin', () => {
    const { identity, install } = decideBlind([root, next], ['0'.repeat(64), next.sha256])
    assert.deepEqual([identity.how, identity.sha256], ['pin', next.sha256])
    assert.deepEqual(install, [next])
  })

  it('refuses a pin that matches nothing, and never takes a leaf of a CA', () => {
    assert.throws(() => decideBlind([root, server], [next.sha256]), { code: 'identity-mismatch' })
    assert.throws(() => decideBlind([root, server], [server.sha256]), { code: 'identity-mismatch' })
    assert.throws(() => decideBlind([server], []), { code: 'bad-file' })
    assert.throws(() => decideBlind([], []), { code: 'bad-file' })
  })
})
