import assert from 'node:assert/strict'
import { createCa, type Certificate as Made } from '../../fixtures/pki.ts'
import { climb } from '../../src/registry/aia.ts'
import { CertPool, parseCertificate } from '../../src/x509/index.ts'
import { closeServers, web } from './servers.ts'

const HERE = ['127.0.0.1']
const limits = { timeoutMs: 3000 }
const parse = ({ certificate }: Made) => parseCertificate(certificate)

describe('registry/aia: how far it climbs', () => {
  afterEach(closeServers)

  /** root ← ca1 ← ca2 ← … ← leaf, each naming its issuer's address. */
  async function ladder(steps: number) {
    const files: Record<string, Buffer> = {}
    const { base, asked } = await web(files)
    const root = await createCa({ name: 'Root', keyKind: 'p-256' })
    files['/0'] = root.certificate
    const cas = [root]
    for (let step = 1; step <= steps; step++) {
      const aia = `${base}/${step - 1}`
      const next = await createCa({
        name: `CA ${step}`,
        issuer: cas[step - 1] ?? root,
        aia,
        keyKind: 'p-256',
      })
      files[`/${step}`] = next.certificate
      cas.push(next)
    }
    const leaf = await (cas[steps] ?? root).issue({
      names: ['reg.corp'],
      aia: `${base}/${steps}`,
      keyKind: 'p-256',
    })
    return { root, cas, leaf, asked }
  }

  it('three times at most', async () => {
    const { leaf, asked } = await ladder(4)
    const fetched = await climb([parse(leaf)], new CertPool(), HERE, limits)
    assert.equal(fetched.length, 3)
    assert.deepEqual(asked, ['/4', '/3', '/2'])
  })

  it('up to a root', async () => {
    const { leaf, asked } = await ladder(1)
    await climb([parse(leaf)], new CertPool(), HERE, limits)
    assert.deepEqual(asked, ['/1', '/0'])
  })

  it('not through a crowd of one name, each signed by the next: as many signatures as Go checks, and no more', async () => {
    const { base, asked } = await web({})
    for (const [count, asks] of [
      [8, true],
      [30, false],
    ] as const) {
      const name = 'Rung'
      const hidden = await createCa({ name: 'Root', keyKind: 'p-256' })
      const rungs = [await hidden.intermediate({ name, keyKind: 'p-256', aia: `${base}/${count}` })]
      for (let height = 1; height < count; height++)
        rungs.unshift(await (rungs[0] ?? hidden).intermediate({ name, keyKind: 'p-256' }))
      const leaf = await (rungs[0] ?? hidden).issue({ names: ['reg.corp'], keyKind: 'p-256' })
      // The worst order: the wrong ones are tried first.
      await climb([leaf, ...rungs.toReversed()].map(parse), new CertPool(), HERE, limits)
      assert.equal(asked.includes(`/${count}`), asks)
    }
  })

  it('not beyond what is known or was sent', async () => {
    const { leaf, cas, asked } = await ladder(2)
    const [root, , second] = cas
    assert.ok(root && second)
    await climb([parse(leaf)], CertPool.of(parse(second)), HERE, limits)
    assert.deepEqual(asked, [])
    await climb([leaf, ...cas].map(parse), new CertPool(), HERE, limits)
    assert.deepEqual(asked, [])
    await climb([leaf, second].map(parse), CertPool.of(parse(root)), HERE, limits)
    assert.deepEqual(asked, ['/1'])
    assert.deepEqual(await climb([], new CertPool(), HERE, limits), [])
  })

  it('out of a circle', async () => {
    const files: Record<string, Buffer> = {}
    const { base, asked } = await web(files)
    const a = await createCa({ name: 'A', keyKind: 'p-256' })
    const b = await createCa({ name: 'B', issuer: a, aia: `${base}/a`, keyKind: 'p-256' })
    const crossed = await createCa({ name: 'A', issuer: b, key: a.key, aia: `${base}/b` })
    const leaf = await b.issue({ names: ['reg.corp'], aia: `${base}/b`, keyKind: 'p-256' })
    Object.assign(files, { '/a': crossed.certificate, '/b': b.certificate })
    const fetched = await climb([parse(leaf)], new CertPool(), HERE, limits)
    assert.deepEqual(asked, ['/b', '/a'])
    assert.equal(fetched.length, 2)
  })

  it('no further when the answer is a stranger', async () => {
    const stranger = await createCa({ name: 'Stranger', keyKind: 'p-256' })
    const { base, asked } = await web({ '/x': stranger.certificate })
    const issuer = await createCa({ name: 'Issuer', keyKind: 'p-256' })
    const leaf = await issuer.issue({ names: ['reg.corp'], aia: `${base}/x`, keyKind: 'p-256' })
    const [fetched] = await climb([parse(leaf)], new CertPool(), HERE, limits)
    assert.deepEqual([asked, fetched?.certificates], [['/x'], [stranger.certificate]])
  })

  it('nowhere after an interruption', async () => {
    const controller = new AbortController()
    const { base } = await web({
      '/x': () => {
        controller.abort()
      },
    })
    const issuer = await createCa({ name: 'Issuer', keyKind: 'p-256' })
    const leaf = await issuer.issue({ names: ['reg.corp'], aia: `${base}/x`, keyKind: 'p-256' })
    const running = climb([parse(leaf)], new CertPool(), HERE, { timeoutMs: 3000, signal: controller.signal })
    await assert.rejects(running, { name: 'AbortError' })
  })
})
