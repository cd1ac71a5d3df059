import assert from 'node:assert/strict'
import type { CertificateAuthority } from '../../fixtures/pki.ts'
import { heldBuilds } from '../../src/judge/index.ts'
import { ca, evidence, leaf, type Scene } from './evidence.ts'
import { verdict } from './verdict.ts'

describe('judge: builds that hold on to what failed', () => {
  let root: CertificateAuthority
  let sent: Scene['sent']
  before(async () => {
    root = await ca('Root')
    sent = [await leaf(root)]
  })

  const held = (before: Scene, after: Scene): number => {
    const [was, is] = [verdict({ sent: sent ?? [], ...before }), verdict({ sent: sent ?? [], ...after })]
    return heldBuilds(evidence({ sent: sent ?? [], ...after }).engines, was.consumers, is.consumers).length
  }
  const builder = (version: string) => ({ name: 'docker-build', loader: 'buildkit', version }) as const
  const accepted = { outcome: 'accepted', message: '' } as const

  it('are spoken of where a build would have failed and no longer does, from 25 on', () => {
    for (const [version, count] of [
      ['20.10.24', 0],
      ['24.0.9', 0],
      ['25.0.0', 1],
      ['28.5.2', 1],
    ] as const) {
      const survey = builder(version)
      assert.equal(held({ survey }, { survey, trusted: [root], answer: accepted }), count, version)
    }
  })

  it('are where only we foresee it now, and not where it was content before, refuses still, or is another program', () => {
    const survey = builder('28.5.2')
    const trusted = { survey, trusted: [root], answer: accepted }
    assert.equal(held(trusted, trusted), 0)
    assert.equal(held({ survey }, { survey, trusted: [root] }), 1)
    assert.equal(held({ survey }, { survey }), 0)
    const refused = { outcome: 'refused', message: 'x509: no' } as const
    assert.equal(held({ survey }, { survey, trusted: [root], answer: refused }), 0)
    const docker = { ...trusted, survey: { version: '28.5.2' } }
    assert.equal(held({ survey: docker.survey }, docker), 0)
  })
})
