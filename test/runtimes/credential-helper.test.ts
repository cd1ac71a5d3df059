import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { LocalMachine } from '../../src/machine/local.ts'
import {
  storeLogin,
  storeReversibly,
  type Stored,
  type StoreRequest,
} from '../../src/runtimes/docker-config.ts'
import { leaveOut } from '../support/left-out.ts'
import { throwaway } from '../machine/throwaway.ts'

describe('runtimes/docker-config: credential helpers', () => {
  const { path } = throwaway()
  before(function () {
    if (process.platform === 'win32') leaveOut(this, 'the fake helpers are shell scripts')
  })
  beforeEach(() => {
    for (const folder of ['bin', 'log', '.docker']) fs.mkdirSync(path(folder))
  })

  const request = (more: Partial<StoreRequest> = {}): StoreRequest => ({
    machine: new LocalMachine({ env: { PATH: path('bin') } }),
    person: { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, name: 'bob', home: path() },
    elevated: false,
    directory: path('.docker'),
    registry: 'reg:5000',
    credentials: { username: 'bob', password: 'pa"ss\\wörd' },
    env: { KEYRING: 'k' },
    ...more,
  })
  const put = (config: unknown): void => {
    fs.writeFileSync(path('.docker/config.json'), JSON.stringify(config))
  }
  const stored = (): unknown => JSON.parse(fs.readFileSync(path('.docker/config.json'), 'utf8'))
  /** A program that notes how it was called, then does as it is told. */
  const helper = (name: string, script = ''): void => {
    const note = `printf '%s|' "$0" "$@" "$KEYRING" > '${path('log')}/argv'; cat > '${path('log')}/input'`
    fs.writeFileSync(path(`bin/${name}`), `#!/bin/sh\n${note}\n${script}\n`, { mode: 0o755 })
  }
  const log = (name: string): string => fs.readFileSync(path(`log/${name}`), 'utf8')
  const failure = async (more: Partial<StoreRequest> = {}): Promise<string> => {
    const outcome: Stored | Error = await storeLogin(request(more)).catch((error: unknown) => error as Error)
    assert.ok(outcome instanceof Error, 'it was stored')
    assert.ok('code' in outcome && outcome.code === 'login-failed')
    return outcome.message
  }

  it('are told by their input, and by nothing else', async () => {
    helper('docker-credential-trust-registry-x')
    put({ credsStore: 'trust-registry-x', auths: { 'reg:5000': { auth: 'b2xkOm9sZA==' } } })
    const done = await storeLogin(request())
    assert.deepEqual(done, { path: path('.docker/config.json'), helper: 'trust-registry-x' })
    assert.equal(log('argv'), `${path('bin/docker-credential-trust-registry-x')}|store|k|`)
    const expected = { ServerURL: 'reg:5000', Username: 'bob', Secret: 'pa"ss\\wörd' }
    assert.deepEqual(JSON.parse(log('input')), expected)
    // The old password goes as well.
    assert.deepEqual(stored(), { credsStore: 'trust-registry-x', auths: { 'reg:5000': {} } })
  })

  it('are told of identity tokens by a name of its own', async () => {
    helper('docker-credential-trust-registry-x')
    put({ credsStore: 'trust-registry-x' })
    await storeLogin(request({ identityToken: 'tok' }))
    assert.deepEqual(JSON.parse(log('input')), { ServerURL: 'reg:5000', Username: '<token>', Secret: 'tok' })
  })

  it('are chosen by registry first', async () => {
    helper('docker-credential-trust-registry-own')
    const choose = (credHelpers: unknown) => {
      put({ credsStore: 'trust-registry-none', credHelpers })
    }
    choose({ 'reg:5000': 'trust-registry-own', reg: 'trust-registry-none' })
    assert.equal((await storeLogin(request())).helper, 'trust-registry-own')
    choose({ 'reg:5000': '' })
    assert.equal((await storeLogin(request())).helper, undefined)
    choose({ 'reg:5001': 'trust-registry-own' })
    assert.match(await failure(), /docker-credential-trust-registry-none: there is no such program/)
  })

  it('are found by themselves where nothing is stored yet', async function () {
    if (process.platform !== 'linux') leaveOut(this, 'other systems have their own helper')
    helper('pass')
    helper('docker-credential-pass')
    assert.equal((await storeLogin(request())).helper, 'pass')
    assert.deepEqual(stored(), { credsStore: 'pass', auths: { 'reg:5000': {} } })
    put({ auths: { 'other:1': { auth: 'eDp5' } } })
    assert.equal((await storeLogin(request())).helper, undefined)
  })

  it('may be missing: nothing is written', async () => {
    put({ credsStore: 'trust-registry-none', x: 1 })
    const message = await failure()
    assert.match(
      message,
      /^the login was accepted but not stored: credential helper docker-credential-trust-registry-none: there is no such program/,
    )
    assert.deepEqual(stored(), { credsStore: 'trust-registry-none', x: 1 })
  })

  for (const name of ['../evil', '/bin/sh', 'a b', 'x;id', '$(id)', 'x\n']) {
    it(`have plain names, not ${JSON.stringify(name)}`, async () => {
      helper('docker-credential-x')
      put({ credsStore: name })
      assert.match(await failure(), /is no program name/)
      assert.deepEqual([fs.readdirSync(path('log')), stored()], [[], { credsStore: name }])
    })
  }

  /** A keyring in a file, with Docker's protocol. */
  const keyring = (before?: string, trouble = ''): (() => string | undefined) => {
    const file = path('keyring')
    if (before !== undefined) fs.writeFileSync(file, before)
    helper(
      'docker-credential-trust-registry-x',
      `${trouble}
case $1 in
store) cat '${path('log/input')}' > '${file}' ;;
get) test -s '${file}' && cat '${file}' && exit 0; echo 'credentials not found in native keychain'; exit 1 ;;
erase) rm -f '${file}' ;;
esac`,
    )
    return () => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined)
  }
  const old = JSON.stringify({ ServerURL: 'reg:5000', Username: 'amy', Secret: 'old' })

  for (const before of [undefined, old]) {
    const what = before === undefined ? 'nothing' : 'another login'
    it(`hold ${what} again where config.json cannot be written after them, or the login is taken back`, async () => {
      put({ credsStore: 'trust-registry-x' })
      const held = keyring(before)
      const { takeBack } = await storeReversibly(request())
      assert.match(held() ?? '', /"Username":"bob"/)
      await takeBack()
      assert.equal(held(), before)
      const machine = new LocalMachine({ env: { PATH: path('bin') } })
      machine.create = () => Promise.reject(Object.assign(new Error('EROFS: read-only'), { code: 'EROFS' }))
      assert.match(await failure({ machine }), /cannot be written: EROFS/)
      assert.equal(held(), before)
    })
  }

  it('that cannot say what they hold are given nothing: it could not be taken back', async () => {
    put({ credsStore: 'trust-registry-x' })
    const held = keyring(old, 'test "$1" = get && { echo the keyring is locked; exit 1; }')
    assert.match(await failure(), /: the keyring is locked$/)
    assert.equal(held(), old)
  })

  it('say why they fail, shortly', async () => {
    put({ credsStore: 'trust-registry-x' })
    for (const [script, expected] of [
      [
        'echo "credentials not found in native keychain"; exit 1',
        /: credentials not found in native keychain$/,
      ],
      ['echo no display >&2; exit 2', /: no display$/],
      ['exit 3', /: exit code 3$/],
      ['kill -9 $$', /: exit code none, it was killed$/],
    ] as const) {
      helper('docker-credential-trust-registry-x', script)
      assert.match(await failure(), expected)
    }
    helper('docker-credential-trust-registry-x', 'yes | head -c 100000; exit 1')
    assert.ok((await failure()).length < 400)
    assert.deepEqual(stored(), { credsStore: 'trust-registry-x' })
  })

  it('cannot get the secret into a message, whole, cut or encoded', async () => {
    put({ credsStore: 'trust-registry-x' })
    const input = path('log/input')
    const filler = 'x'.repeat(190)
    const cases: readonly (readonly [string, string])[] = [
      [`cat '${input}'; exit 1`, 'pa"ss\\wörd'],
      [`cat '${input}' >&2; exit 1`, 'canary-secret'],
      [`printf '%s' ${filler}; sed 's/.*Secret":"//' '${input}'; exit 1`, 'canary-secret'],
      [`sed 's/.*Secret":"\\(.*\\)".*/\\1/' '${input}' | tr -d '\\n' | base64; exit 1`, 'canary-secret'],
    ]
    for (const [script, password] of cases) {
      helper('docker-credential-trust-registry-x', `test "$1" = get && exit 0\n${script}`)
      const message = await failure({ credentials: { username: 'bob', password } })
      assert.match(message, /: exit code 1$/, script)
      assert.doesNotMatch(message, /canary|pa"|pa\\"|wörd|Y2FuYXJ5/)
    }
  })
})
