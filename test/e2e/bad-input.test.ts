import assert from 'node:assert/strict'
import { join } from 'node:path'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import { createCa } from '../../fixtures/pki.ts'
import { withLab } from './scene.ts'

/** Calls that reach out, start a program, or change a file. */
const TRACED = 'connect,execve,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,link,symlink,openat'

const strace = ['strace', '-f', '-qq', '-o', '/tmp/trace', '-e', `trace=${TRACED}`]

describe('bad input', function () {
  const scene = withLab(this)
  let host: Host
  let root: string

  before(async () => {
    host = await scene.lab.host('client', { hosts: { 'reg.corp': scene.lab.nowhere } })
    const ca = await createCa({ name: 'Corp Root CA' })
    root = ca.pem
    await host.write('/tmp/ca.pem', root)
    await host.write('/tmp/key.pem', `${root}${ca.key}`)
    await host.write('/tmp/garbage.pem', 'this is no certificate\n')
    await host.write('/tmp/list.txt', '# ours\n\n\nbad host\n')
    await host.run(['mkfifo', '/tmp/fifo'])
    await host.run(['truncate', '-s', '100M', '/tmp/large.pem'])
    await host.write('/tmp/secret.pem', root, 0o000)
  })

  /** Exit 2, a sentence that names the mistake, and under strace nothing resolved, run or written. */
  async function refuses(args: readonly string[], sentence: RegExp): Promise<void> {
    const program = [process.execPath, join(repository, 'bin/run.js'), ...args]
    const run = await host.run([...strace, ...program])
    assert.equal(run.code, 2, run.stdout + run.stderr)
    assert.match(run.stderr, sentence)
    assert.ok(!/\n\s+at /.test(run.stderr), 'a stack trace')
    assert.deepEqual(await effects(), [])
  }

  async function effects(): Promise<readonly string[]> {
    const calls = (await host.read('/tmp/trace')).split('\n').filter((line) => line !== '')
    const first = calls.findIndex((line) => line.includes('execve('))
    return calls.filter((line, index) => index !== first && isEffect(line))
  }

  it('would be seen in the trace: good input resolves and connects', async () => {
    await host.run([
      ...strace,
      process.execPath,
      join(repository, 'bin/run.js'),
      'diagnose',
      'nobody.corp:5000',
    ])
    assert.ok((await effects()).some((line) => line.includes('connect(')))
  })

  function isEffect(line: string): boolean {
    if (line.includes('openat(')) return /O_CREAT|O_TRUNC/.test(line)
    return !/\+\+\+|---|resumed/.test(line)
  }

  const registries: readonly (readonly [string, RegExp])[] = [
    ['..', /"\.\." is no registry/],
    ['a/../b', /no registry|docker\.io/],
    ['$(id)', /nearest|no registry/],
    ['reg.corp:5000\nx', /U\+000A/],
    ['user:pw@h.corp', /user name or password/],
    [`${'a'.repeat(300)}.corp`, /304|305|characters|no host name/],
    ['h:0', /port is "0"/],
    ['h:70000', /port is "70000"/],
    ['http://reg.corp:5000', /https/],
    ['рег.corp', /xn--/],
    ['127.1', /neither a name nor a full IPv4 address/],
    ['library/nginx', /docker\.io, where nothing is ever installed/],
    ['::1', /brackets/],
  ]
  for (const [registry, sentence] of registries) {
    it(`registry ${JSON.stringify(registry.slice(0, 24))}`, async () => {
      await refuses([registry], sentence)
      await refuses(['diagnose', '--', registry], sentence)
    })
  }

  const lines: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['-oX', ['-oX'], /-o/],
    ['-- -oX', ['--', '-oX'], /no registry/],
    ['an unknown flag', ['reg.corp:5000', '--insecure'], /--insecure/],
    ['a command with a typo', ['diagnos', 'reg.corp:5000'], /nearest one is "diagnose"/],
    ['no registry', ['diagnose'], /registry is missing/],
    ['--ca that is not there', ['reg.corp:5000', '--ca', '/tmp/none.pem'], /there is no such file/],
    ['--ca with a private key', ['reg.corp:5000', '--ca', '/tmp/key.pem'], /private key/i],
    ['--ca with garbage', ['reg.corp:5000', '--ca', '/tmp/garbage.pem'], /garbage\.pem/],
    ['--ca that is a FIFO', ['reg.corp:5000', '--ca', '/tmp/fifo'], /a regular file is needed/],
    ['--ca of 100 MB', ['reg.corp:5000', '--ca', '/tmp/large.pem'], /larger than 1024 KiB/],
    ['--ca that is a directory', ['reg.corp:5000', '--ca', '/tmp'], /directory/],
    ['a short fingerprint', ['reg.corp:5000', '--fingerprint', 'abcd'], /64|hex/],
    ['two registries and one user', ['a.corp', 'b.corp', '-u', 'x'], /one registry/],
    ['nothing but a bad line in a list', ['--file', '/tmp/list.txt'], /line 4/],
  ]
  for (const [what, args, sentence] of lines) {
    it(what, () => refuses(args, sentence))
  }

  it('--ca that may not be read', async () => {
    const args = ['reg.corp:5000', '--ca', '/tmp/secret.pem']
    const run = await host.product(args, { user: 'nobody' })
    assert.equal(run.code, 2)
    assert.match(run.stderr, /it may not be read/)
  })

  it('with --json it is one document', async () => {
    const run = await host.product(['h:0', '--json'])
    const document = JSON.parse(run.stdout) as { exitCode: number; error: { code: string } }
    assert.equal(document.exitCode, 2)
    assert.equal(document.error.code, 'bad-registry')
    assert.equal(run.stderr, '')
  })
})
