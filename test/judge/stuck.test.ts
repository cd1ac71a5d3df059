import assert from 'node:assert/strict'
import { isBroken, isServed } from '../../src/judge/index.ts'
import { evidence, type Scene } from './evidence.ts'

describe('judge: an engine that a change has broken', () => {
  const fatal = { code: 'config-damaged', path: '/c', message: 'm', foreseen: false } as const
  const engine = (scene: Scene) => evidence(scene).engines[0] ?? assert.fail('there is one')

  it('was served before, and cannot read its files after', () => {
    const [whole, stopped] = [engine({}), engine({ trust: { fatal } })]
    assert.ok(isServed(whole) && !isServed(stopped))
    assert.equal(isBroken(whole, stopped), true)
    assert.equal(isBroken(whole, whole), false)
    assert.equal(isBroken(stopped, stopped), false, 'that was so before')
    assert.equal(isBroken(engine({ required: false }), stopped), false, 'nobody needs it')
  })
})
