import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { leaveOut } from '../support/left-out.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Packed {
  readonly filename: string
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

describe('the package', function () {
  this.timeout(60_000)
  let directory = ''
  let packed: Packed

  /** npm with a home of its own, and no network. */
  function npm(args: readonly string[], cwd: string) {
    const env = { PATH: process.env['PATH'], HOME: directory, npm_config_cache: join(directory, 'cache') }
    return spawnSync('npm', ['--offline', '--no-update-notifier', ...args], { cwd, env, encoding: 'utf8' })
  }

  before(function () {
    if (process.platform === 'win32') leaveOut(this, 'npm is started as a program')
    if (!existsSync(join(root, 'dist/main.js'))) leaveOut(this, 'dist is not built: npm run build')
    directory = mkdtempSync(join(tmpdir(), 'trust-registry-package-'))
    const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', directory]
    const { status, stdout, stderr } = npm(pack, root)
    assert.equal(status, 0, stderr)
    const [only] = JSON.parse(stdout) as Packed[]
    assert.ok(only)
    packed = only
  })

  after(() => {
    if (directory !== '') rmSync(directory, { recursive: true })
  })

  it('holds the bundle and the documents, and no source, test or executable', () => {
    const folders = new Set(packed.files.map(({ path }) => path.replace(/\/.*/, '')))
    assert.deepEqual([...folders].sort(), [
      ...['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md'],
      ...['bin', 'dist', 'docs', 'package.json', 'schemas'],
    ])
    assert.ok(packed.unpackedSize < 3 * 2 ** 20, `${packed.unpackedSize} bytes`)
  })

  it('brings no dependency and runs nothing when it is installed', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
      dependencies?: unknown
    }
    assert.equal(manifest.dependencies, undefined)
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
      assert.equal(manifest.scripts[name], undefined, name)
    }
  })

  it('starts in an empty directory, as npx does it', () => {
    const empty = join(directory, 'empty')
    mkdirSync(empty)
    const exec = ['exec', '--yes', `--package=${join(directory, packed.filename)}`, '--', 'trust-registry']
    const version = npm([...exec, '--version'], empty)
    assert.deepEqual([version.status, version.stdout], [0, 'trust-registry 0.1.0\n'], version.stderr)
    const script = npm([...exec, 'completion', 'bash'], empty)
    assert.match(script.stdout, /^# bash completion for trust-registry/, script.stderr)
  })
})
