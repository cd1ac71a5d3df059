import assert from 'node:assert/strict'
import { askEngines, askListeners } from '../../../src/cli/flow/ask.ts'
import type { Context } from '../../../src/cli/flow/context.ts'
import { gate } from '../../../src/cli/flow/gate.ts'
import { observe } from '../../../src/cli/flow/observe.ts'
import type { Survey } from '../../../src/cli/flow/survey.ts'
import { parseRegistry } from '../../../src/registry/reference.ts'
import type { Engine, EngineAnswer, EngineSurvey } from '../../../src/runtimes/engine.ts'
import { CertPool } from '../../../src/x509/index.ts'

// Nothing listens on port 1.
const target = parseRegistry('127.0.0.1:1')
const answer: EngineAnswer = { outcome: 'refused', message: 'connection refused' }

describe('cli/flow/ask', () => {
  it('an engine that listens is asked while it is surveyed, and once', async () => {
    const { engine, asked, count } = fake(true)
    // The survey is not done before the engine was asked: who waits for it here waits for ever.
    const survey = async (): Promise<Survey> => {
      await asked
      return surveyOf(engine, 'running')
    }
    const seen = await observe(contextOf([engine]), survey, target)
    assert.deepEqual(seen.evidence.engines[0]?.answer, answer)
    assert.equal(count(), 1)
  })

  it('what it says counts only where the survey finds it running', async () => {
    const { engine, count } = fake(true)
    const context = contextOf([engine])
    const early = askListeners(context, target)
    const reached = Promise.resolve(true)
    const [found] = await askEngines(context, surveyOf(engine, 'unreachable'), target, reached, early)
    assert.deepEqual([found?.answer, count()], [undefined, 1])
  })

  it('others wait for the survey, and in an image nobody is asked', () => {
    const [listener, other] = [fake(true), fake(false)]
    assert.equal(askListeners(contextOf([other.engine]), target).size, 0)
    assert.equal(askListeners(contextOf([listener.engine], true), target).size, 0)
    assert.deepEqual([listener.count(), other.count()], [0, 0])
  })
})

function fake(listens: boolean) {
  const asked = gate<undefined>()
  let count = 0
  const engine = {
    name: 'docker',
    ...(listens ? { listens } : {}),
    readTrust: () =>
      Promise.resolve({ path: '/', state: 'absent', pool: CertPool.of(), ignored: [], misnamed: [] }),
    ask: () => {
      count++
      asked.open(undefined)
      return Promise.resolve(answer)
    },
  } as unknown as Engine
  return { engine, asked: asked.passed, count: () => count }
}

function surveyOf(engine: Engine, state: EngineSurvey['state']): Survey {
  const survey = {
    ...{ name: 'docker', kind: 'daemon', installed: true, state, loader: 'classic', environment: {} },
    ...{ insecureRegistries: [], insecureNetworks: [], environmentAssumed: true },
  } as EngineSurvey
  const store = { pool: CertPool.of() } as Survey['store']
  return { engines: [{ engine, survey, store }], store, remembered: new Map() }
}

function contextOf(engines: readonly Engine[], atRest = false): Context {
  return {
    engines,
    given: [],
    loopbackCounts: true,
    machine: { atRest, now: () => new Date(), who: () => ({ privileged: true }) },
    services: { io: { signal: new AbortController().signal, env: {} } },
    options: { runtimes: [], pins: [], ca: [], fingerprints: [], aia: false, timeoutMs: 5000 },
  } as unknown as Context
}
