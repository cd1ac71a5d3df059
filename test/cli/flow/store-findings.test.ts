import assert from 'node:assert/strict'
import { afterwards, storeFindings } from '../../../src/cli/flow/store-findings.ts'
import { census } from '../../../src/stores/census.ts'
import { stores } from '../../../src/stores/index.ts'

const store = stores.debian
const look = { store, held: census(Buffer.alloc(0)), appended: [], lacking: [] }

describe('cli/flow/store-findings', () => {
  it('a damaged bundle is whole again where its tool ran, and only there', () => {
    const findings = storeFindings({
      look: { ...look, lacking: ['ab'.repeat(32)] },
      install: [],
      offered: [],
    })
    const [damage] = findings
    assert.deepEqual([damage?.code, findings.length], ['bundle-damaged', 1])
    const refresh = { do: 'refresh', store: store.name, there: [], gone: [] } as const
    const was = { pid: 77, ticks: 1 }
    const restart = { do: 'restart', when: 'forward', engine: 'docker', deadlineMs: 1, was } as const
    for (const steps of [[], [restart], [{ ...refresh, when: 'back' } as const, restart]])
      assert.deepEqual(afterwards(findings, steps), findings)
    assert.deepEqual(afterwards(findings, [{ ...refresh, when: 'forward' }]), [])
  })
})
