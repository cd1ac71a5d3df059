import assert from 'node:assert/strict'
import { decideBlind } from '../../src/change/index.ts'
import type { Certificate } from '../../src/x509/index.ts'
import { alone, ca, leaf, read } from '../judge/evidence.ts'

const A = 'reg.corp:5000'

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
    const { identity, anchor, install } = decideBlind(A, [server, root, next, self, root], [])
    assert.deepEqual([identity.how, identity.sha256, anchor], ['ca-file', root.sha256, root])
    assert.deepEqual(install, [root, next, self])
  })

  it('takes only what is pinned where there is a pin', () => {
    const { identity, install } = decideBlind(A, [root, next], ['0'.repeat(64), next.sha256])
    assert.deepEqual([identity.how, identity.sha256], ['pin', next.sha256])
    assert.deepEqual(install, [next])
  })

  it('holds the file against what was accepted before: it stays the identity, or only a pin replaces it', () => {
    const subject = root.subject.text
    const identity = { how: 'pin', sha256: root.sha256, subject } as const
    const anchor = root.raw.toString('base64')
    const recorded = { registry: A, identity, anchor, since: '2026-11-22T08:00:00.000Z' }
    assert.throws(() => decideBlind(A, [next], [], recorded), { code: 'identity-mismatch' })
    const both = decideBlind(A, [next, root], [], recorded)
    assert.deepEqual([both.identity.how, both.identity.sha256], ['recorded', root.sha256])
    assert.deepEqual(both.install, [next, root])
    const pinned = decideBlind(A, [next], [next.sha256], recorded)
    assert.deepEqual([pinned.identity.how, pinned.identity.sha256], ['pin', next.sha256])
  })

  it('refuses a pin that matches nothing, and never takes a leaf of a CA', () => {
    assert.throws(() => decideBlind(A, [root, server], [next.sha256]), { code: 'identity-mismatch' })
    assert.throws(() => decideBlind(A, [root, server], [server.sha256]), { code: 'identity-mismatch' })
    assert.throws(() => decideBlind(A, [server], []), { code: 'bad-file' })
    assert.throws(() => decideBlind(A, [], []), { code: 'bad-file' })
  })
})
