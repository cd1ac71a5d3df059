import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repository } from '../../fixtures/lab/host.ts'

const execute = promisify(execFile)

describe('the demo', function () {
  this.timeout(60_000)

  it('tells the whole story and leaves nothing behind, in an empty home directory', async () => {
    const home = await mkdtemp(join(tmpdir(), 'trust-registry-home-'))
    const temporary = join(home, 'tmp')
    await execute('mkdir', [temporary])
    try {
      const env = {
        PATH: process.env['PATH'],
        HOME: home,
        TMPDIR: temporary,
        DOCKER_CONFIG: join(home, 'trap'),
        FORCE_COLOR: '1',
      }
      const argv = [join(repository, 'bin/run.js'), 'demo', '--no-color']
      const { stdout } = await execute(process.execPath, argv, { env })
      assert.ok(!stdout.includes('\x1b'), 'plain text')
      for (const line of [
        /missing-intermediate/,
        /docker trusts it now/,
        /logged in/,
        /verified/,
        /undone/,
        /All of it went as it should\. Nothing on this machine was touched\./,
      ]) {
        assert.match(stdout, line)
      }
      assert.deepEqual(await readdir(temporary), [])
      assert.deepEqual(await readdir(home), ['tmp'])
    } finally {
      await rm(home, { recursive: true, force: true })
    }
  })

  it('--json is one document', async () => {
    const { stdout } = await execute(process.execPath, [join(repository, 'bin/run.js'), 'demo', '--json'])
    const document = JSON.parse(stdout) as {
      command: string
      ok: boolean
      registries: { verified: boolean }[]
    }
    assert.equal(document.command, 'demo')
    assert.equal(document.ok, true)
    assert.equal(document.registries[0]?.verified, true)
  })
})
