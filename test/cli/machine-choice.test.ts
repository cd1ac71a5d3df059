import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { parseMachine } from '../../src/cli/machine-choice.ts'

describe('cli/machine-choice', () => {
  const kind = 'ssh'

  it('reads what Docker reads', () => {
    assert.deepEqual(parseMachine('local'), { kind: 'local', text: 'local' })
    const cases: readonly (readonly [string, object])[] = [
      ['ssh://vm', { destination: 'vm' }],
      ['ssh://docker@192.168.99.100', { destination: 'docker@192.168.99.100' }],
      ['ssh://a.b@vm.corp:2022/', { destination: 'a.b@vm.corp', port: 2022 }],
      ['ssh://vm/run/user/1000/docker.sock', { destination: 'vm', socket: '/run/user/1000/docker.sock' }],
      ['ssh://root@[fd18::1]:22', { destination: 'root@fd18::1', port: 22 }],
    ]
    for (const [text, found] of cases) assert.deepEqual(parseMachine(text), { kind, text, ...found })
  })

  it('takes the whole path of an image, and says the whole path of a part of one', () => {
    const found = { kind: 'root', text: '/srv/image/', path: '/srv/image' }
    assert.deepEqual(parseMachine('/srv/image/'), found)
    for (const text of ['.', '..', './image', '../image', 'build/image', 'image/']) {
      assert.throws(
        () => parseMachine(text),
        (error: Error & { code?: string; fix?: string }) => {
          assert.equal(error.code, 'usage')
          assert.equal(error.fix, `--machine ${resolve(text)}`, text)
          return true
        },
      )
    }
    assert.throws(() => parseMachine('/srv/\0'), { code: 'usage' })
  })

  it('knows VMs by name', () => {
    assert.deepEqual(parseMachine('boot2docker'), { kind: 'boot2docker', text: 'boot2docker' })
    const text = 'boot2docker:dev-1'
    assert.deepEqual(parseMachine(text), { kind: 'boot2docker', text, name: 'dev-1' })
    for (const bad of ['boot2docker:', 'boot2docker:../x', 'boot2docker:-x', 'Boot2docker'])
      assert.throws(() => parseMachine(bad), { code: 'usage' }, bad)
  })

  it('takes nothing that ssh could take for a flag, and no password', () => {
    const bad = [
      '',
      'vm',
      'ssh://',
      'ssh://-oProxyCommand=x',
      'ssh://-l@vm',
      'ssh://a:b@vm',
      'ssh://vm:0',
      'ssh://vm:65536',
    ]
    for (const text of [
      ...bad,
      'ssh://a b',
      'ssh://vm:x',
      'https://vm',
      'ssh://a@b@c',
      'ssh://%00',
      'ssh://a\nb',
    ])
      assert.throws(() => parseMachine(text), { code: 'usage' }, text)
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: 'binary-ascii' }), (user, host) => {
        let found
        try {
          found = parseMachine(`ssh://${user}@${host}`)
        } catch {
          return
        }
        assert.ok(found.kind === 'ssh' && /^[A-Za-z0-9_][\w.@:+$-]*$/.test(found.destination), found.text)
      }),
    )
  })
})
