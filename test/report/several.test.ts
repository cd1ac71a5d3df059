import assert from 'node:assert/strict'
import * as examples from './examples.ts'
import { consumer, outcome, registry } from './examples.ts'
import { text } from './plain-text.ts'

describe('report: quiet, several registries', () => {
  it('says nothing where all is well', () => {
    assert.equal(text(examples.trusted, { quiet: true }), '')
  })

  it('says the answer and the way out where it is not', () => {
    assert.match(
      text(examples.pinMismatch, { quiet: true }),
      /^reg\.corp:5000 {3}✗ STOPPED[^]*error\[identity-mismatch\][^]*To go on:/,
    )
  })

  it('counts several registries', () => {
    const two = {
      document: {
        ...examples.trusted.document,
        registries: [...examples.trusted.document.registries, ...examples.privateCa.document.registries],
      },
      views: [...examples.trusted.views, ...examples.privateCa.views],
    }
    assert.match(text(two), /\n\n2 registries: 1 in order, 1 not\n$/)
  })

  it('--check is a look, too', () => {
    const { document, path } = examples.trustPlanned.views[0] ?? { document: registry(), path: [] }
    const checked = text(outcome('trust', { ...document, ok: false, exitCode: 3 }, path))
    assert.match(checked, /does not trust it yet; this is the plan\n/)
    assert.match(checked, /Only a look/)
  })
})

describe('report: an engine that goes on with the OS store as it was', () => {
  const late = (command: string, document: ReturnType<typeof registry>): string => {
    const one = outcome(command, document)
    const restart = 'service docker restart'
    return text({ ...one, views: one.views.map((view) => ({ ...view, restart })) })
  }

  it('trust: what is done, what is not, and the line that finishes it', () => {
    const shown = late(
      'trust',
      registry({
        changed: true,
        changes: [{ path: '/usr/local/share/ca-certificates/a.crt', state: 'written' }],
        consumers: [consumer('docker', 'refused'), consumer('system', 'trusted', { required: true })],
      }),
    )
    assert.match(shown, /^reg\.corp:5000 {3}! in the OS store; docker trusts it once it is restarted\n/)
    assert.match(shown, /^ To finish: service docker restart\n To take it back: /m)
  })

  it('undo: Docker still trusts it, and the line that ends that', () => {
    const shown = late('undo', registry({ changed: true, changes: [{ path: '/a', state: 'removed' }] }))
    assert.match(shown, /^reg\.corp:5000 {3}! undone, but docker trusts it until it is restarted\n/)
    assert.match(shown, /^ To finish: service docker restart\n/m)
  })

  it('nobody reaches a registry on behalf of the OS store', () => {
    const only = [consumer('system', 'trusted', { required: true })]
    const shown = text(outcome('trust', registry({ verified: true, consumers: only })))
    assert.match(shown, /✓ verified: the bundle of the OS store holds what it takes/)
    const both = text(
      outcome('trust', registry({ verified: true, consumers: [consumer('docker', 'trusted'), ...only] })),
    )
    assert.match(both, /✓ verified: docker's daemon reached \/v2\/; the bundle of the OS store/)
  })
})
