import assert from 'node:assert/strict'
import type { Approved } from '../../../src/change/index.ts'
import type { Context } from '../../../src/cli/flow/context.ts'
import { widerView } from '../../../src/cli/flow/escalate.ts'
import type { Case } from '../../../src/cli/flow/observe.ts'
import { defaultOptions, type Options } from '../../../src/cli/options.ts'

describe('the line for the programs that read the OS store alone', () => {
  const seen = { judgement: { consumers: [{ name: 'system', state: 'refused' }] } } as unknown as Case
  const approved = { anchor: { isCA: true } } as unknown as Approved
  const wider = (more: Partial<Options>): string | undefined => {
    const options = { ...defaultOptions, command: 'trust', registries: ['reg.corp:5000'], ca: ['ca.pem'] }
    const context = { machine: { kind: 'local' }, options: { ...options, ...more } } as unknown as Context
    return widerView(context, seen, approved).wider
  }
  const plain = 'trust-registry reg.corp:5000 --ca ca.pem --scope system'

  it('can be typed at a terminal: the login is stored by then, and consent is asked for anew', () => {
    const login = { username: 'ci', passwordStdin: true, tokenRealms: ['auth.corp'], loginRequired: true }
    assert.equal(wider({ ...login, yes: true }), plain)
    assert.equal(wider({}), plain)
  })

  it('keeps what names the registry, its engines and the way there', () => {
    assert.equal(wider({ runtimes: ['docker'], aia: false }), `${plain} --runtime docker --no-aia`)
  })
})
