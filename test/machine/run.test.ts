import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../src/machine/run.ts'
import { leaveOut } from '../support/left-out.ts'

const limits = { timeoutMs: 8000 }
/** Prints its arguments, its environment and its input as JSON. */
const show = `
  let input = ''
  process.stdin.on('data', (part) => { input += part }).on('end', () => {
    console.log(JSON.stringify({ argv: process.argv.slice(1), env: process.env, input }))
  })`
const node = (...words: readonly string[]): [string, ...string[]] => [process.execPath, ...words]

interface Shown {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly input: string
}

async function shown(
  words: readonly string[],
  options: Partial<Parameters<typeof run>[1]> = {},
): Promise<Shown> {
  const { stdout, stderr, exitCode } = await run(node('-e', show, '--', ...words), { ...limits, ...options })
  assert.deepEqual([exitCode, stderr], [0, ''])
  return JSON.parse(stdout) as Shown
}

describe('machine/run', () => {
  before(function () {
    if (process.platform === 'win32') leaveOut(this, 'Windows programs take one line, not a list')
  })

  it('hands arguments over as they are', async () => {
    const words = ['$(id)', '`id`', 'a b', '', "'", '"', '*', ';', '&&', '|', '\n', '-x', '>f', '~']
    assert.deepEqual((await shown(words)).argv, words)
  })

  it('runs no more than sixteen at a time, and all in the end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trust-registry-run-'))
    const script = 'touch "$0/$$"; ls "$0" | wc -l; sleep 0.1; rm "$0/$$"'
    try {
      const results = await Promise.all(
        Array.from({ length: 40 }, () => run(['sh', '-c', script, folder], limits)),
      )
      const counts = results.map(({ stdout }) => Number(stdout))
      assert.equal(counts.length, 40)
      assert.ok(Math.max(...counts) <= 16, counts.join())
      assert.ok(Math.max(...counts) > 1, counts.join())
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('gives a PATH and an environment of its own', async () => {
    process.env['TRUST_REGISTRY_TEST_CANARY'] = 'x'
    try {
      const { env } = await shown([])
      assert.deepEqual(env, {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        LC_ALL: 'C',
      })
      assert.equal((await shown([], { env: { HOME: '/h' } })).env['HOME'], '/h')
    } finally {
      delete process.env['TRUST_REGISTRY_TEST_CANARY']
    }
  })

  it('gives the input and nothing else', async () => {
    assert.equal((await shown([], { input: 'sécret\n' })).input, 'sécret\n')
    assert.equal((await shown([], { input: '' })).input, '')
    assert.equal((await shown([])).input, '')
  })

  it('minds no program that does not read its input', async () => {
    const result = await run(node('-e', ''), { ...limits, input: 'x'.repeat(4_000_000) })
    assert.deepEqual(result, { exitCode: 0, stdout: '', stderr: '', timedOut: false })
  })

  it('reports exit codes, and keeps line ends', async () => {
    const script = "process.stdout.write('out\\n'); process.stderr.write('err\\n\\n'); process.exitCode = 3"
    const result = await run(node('-e', script), limits)
    assert.deepEqual(result, { exitCode: 3, stdout: 'out\n', stderr: 'err\n\n', timedOut: false })
  })

  it('reports an end by a signal', async () => {
    const result = await run(node('-e', "process.kill(process.pid, 'SIGKILL')"), limits)
    assert.deepEqual(result, { exitCode: undefined, stdout: '', stderr: '', timedOut: false })
  })

  it('reports what cannot be started in the same shape', async () => {
    for (const [program, why] of [
      ['/no/such/program', /ENOENT/],
      ['/etc/passwd', /EACCES/],
    ] as const) {
      const { spawnError, ...rest } = await run([program], limits)
      assert.deepEqual(rest, { exitCode: undefined, stdout: '', stderr: '', timedOut: false })
      assert.match(spawnError ?? '', why)
    }
  })

  it('kills what takes too long, however it defends itself', async () => {
    const script = "process.on('SIGTERM', () => {}); console.log(process.pid); setInterval(() => {}, 1000)"
    const { timedOut, exitCode, spawnError, stdout } = await run(node('-e', script), { timeoutMs: 1000 })
    assert.deepEqual([timedOut, exitCode, spawnError], [true, undefined, undefined])
    assert.throws(() => process.kill(Number(stdout), 0), { code: 'ESRCH' })
  })

  it('waits for no grandchild that holds the pipes', async () => {
    // The grandchild outlives the time that mocha gives the test.
    const { timedOut, stdout } = await run(['/bin/sh', '-c', 'sleep 60 & echo $!; exec sleep 60'], {
      timeoutMs: 500,
    })
    const grandchild = Number(stdout)
    assert.equal(timedOut, true)
    assert.ok(process.kill(grandchild, 0), 'the grandchild is gone, so nothing was shown')
    process.kill(grandchild)
  })

  it('keeps a bounded part of an output without end', async () => {
    const script =
      "const pump = () => { while (process.stdout.write('x'.repeat(65536))); }; process.stdout.on('drain', pump); pump()"
    const { stdout, spawnError, exitCode } = await run(node('-e', script), limits)
    assert.equal(stdout.length, 1024 * 1024)
    assert.equal(spawnError, undefined)
    assert.notEqual(exitCode, 0)
  })
})
