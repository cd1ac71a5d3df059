import assert from 'node:assert/strict'
import { keptFiles } from '../../../src/cli/flow/kept.ts'

const KEY = 'reg.corp:5000'
const OURS = `/etc/docker/certs.d/${KEY}/trust-registry-00.crt`
const THEIRS = '/etc/rancher/k3s/registries.yaml'

describe('files that undo keeps', () => {
  it('are removed by hand only where they were wholly ours; others are compared with what stood there', () => {
    const error = keptFiles(
      [
        { path: OURS, state: 'kept', sha256: 'a' },
        { path: THEIRS, state: 'kept', sha256: 'b', before: 'c0ffee' },
        { path: '/etc/gone', state: 'removed' },
      ],
      KEY,
      '/srv/state',
    )
    assert.equal(error?.code, 'rollback-incomplete')
    assert.deepEqual(error.fix?.split('\n'), [
      `rm ${OURS}; rmdir --ignore-fail-on-non-empty /etc/docker/certs.d/${KEY}`,
      `diff /srv/state/before-c0ffee ${THEIRS}      # it was there before: take out by hand only what was added for ${KEY}`,
    ])
    assert.equal(keptFiles([{ path: OURS, state: 'removed' }], KEY, '/srv/state'), undefined)
  })
})
