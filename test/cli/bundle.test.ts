import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readCases } from '../../scripts/conformance-file.ts'
import { main } from '../../src/cli/main.ts'
import { leaveOut } from '../support/left-out.ts'
import { fakeIo } from './fake-io.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const dist = join(root, 'dist')

function newest(directory: string): number {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return Math.max(...entries.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs))
}

function bundled(argv: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const bare = { PATH: process.env['PATH'], ...env }
  return spawnSync(process.execPath, [join(root, 'bin', 'run.js'), ...argv], { encoding: 'utf8', env: bare })
}

/** At the end of the process: which files it has loaded, and which of Node's costly modules. */
const WITNESS = `process.on('exit', (exitCode) => {
  const costly = ['crypto', 'net', 'tls', 'http', 'child_process', 'dns']
  const node = costly.filter((name) => process.moduleLoadList.includes('NativeModule ' + name))
  require('fs').writeFileSync(__filename + '.json', JSON.stringify({ exitCode, node, files: Object.keys(require.cache) }))
})`

function loadedBy(argv: readonly string[]) {
  const home = mkdtempSync(join(tmpdir(), 'trust-registry-start-'))
  try {
    const witness = join(home, 'witness.cjs')
    writeFileSync(witness, WITNESS)
    spawnSync(process.execPath, ['-r', witness, join(root, 'bin', 'run.js'), ...argv], {
      env: { HOME: home, ...(argv[0] === 'status' ? { TRUST_REGISTRY_STATE_DIR: home } : {}) },
      // For a pipe Node would load its sockets.
      stdio: 'ignore',
    })
    const seen = JSON.parse(readFileSync(`${witness}.json`, 'utf8')) as {
      exitCode: number
      node: string[]
      files: string[]
    }
    const files = seen.files.filter((path) => path.startsWith(dist))
    const names = files.map((path) => relative(dist, path).replace(/(?:-[0-9A-Z]{8})?\.js$/, ''))
    const bytes = files.reduce((sum, path) => sum + statSync(path).size, 0)
    return { exitCode: seen.exitCode, node: seen.node, names, bytes }
  } finally {
    rmSync(home, { recursive: true })
  }
}

