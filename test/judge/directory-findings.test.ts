import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { leaveOut } from '../support/left-out.ts'
import { only, verdict } from './verdict.ts'

/** The line for a file that the engine may not open. */
function lineFor(directory: string, path: string, flavour?: 'rootless'): string {
  const message = `open ${path}: permission denied`
  const fatal = { code: 'trust-directory-unreadable', path, message } as const
  const survey = flavour === undefined ? {} : { flavour }
  return only(verdict({ trust: { path: directory, fatal }, survey }), 'trust-directory-unreadable').fix ?? ''
}

describe('judge: what an engine may not open', () => {
  const DIR = '/etc/docker/certs.d/reg.corp:5000'

  it('is opened to it where it is public, and given to its owner where it may be a key', () => {
    for (const name of ['a.key', 'a.cert', 'client.pem'])
      assert.equal(
        lineFor(DIR, `${DIR}/${name}`),
        `chown root ${DIR}/${name} && chmod u+r ${DIR}/${name}`,
        name,
      )
    assert.equal(lineFor(DIR, '/srv/key.pem'), 'chown root /srv/key.pem && chmod u+r /srv/key.pem')
    assert.match(lineFor(DIR, `${DIR}/a.key`, 'rootless'), /^chown --reference=\/etc\/docker\/certs\.d /)
    for (const path of [DIR, `${DIR}/a.crt`, `${DIR}/hosts.toml`])
      assert.match(lineFor(DIR, path), /^chmod a\+rX \/etc\/docker\/certs\.d && if /, path)
    assert.equal(
      lineFor(DIR, '/home/a/.config/containers/certs.d/reg.corp:5000'),
      'chmod a+rX /home/a/.config/containers/certs.d/reg.corp:5000',
    )
  })

  it('keys stay closed when the line is typed, whatever they are called', function () {
    if (process.platform === 'win32') leaveOut(this, 'Windows has no modes')
    const base = mkdtempSync(join(tmpdir(), 'trust-registry-'))
    try {
      const directory = join(base, "certs.d/it's reg:5000")
      const mode = (name: string): number => statSync(join(directory, name)).mode & 0o777
      const files = ['ca.crt', 'hosts.toml', 'client.cert', 'client.key', 'both.pem']
      mkdirSync(directory, { recursive: true })
      for (const name of files) writeFileSync(join(directory, name), 'x', { mode: 0o600 })
      chmodSync(directory, 0o700)
      const { status, stderr } = spawnSync('sh', ['-c', lineFor(directory, directory)], { encoding: 'utf8' })
      assert.equal(status, 0, stderr)
      assert.equal(statSync(directory).mode & 0o777, 0o755)
      assert.deepEqual(files.map(mode), [0o644, 0o644, 0o600, 0o600, 0o600])
    } finally {
      rmSync(base, { recursive: true })
    }
  })
})
