import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { LocalMachine } from '../../src/machine/local.ts'
import type { LoginAnswer } from '../../src/runtimes/engine.ts'
import { loginByProgram } from '../../src/runtimes/containers-login.ts'
import { throwaway } from '../machine/throwaway.ts'
import { leaveOut } from '../support/left-out.ts'

const old = JSON.stringify({ ServerURL: 'reg:5000', Username: 'amy', Secret: 'old' })

describe('runtimes/containers-login: what was there before', () => {
  const { path } = throwaway()
  before(function () {
    if (process.platform === 'win32') leaveOut(this, 'the fake programs are shell scripts')
  })

  const script = (name: string, text: string): void => {
    fs.mkdirSync(path('bin'), { recursive: true })
    fs.writeFileSync(path(`bin/${name}`), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  }
  /** A podman whose logins go to the keyring, as where the file names a helper for the registry. */
  const furnish = (get: string): void => {
    script(
      'podman',
      `echo "$1" >> '${path('calls')}'
case $1 in
login) echo '{"ServerURL":"reg:5000","Username":"bob","Secret":"new"}' > '${path('keyring')}' ;;
logout) rm -f '${path('keyring')}' ;;
esac`,
    )
    script(
      'docker-credential-trust-registry-x',
      `case $1 in
store) cat > '${path('keyring')}' ;;
get) ${get} ;;
esac`,
    )
    fs.writeFileSync(path('auth.json'), JSON.stringify({ credHelpers: { 'reg:5000': 'trust-registry-x' } }))
  }
  const show = (): string =>
    `test -s '${path('keyring')}' && cat '${path('keyring')}' && exit 0; echo 'credentials not found in native keychain'; exit 1`
  const login = (): Promise<LoginAnswer> =>
    loginByProgram(
      {
        machine: new LocalMachine({ env: { PATH: path('bin') } }),
        program: path('bin/podman'),
        registry: 'reg:5000',
        timeoutMs: 10_000,
        authFile: path('auth.json'),
      },
      ['login'],
      { username: 'bob', password: 'new' },
    )
  const calls = (): string => (fs.existsSync(path('calls')) ? fs.readFileSync(path('calls'), 'utf8') : '')

  it('an earlier login that a helper held comes back; none goes away', async () => {
    furnish(show())
    fs.writeFileSync(path('keyring'), old)
    const answer = await login()
    assert.equal(answer.ok, true, answer.message)
    assert.match(fs.readFileSync(path('keyring'), 'utf8'), /"new"/)
    await answer.takeBack?.()
    assert.equal(fs.readFileSync(path('keyring'), 'utf8'), old)

    fs.rmSync(path('keyring'))
    await (await login()).takeBack?.()
    assert.equal(fs.existsSync(path('keyring')), false)
  })

  it('where nobody can tell what was there, nothing is stored', async () => {
    furnish('echo the keyring is locked; exit 1')
    fs.writeFileSync(path('keyring'), old)
    const locked = await login()
    assert.equal(locked.ok, false)
    assert.match(locked.message, /: the keyring is locked$/)
    fs.writeFileSync(path('auth.json'), '{ damaged')
    const damaged = await login()
    assert.equal(damaged.ok, false)
    assert.match(damaged.message, /auth\.json is damaged/)
    assert.equal(calls(), '')
    assert.equal(fs.readFileSync(path('keyring'), 'utf8'), old)
  })
})
