import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import fc from 'fast-check'
import { LocalMachine } from '../../src/machine/local.ts'
import type { CredentialPlace } from '../../src/runtimes/credential-place.ts'
import { containersLogin, dockerLogin, fromAuths } from '../../src/runtimes/stored-login.ts'
import { leaveOut } from '../support/left-out.ts'
import { throwaway } from '../machine/throwaway.ts'

const auth = (text: string): string => Buffer.from(text).toString('base64')
const bob = { username: 'bob', password: 's3:cret' }
const entry = { auth: auth('bob:s3:cret') }

describe('runtimes/stored-login', () => {
  const { path } = throwaway()
  before(function () {
    if (process.platform === 'win32') leaveOut(this, 'the fake helpers are shell scripts')
  })
  beforeEach(() => {
    for (const folder of ['bin', 'docker', 'run', 'config']) fs.mkdirSync(path(folder))
  })

  const place = (folder: string, file?: string): CredentialPlace => ({
    machine: new LocalMachine({ env: { PATH: path('bin') } }),
    person: { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, name: 'bob', home: path() },
    elevated: false,
    directory: path(folder),
    registry: 'reg:5000',
    env: {},
    ...(file === undefined ? {} : { file }),
  })
  const docker = (): CredentialPlace => place('docker')
  const family = (): CredentialPlace[] => [place('run', 'auth.json'), place('config', 'auth.json'), docker()]
  const put = (name: string, content: unknown): void => {
    fs.writeFileSync(path(name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  const helper = (script: string): void => {
    const file = path('bin/docker-credential-trust-registry-x')
    fs.writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }

  it('Docker: the variable, then the helper, then the file', async () => {
    assert.equal(await dockerLogin(docker()), undefined)
    const file = path('docker/config.json')
    put('docker/config.json', { auths: { 'https://reg:5000/v2/': entry } })
    assert.deepEqual(await dockerLogin(docker()), { secret: bob, where: file, plain: file })
    put('docker/config.json', { auths: { 'reg:5000': { ...entry, identitytoken: 'tok' } } })
    assert.deepEqual(await dockerLogin(docker()), { secret: { identityToken: 'tok' }, where: file })
    put('docker/config.json', { auths: { 'reg:5000': entry }, credsStore: 'trust-registry-x' })
    helper(`echo '{"ServerURL":"reg:5000","Username":"<token>","Secret":"kept"}'`)
    const where = 'credential helper trust-registry-x'
    assert.deepEqual(await dockerLogin(docker()), { secret: { identityToken: 'kept' }, where })
    const variable = JSON.stringify({ auths: { 'reg:5000': { auth: auth('env:x') } } })
    assert.deepEqual(await dockerLogin(docker(), variable), {
      secret: { username: 'env', password: 'x' },
      where: 'DOCKER_AUTH_CONFIG',
    })
    for (const other of ['{"auths":{"reg:5001":{"auth":"eDp5"}}}', '{', '[]', 'null'])
      assert.equal(((await dockerLogin(docker(), other)) as { where: string }).where, where)
  })

  it("podman's family: the first file that knows the registry, Docker's the last", async () => {
    assert.equal(await containersLogin(family()), undefined)
    put('docker/config.json', { auths: { 'reg:5000': entry } })
    assert.deepEqual(await containersLogin(family()), {
      secret: bob,
      where: path('docker/config.json'),
      plain: path('docker/config.json'),
    })
    put('config/auth.json', { credHelpers: { 'reg:5000': 'trust-registry-x' } })
    helper(`echo '{"Username":"amy","Secret":"kept"}'`)
    assert.deepEqual(await containersLogin(family()), {
      secret: { username: 'amy', password: 'kept' },
      where: 'credential helper trust-registry-x',
    })
    put('run/auth.json', { auths: { 'reg:5000': entry } })
    assert.equal(((await containersLogin(family())) as { where: string }).where, path('run/auth.json'))
  })

  it('names what cannot be read, without a byte of it', async () => {
    put('docker/config.json', `{"auths":{"reg:5000":{"auth":"${entry.auth}"`)
    const damaged = await dockerLogin(docker())
    assert.ok(damaged && 'problem' in damaged)
    assert.equal(damaged.finding, 'config-damaged')
    assert.match(damaged.problem, /config\.json is damaged .* left untouched$/)
    assert.doesNotMatch(JSON.stringify(damaged), new RegExp(entry.auth.slice(0, 5)))
    put('docker/config.json', { credsStore: 'trust-registry-x' })
    helper('echo credentials not found in native keychain; exit 1')
    assert.equal(await dockerLogin(docker()), undefined)
    helper('echo the keyring is locked; exit 1')
    assert.deepEqual(await dockerLogin(docker()), {
      problem: 'credential helper docker-credential-trust-registry-x: the keyring is locked',
      finding: 'credential-helper-failed',
    })
  })

  it('names a folder that may not be entered, or is none, and where a link into one leads', async () => {
    put('file', '')
    assert.deepEqual(await dockerLogin(place('file')), {
      problem: `${path('file/config.json')} cannot be read (ENOTDIR)`,
    })
    fs.symlinkSync(path('file/config.json'), path('docker/config.json'))
    assert.match(JSON.stringify(await dockerLogin(docker())), /cannot be read \(ENOTDIR\)/)
    assert.match(JSON.stringify(await containersLogin([docker()])), /cannot be read \(ENOTDIR\)/)
    const closed = docker()
    closed.machine.stat = () => Promise.reject(Object.assign(new Error('closed'), { code: 'EACCES' }))
    assert.deepEqual(await dockerLogin(closed), {
      problem: `${path('docker/config.json')} cannot be read (EACCES)`,
    })
  })

  it('reads back whatever a login can be', () => {
    const names = fc.string({ minLength: 1 }).filter((name) => !name.includes(':'))
    const passwords = fc.string({ minLength: 1 }).filter((text) => !text.endsWith('\0'))
    fc.assert(
      fc.property(names, passwords, (username, password) => {
        const found = fromAuths({ 'reg:5000': { auth: auth(`${username}:${password}`) } }, 'reg:5000')
        assert.deepEqual(found, { username, password })
      }),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (auths) => {
        fromAuths(auths, 'reg:5000')
      }),
    )
  })
})
