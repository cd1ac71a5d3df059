// Installs what the lab is made of: Debian packages with real engines, registries and tools. Starts no service.
import { spawnSync } from 'node:child_process'
import { accessSync, chmodSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const packages = JSON.parse(readFileSync(new URL('../fixtures/lab/packages.json', import.meta.url), 'utf8'))
const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
const policy = '/usr/sbin/policy-rc.d'
const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }

function fail(message) {
  console.error(`lab:setup: ${message}`)
  process.exit(1)
}

function executable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

// By command and not by package: an engine that came from elsewhere is as good, and Debian's would displace it.
const installed = (command) => folders.some((folder) => executable(join(folder, command)))
const incomplete = () => Object.keys(packages).filter((name) => !packages[name].every(installed))

function apt(...args) {
  console.log(`apt-get ${args.join(' ')}`)
  if (spawnSync('apt-get', args, { stdio: 'inherit', env }).status !== 0) fail(`apt-get ${args[0]} failed`)
}

// Some releases keep the docker client in a package of its own, others know no such package.
function available(name) {
  const { stdout } = spawnSync('apt-cache', ['policy', name], { encoding: 'utf8', env })
  return /Candidate: [^(]/.test(stdout)
}

// Debian asks this file before it starts a service; a machine that has one already has made its choice.
function withoutServices(work) {
  if (existsSync(policy)) return work()
  const remove = () => rmSync(policy, { force: true })
  process.on('exit', remove)
  writeFileSync(policy, '#!/bin/sh\nexit 101\n')
  chmodSync(policy, 0o755)
  work()
  remove()
}

if (process.platform !== 'linux') fail('the lab needs Linux; everything else is tested without it')
const missing = incomplete()
if (missing.length === 0) {
  console.log('lab:setup: everything is there')
  process.exit(0)
}
console.log(`lab:setup: missing: ${missing.join(', ')}`)
if (!installed('apt-get')) fail(`no apt-get here; install these by hand: ${missing.join(' ')}`)
if (process.getuid() !== 0) fail('needs root: run `sudo npm run lab:setup`')

withoutServices(() => {
  apt('update')
  apt('install', '--yes', '--no-install-recommends', ...missing.filter(available))
})

const still = incomplete()
if (still.length > 0) fail(`still missing after the installation: ${still.join(', ')}`)
console.log('lab:setup: done')
