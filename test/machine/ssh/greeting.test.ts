import assert from 'node:assert/strict'
import type { Channel } from '../../../src/machine/ssh/channel.ts'
import { greet } from '../../../src/machine/ssh/greeting.ts'

async function nameOf(name: string): Promise<string> {
  const body = Buffer.from(['1000', '1000', name, '/home/me', '0', 'Linux', ''].join('\n'))
  const ask = (): Promise<object> => Promise.resolve({ body, said: '', status: '0' })
  return (await greet({ ask } as unknown as Channel)).name
}

describe('machine/ssh/greeting: who we are over there', () => {
  it('is a name as programs take it, else the number: it goes into lines to paste', async () => {
    for (const name of ['docker', 'joe.doe', 'joe@corp.example', 'vm-1$', '_apt'])
      assert.equal(await nameOf(name), name)
    for (const name of ['x  # ;touch /tmp/pwned;', 'a b', "a'", '../x', '$(id)', 'CORP\\joe', ''])
      assert.equal(await nameOf(name), '#1000')
  })
})
