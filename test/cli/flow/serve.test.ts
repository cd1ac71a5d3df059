import assert from 'node:assert/strict'
import { exitOf } from '../../../src/cli/exit.ts'
import { storedIn } from '../../../src/cli/flow/serve.ts'

describe('cli/flow/serve: what the caller says of its login', () => {
  it('is taken as it is said', () => {
    assert.deepEqual(storedIn('{}'), {})
    const said = { where: '/home/joe/.docker/config.json', plain: '/home/joe/.docker/config.json' }
    assert.deepEqual(storedIn(JSON.stringify(said)), said)
    const failed = { problem: 'no answer in time', finding: 'credential-helper-failed' }
    assert.deepEqual(storedIn(JSON.stringify(failed)), failed)
  })

  it('anything else is a refusal with a sentence, exit 4', () => {
    for (const line of ['', 'no', 'null', '[]', '7', '{"where":1}', '{"plain":{}}', '{"finding":"other"}']) {
      assert.throws(
        () => storedIn(line),
        (error: Error) =>
          exitOf(error) === 4 && error.message.startsWith('what the caller says of its login '),
        line,
      )
    }
  })
})
