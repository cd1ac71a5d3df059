import assert from 'node:assert/strict'
import { flagConflicts, valuesOf } from '../../src/runtimes/docker-flags.ts'

describe('what stands both on the command line of dockerd and in daemon.json', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    [
      'dockerd -H fd:// --containerd=/run/containerd/containerd.sock',
      '{"hosts": ["tcp://0:2375"]}',
      ['hosts'],
    ],
    ['dockerd --host unix:///x', '{"hosts": []}', ['hosts']],
    ['dockerd --storage-driver=vfs', '{"storage-driver": "overlay2", "debug": true}', ['storage-driver']],
    ['dockerd -s vfs -D', '{"storage-driver": "vfs", "debug": true}', ['storage-driver', 'debug']],
    ['dockerd --insecure-registry a:5000', '{"insecure-registries": ["b"]}', ['insecure-registries']],
    ['dockerd --log-opt max-size=1m', '{"log-opts": {}, "log-driver": "local"}', ['log-opts']],
    ['dockerd --add-runtime x=y', '{"runtimes": {}, "features": {}}', []],
    ['dockerd -H fd://', '{"bridge": "none"}', []],
    // The value of a flag is no flag.
    ['dockerd --config-file /debug', '{"debug": true}', []],
  ]
  for (const [line, config, expected] of cases) {
    it(`${line} with ${config}`, () => {
      assert.deepEqual(flagConflicts(line.split(' '), JSON.parse(config) as object), expected)
    })
  }
})

describe('what a flag of dockerd is given', () => {
  it('in one word or two, as often as it stands there', () => {
    const line = 'dockerd --a x --a=y --ab=z --b --a='
    assert.deepEqual(valuesOf(line.split(' '), 'a'), ['x', 'y', ''])
    assert.deepEqual(valuesOf(['dockerd', '--a'], 'a'), [])
  })
})
