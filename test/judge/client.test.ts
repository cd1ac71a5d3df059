import assert from 'node:assert/strict'
import { isLetIn } from '../../src/judge/client.ts'
import type { Observation } from '../../src/registry/observation.ts'
import type { EngineAnswer } from '../../src/runtimes/engine.ts'

describe('judge: an engine with a client certificate of its own', () => {
  const failed = {
    failure: { code: 'client-certificate-required', stage: 'tls', detail: '' },
  } as unknown as Observation
  const nginx = {
    ping: { status: 400, bodyStart: 'No required SSL certificate was sent' },
  } as unknown as Observation
  const said = (message: string, outcome: EngineAnswer['outcome'] = 'accepted') => ({ outcome, message })

  it('is let in where it got an answer of the registry', () => {
    for (const seen of [failed, nginx])
      assert.equal(isLetIn(seen, said('Get "https://reg:5000/v2/": no basic auth credentials')), true)
  })

  it('is not where it was sent away, had no answer, or nobody asks for one', () => {
    assert.equal(isLetIn(nginx, said('login attempt to … failed with status: 400 Bad Request')), false)
    assert.equal(isLetIn(failed, said('remote error: tls: bad certificate', 'refused')), false)
    assert.equal(isLetIn(failed, undefined), false)
    assert.equal(isLetIn({} as Observation, said('')), false)
  })
})