describe('the bundle', () => {
  before(function () {
    if (!existsSync(join(dist, 'main.js'))) leaveOut(this, 'dist is not built: npm run build')
    if (newest(join(root, 'src')) > statSync(join(dist, 'main.js')).mtimeMs) {
      leaveOut(this, 'dist is older than the sources: npm run build')
    }
  })

  const lines: readonly (readonly string[])[] = [
    ['--version'],
    ['-V'],
    ['--help'],
    ['help', 'trust'],
    ['undo', '--help'],
    [],
    ['foo'],
    ['reg:5000', '--jsom'],
    ['reg:5000', '--scope', 'x'],
    ['reg:5000', '--timeout'],
    ['reg:5000', '--timeout', 'x'],
    ['reg:5000', '--ca', 'a', '--ca', ''],
    ['undo', '--all', 'reg:5000', '--json'],
    ['demo', 'x'],
    ['completion'],
    ['completion', 'ksh'],
    ['completion', 'bash'],
    ['completion', 'zsh'],
    ['completion', 'fish'],
    ['trust', 'a\nb', '--json'],
  ]
  for (const argv of lines) {
    it(`says what the sources say: ${JSON.stringify(argv)}`, async () => {
      const io = fakeIo()
      const code = await main(argv, io)
      const { status, stdout, stderr } = bundled(argv)
      assert.deepEqual({ status, stdout, stderr }, { status: code, stdout: io.out(), stderr: io.err() })
    })
  }

  it('has the arithmetic of ML-DSA in it, which it loads by itself', () => {
    const [sample] = readCases(join(root, 'test', 'x509', 'ml-dsa.json'))
    assert.ok(sample)
    const folder = mkdtempSync(join(tmpdir(), 'bundle-'))
    const [chain, roots] = [join(folder, 'chain.pem'), join(folder, 'roots.pem')]
    writeFileSync(chain, sample.leaf)
    writeFileSync(roots, sample.roots.join(''))
    const judge = ['diagnose', '--chain', chain, '--roots', roots, '--host', sample.host ?? '']
    const { status, stdout, stderr } = bundled([...judge, '--at', sample.time, '--go', '1.27'])
    rmSync(folder, { recursive: true })
    assert.equal(status, 0, `${stdout}${stderr}`)
  })

  it('starts nothing and reads nothing of the user', () => {
    const home = join(tmpdir(), 'nobody')
    const env = { HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home, DEBUG: '*', FORCE_COLOR: '1' }
    const { status, stdout } = bundled(['completion', 'bash'], env)
    assert.equal(status, 0)
    assert.equal(stdout, bundled(['completion', 'bash']).stdout)
  })

  it('needs no node_modules: every import is Node or its own', () => {
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.js'),
    )
    for (const name of files) {
      const text = readFileSync(join(dist, name), 'utf8')
      const imports = [...text.matchAll(/\b(?:require|import)\(\s*["'`]([^"'`]+)["'`]\s*\)/g)]
      for (const [, from = ''] of imports)
        assert.ok(from.startsWith('.') || isBuiltin(from), `${name}: ${from}`)
    }
  })

  it('begins with a small file that loads no other, and no module of Node', () => {
    assert.ok(statSync(join(dist, 'main.js')).size < 24 * 1024)
    const loaded = `const before = process.moduleLoadList.length
      require(${JSON.stringify(join(dist, 'main.js'))})
      console.log(Object.keys(require.cache).length, process.moduleLoadList.slice(before).join())`
    const { stdout } = spawnSync(process.execPath, ['-e', loaded], { encoding: 'utf8' })
    assert.equal(stdout, '1 \n')
  })

  // What a stage does not need is not read, compiled and run before it: each name more is a slower start.
  const starts: readonly { argv: readonly string[]; names: readonly string[]; most: number }[] = [
    { argv: ['--version'], names: [], most: 20_000 },
    { argv: ['undo', '--help'], names: [], most: 20_000 },
    { argv: ['completion', 'zsh'], names: ['packs/dispatch', 'chunks/completion'], most: 190_000 },
    { argv: ['status', '--machine', 'local'], names: ['packs/dispatch', 'packs/flow'], most: 230_000 },
  ]
  for (const { argv, names, most } of starts) {
    it(`loads little for ${argv.join(' ')}`, () => {
      const seen = loadedBy(argv)
      assert.deepEqual(
        { exitCode: seen.exitCode, names: seen.names },
        { exitCode: 0, names: ['main', ...names] },
      )
      assert.ok(seen.bytes <= most, `${seen.bytes} bytes of code`)
      assert.deepEqual(seen.node, [])
    })
  }

  // V8 takes compiled code, also Node's own modules', only where its flags are as they were when that was made.
  it('leaves the flags of V8 alone until something is asked', () => {
    const chunks = join(dist, 'chunks')
    const http = readdirSync(chunks).find((name) => name.startsWith('http-')) ?? ''
    const script = `const seen = []
      require('node:v8').setFlagsFromString = (flag) => seen.push(flag)
      const { Client } = require(${JSON.stringify(join(chunks, http))})
      console.log(seen.length)
      new Client('http://127.0.0.1')
      console.log(seen.join())`
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' })
    assert.equal(stdout, '0\n--liftoff-only\n', stderr)
    assert.ok(statSync(join(chunks, http)).size < 170_000)
  })

  it('gives name look-ups more threads than libuv has by itself', function () {
    const script = `process.argv.splice(1, 1, ${JSON.stringify(join(root, 'bin/run.js'))}, '--version')
      require(process.argv[1])
      const { lookup } = require('node:dns')
      const { readdirSync } = require('node:fs')
      const before = readdirSync('/proc/self/task').length
      for (let n = 0; n < 16; n++) lookup('localhost', () => undefined)
      console.log(readdirSync('/proc/self/task').length - before)`
    if (process.platform !== 'linux') leaveOut(this, 'threads are counted in /proc')
    const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' })
    assert.equal(stdout.split('\n')[1], '16')
  })
})
