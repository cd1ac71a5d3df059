import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { completionScript } from '../../src/cli/completion/index.ts'
import { shells } from '../../src/cli/completion/shells.ts'
import { commandNames } from '../../src/cli/words.ts'
import { leaveOut } from '../support/left-out.ts'

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0

describe('completion', () => {
  for (const shell of shells) {
    it(`${shell}: names every command, and is good syntax where the shell is there`, () => {
      const script = completionScript(shell)
      for (const name of commandNames) assert.ok(script.includes(name), name)
      if (!has(shell)) return
      const { status, stderr } = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' })
      assert.equal(status, 0, stderr)
    })
  }

  describe('bash', function () {
    const directory = mkdtempSync(join(tmpdir(), 'trust-registry-completion-'))

    before(function () {
      if (!has('bash')) leaveOut(this, 'bash is not installed')
      writeFileSync(join(directory, 'ca.pem'), '')
    })

    after(() => {
      rmSync(directory, { recursive: true })
    })

    /** What bash would offer behind these words; the last one is being typed. */
    function complete(...words: string[]): string[] {
      const quoted = ['trust-registry', ...words].map((word) => `'${word}'`).join(' ')
      const input = `${completionScript('bash')}
        COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}
        _trust_registry; printf '%s\\n' "\${COMPREPLY[@]}"`
      const { stdout, stderr } = spawnSync('bash', [], { input, encoding: 'utf8', cwd: directory })
      assert.equal(stderr, '')
      return stdout.split('\n').filter((line) => line !== '')
    }

    it('offers commands', () => {
      assert.deepEqual(complete('s'), ['status'])
      assert.deepEqual(complete('--json', 'di'), ['diagnose'])
      assert.deepEqual(complete('help', 'un'), ['undo'])
      assert.deepEqual(complete('completion', ''), [...shells, '--help'])
    })

    it('offers the flags of the command, and those of trust for the everyday form', () => {
      assert.deepEqual(complete('undo', '--al'), ['--all'])
      assert.deepEqual(complete('status', '--ca'), [])
      assert.deepEqual(complete('reg:5000', '--trust-on'), ['--trust-on-first-use'])
      assert.deepEqual(complete('--ca', 'x.pem', 'reg:5000', '--fi'), ['--fingerprint', '--file'])
    })

    it('offers values', () => {
      assert.deepEqual(complete('--ca', ''), ['ca.pem'])
      assert.deepEqual(complete('reg:5000', '--runtime', ''), [
        'docker',
        'podman',
        'skopeo',
        'buildah',
        'containerd',
        'buildkit',
        'k3s',
        'rke2',
        'cri-o',
      ])
      assert.deepEqual(complete('--runtime', '=', 'do'), ['docker'])
      assert.deepEqual(complete('--runtime', '='), [
        'docker',
        'podman',
        'skopeo',
        'buildah',
        'containerd',
        'buildkit',
        'k3s',
        'rke2',
        'cri-o',
      ])
      assert.deepEqual(complete('--ca', '=', 'x', 'sta'), ['status'])
      assert.deepEqual(complete('reg:5000', '-u', ''), [])
      assert.deepEqual(complete('reg:5000', ''), [])
    })
  })
})
