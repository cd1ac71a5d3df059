// Makes a fresh clone ready: installs what package-lock.json names, when it is not there yet. Plain Node.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const lock = join(root, 'package-lock.json')
const installed = join(root, 'node_modules', '.package-lock.json')
const stamp = join(root, 'node_modules', '.trust-registry-setup')

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`trust-registry needs Node 20.19 or newer, and this is ${process.version} (${process.execPath})`)
}

const hash = createHash('sha256').update(readFileSync(lock)).digest('hex')
if (!isInstalled()) {
  console.error('installing what package-lock.json names (once) ...')
  const { error, status } = npm([
    'ci',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--loglevel=error',
  ])
  if (error !== undefined) fail(`npm cannot be started: ${error.message}`)
  if (status !== 0) fail(`npm ci failed (${status ?? 'stopped by a signal'}); what it said stands above`)
}
writeFileSync(stamp, hash)

/** Our stamp decides; without one, what npm itself left behind, so that a manual `npm ci` counts. */
function isInstalled() {
  if (existsSync(stamp)) return readFileSync(stamp, 'utf8') === hash
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs
}

/** The npm that runs us, if one does; it is a script, which Windows cannot start by itself. */
function npm(args) {
  const script = process.env.npm_execpath
  const options = { cwd: root, env: environment(), stdio: ['ignore', 2, 2] }
  if (script !== undefined && /\.c?js$/.test(script))
    return spawnSync(process.execPath, [script, ...args], options)
  return spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
}

/** npm keeps its cache in the home directory, which may be missing in a container. */
function environment() {
  const home = homedir()
  if (home !== '' && existsSync(home)) return process.env
  return { ...process.env, npm_config_cache: join(tmpdir(), 'trust-registry-npm-cache') }
}

function fail(sentence) {
  console.error(`setup: ${sentence}`)
  process.exit(1)
}
