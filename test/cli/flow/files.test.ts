import assert from 'node:assert/strict'
import { servedOf } from '../../../src/cli/flow/files.ts'
import { judge } from '../../../src/judge/index.ts'
import { parseRegistry } from '../../../src/registry/reference.ts'
import { evidence, REGISTRY, type Scene } from '../../judge/evidence.ts'

describe('the engines that get files', () => {
  const served = (scene: Scene): readonly boolean[] => {
    const facts = evidence(scene)
    const seen = { target: parseRegistry(REGISTRY), evidence: facts, judgement: judge(facts) }
    return servedOf(seen).map(({ required }) => required)
  }

  it('one that never checks a loopback address gets none; one that is told not to check gets them for the day it does', () => {
    const observation = { addresses: ['127.0.0.1'] }
    assert.deepEqual(served({}), [true])
    assert.deepEqual(served({ observation }), [false])
    assert.deepEqual(served({ observation, survey: { name: 'podman', loader: 'containers' } }), [true])
    assert.deepEqual(served({ observation, loopbackCounts: true }), [true])
    assert.deepEqual(served({ survey: { insecureRegistries: [REGISTRY] } }), [true])
  })
})
