import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import type { Context } from '../../../src/cli/flow/context.ts'
import { gate } from '../../../src/cli/flow/gate.ts'
import { observe } from '../../../src/cli/flow/observe.ts'
import type { Survey } from '../../../src/cli/flow/survey.ts'
import type { Wire } from '../../../src/registry/connect.ts'
import { parseRegistry } from '../../../src/registry/reference.ts'
import { CertPool } from '../../../src/x509/index.ts'

/** Longer than a test may take: whoever waits for it here fails. */
const FOR_EVER_MS = 600_000

const found = { engines: [], store: { pool: CertPool.of() }, remembered: new Map() } as unknown as Survey

describe('cli/flow/observe: the survey', () => {
  for (const host of ['localhost', '127.0.0.1'])
    it(`begins when the first packet to ${host} is on its way`, async () => {
      const order: string[] = []
      const hook = createHook({
        init: (_id, type) => {
          if (type === 'TCPCONNECTWRAP') order.push('connect')
        },
      }).enable()
      const survey = (): Promise<Survey> => {
        order.push('survey')
        return Promise.resolve(found)
      }
      // Nothing listens on port 1.
      await observe(contextOf(), survey, parseRegistry(`${host}:1`), FOR_EVER_MS)
      hook.disable()
      assert.deepEqual(order.slice(0, 2), ['connect', 'survey'])
    })

  it('begins at once when there is nothing to dial', async () => {
    const unknown = contextOf({ resolve: () => Promise.resolve([]) })
    const seen = await observe(unknown, () => Promise.resolve(found), parseRegistry('a.test'), FOR_EVER_MS)
    assert.equal(seen.evidence.observation.failure?.code, 'name-not-resolved')
  })

  it('does not wait for a name that is slow to look up', async () => {
    const surveyed = gate<readonly string[]>()
    const survey = (): Promise<Survey> => {
      surveyed.open([])
      return Promise.resolve(found)
    }
    const seen = await observe(
      contextOf({ resolve: () => surveyed.passed }),
      survey,
      parseRegistry('a.test'),
      1,
    )
    assert.equal(seen.evidence.observation.failure?.code, 'name-not-resolved')
  })
})

function contextOf(wire?: Partial<Wire>): Context {
  return {
    engines: [],
    given: [],
    loopbackCounts: true,
    machine: { wire, now: () => new Date() },
    services: { io: { signal: new AbortController().signal, env: {} } },
    options: { runtimes: [], pins: [], ca: [], fingerprints: [], aia: false, timeoutMs: 60_000 },
  } as unknown as Context
}
