import assert from 'node:assert/strict'
import { retyped } from '../../../src/cli/flow/retype.ts'
import { defaultOptions, type Options } from '../../../src/cli/options.ts'

const options = (more: Partial<Options>): Options => ({
  ...defaultOptions,
  command: 'diagnose',
  registries: ['reg.corp:5000'],
  ...more,
})

describe('lines of advice', () => {
  const named = options({
    runtimes: ['podman', 'docker'],
    pins: [{ host: 'reg.corp', port: 5000, address: '192.0.2.7' }],
    stateDir: '/srv/my state',
  })

  it('mean the same when they are pasted: engines, ways and memory are added, before the comment', () => {
    assert.equal(
      retyped(named, 'trust-registry reg.corp:5000 --ca /a.pem      # from its owner'),
      "trust-registry reg.corp:5000 --ca /a.pem --runtime podman --runtime docker --resolve reg.corp:5000:192.0.2.7 --state-dir '/srv/my state'      # from its owner",
    )
    assert.equal(
      retyped(named, 'trust-registry diagnose reg.corp:5000 --runtime docker'),
      'trust-registry diagnose reg.corp:5000 --runtime docker --resolve reg.corp:5000:192.0.2.7',
    )
  })

  it('stay as they are where nothing was named, and where they are no lines of ours', () => {
    const lines = 'trust-registry reg.corp:5000\nsystemctl restart docker\nonce trust-registry reg.corp:5000'
    assert.equal(retyped(options({}), lines), lines)
    const others = 'systemctl restart docker\nsudo trust-registry --help'
    assert.equal(retyped(named, others), others)
  })

  it('of undo and status get the machine and its memory, and no engine or way, which they do not know', () => {
    assert.equal(
      retyped(named, 'trust-registry undo reg.corp:5000\ntrust-registry status      # all'),
      "trust-registry undo reg.corp:5000 --state-dir '/srv/my state'\ntrust-registry status --state-dir '/srv/my state'      # all",
    )
    assert.equal(
      retyped(named, 'trust-registry undo.corp:5000\ntrust-registry status.corp:5000      # all')
        .split('\n')
        .filter((line) => line.includes(' --runtime podman --runtime docker --resolve ')).length,
      2,
    )
  })
})
