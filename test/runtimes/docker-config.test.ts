import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { storeLogin, storeReversibly, type StoreRequest } from '../../src/runtimes/docker-config.ts'
import { fromAuths } from '../../src/runtimes/stored-login.ts'
import { leaveOut } from '../support/left-out.ts'
import { throwaway, unprivileged } from '../machine/throwaway.ts'

const AUTH = Buffer.from('bob:s3cret').toString('base64')

describe('runtimes/docker-config: the file', () => {
  const { machine, path } = throwaway()
  before(function () {
    if (process.platform === 'win32') leaveOut(this, 'Windows has neither modes nor links for everybody')
  })
  beforeEach(() => {
    fs.mkdirSync(path('home'))
  })

  const request = (more: Partial<StoreRequest> = {}): StoreRequest => ({
    machine: machine(),
    person: { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, name: 'bob', home: '/home' },
    elevated: false,
    directory: '/home/.docker',
    registry: 'reg:5000',
    credentials: { username: 'bob', password: 's3cret' },
    env: {},
    ...more,
  })
  const file = (): string => path('home/.docker/config.json')
  const put = (text: string, mode = 0o600): void => {
    fs.mkdirSync(path('home/.docker'), { recursive: true })
    fs.writeFileSync(file(), text)
    fs.chmodSync(file(), mode)
  }
  const text = (): string => fs.readFileSync(file(), 'utf8')
  const modeOf = (name: string): number => fs.lstatSync(name).mode & 0o7777

  it('is made for its owner alone, as Docker writes it', async () => {
    const before = process.umask(0)
    try {
      assert.deepEqual(await storeLogin(request()), { path: '/home/.docker/config.json' })
    } finally {
      process.umask(before)
    }
    assert.equal(text(), `{\n\t"auths": {\n\t\t"reg:5000": {\n\t\t\t"auth": "${AUTH}"\n\t\t}\n\t}\n}`)
    assert.deepEqual([modeOf(file()), modeOf(path('home/.docker'))], [0o600, 0o700])
    assert.deepEqual(fs.readdirSync(path('home/.docker')), ['config.json'])
  })

  it('keeps what is not ours: keys, their order, other logins, the mode', async () => {
    const config = {
      zeta: { deep: [1, 2.5, null, 'ü'] },
      auths: { 'other:1': { auth: 'b3RoZXI6eA==', email: 'e' }, 'reg:5000': { auth: 'b2xkOm9sZA==' } },
      HttpHeaders: { A: '<b>' },
      currentContext: 'vm',
    }
    put(`${JSON.stringify(config, null, '\t')}\n`, 0o640)
    await storeLogin(request())
    const auths = { ...config.auths, 'reg:5000': { auth: AUTH } }
    assert.equal(text(), JSON.stringify({ ...config, auths }, null, '\t'))
    assert.equal(modeOf(file()), 0o640)
  })

  it('holds an identity token in place of the password', async () => {
    await storeLogin(request({ identityToken: 'tok' }))
    const expected = { auth: Buffer.from('bob:').toString('base64'), identitytoken: 'tok' }
    assert.deepEqual(JSON.parse(text()), { auths: { 'reg:5000': expected } })
    assert.ok(!text().includes(AUTH))
  })

  it('may be empty, as Docker lets it be', async () => {
    for (const empty of ['', '\n', '{}']) {
      put(empty)
      await storeLogin(request())
      assert.deepEqual(JSON.parse(text()), { auths: { 'reg:5000': { auth: AUTH } } })
    }
  })

  it('is as it was once the login is taken back, or only without it where somebody wrote meanwhile', async () => {
    await (await storeReversibly(request())).takeBack()
    assert.equal(fs.existsSync(file()), false)
    const before = '{ "auths": {"reg:5000": {"auth": "b2xkOm9sZA=="}}, "x": 1 }\n'
    put(before)
    const again = await storeReversibly(request())
    assert.deepEqual(
      fromAuths((JSON.parse(text()) as { auths: Record<string, unknown> }).auths, 'reg:5000'),
      {
        username: 'bob',
        password: 's3cret',
      },
    )
    await again.takeBack()
    assert.equal(text(), before)
    const { takeBack } = await storeReversibly(request())
    await storeLogin(request({ registry: 'other:1' }))
    await takeBack()
    const old = { 'reg:5000': { auth: 'b2xkOm9sZA==' }, 'other:1': { auth: AUTH } }
    assert.deepEqual(JSON.parse(text()), { auths: old, x: 1 })
  })

  it('stays a link, and the mode of what it names stays', async () => {
    fs.mkdirSync(path('home/.docker'))
    fs.mkdirSync(path('home/dotfiles'))
    fs.writeFileSync(path('home/dotfiles/docker.json'), '{"a":1}')
    fs.chmodSync(path('home/dotfiles/docker.json'), 0o604)
    fs.symlinkSync('../dotfiles/docker.json', file())
    await storeLogin(request())
    assert.equal(fs.readlinkSync(file()), '../dotfiles/docker.json')
    assert.deepEqual(JSON.parse(text()), { a: 1, auths: { 'reg:5000': { auth: AUTH } } })
    assert.equal(modeOf(path('home/dotfiles/docker.json')), 0o604)
    assert.deepEqual(fs.readdirSync(path('home/dotfiles')), ['docker.json'])
  })

  it('may be a link to a link: both stay, and so does the mode of the file', async () => {
    fs.mkdirSync(path('home/.docker'))
    fs.mkdirSync(path('home/dot'))
    fs.writeFileSync(path('home/real.json'), '{}', { mode: 0o600 })
    fs.symlinkSync('../real.json', path('home/dot/config.json'))
    fs.symlinkSync('../dot/config.json', file())
    await storeLogin(request())
    assert.equal(fs.readlinkSync(path('home/dot/config.json')), '../real.json')
    assert.equal(modeOf(path('home/real.json')), 0o600)
    assert.deepEqual(JSON.parse(text()), { auths: { 'reg:5000': { auth: AUTH } } })
  })

  it('is no link that root would follow for somebody', async () => {
    fs.mkdirSync(path('home/.docker'))
    fs.writeFileSync(path('victim'), '{}')
    fs.symlinkSync('../../victim', file())
    await assert.rejects(storeLogin(request({ elevated: true })), {
      code: 'login-failed',
      message: /is a link/,
    })
    assert.equal(fs.readFileSync(path('victim'), 'utf8'), '{}')
  })

  it('belongs to the person for whom root writes it', async function () {
    if (process.geteuid?.() !== 0) leaveOut(this, 'only root writes for others')
    const person = { uid: 12_345, gid: 23_456, name: 'bob', home: '/home' }
    await assert.rejects(storeLogin(request({ elevated: true, person })), {
      code: 'login-failed',
      message: /\/home\/\.docker does not belong to bob/,
    })
    assert.equal(fs.existsSync(file()), false)
    fs.chownSync(path('home'), person.uid, person.gid)
    await storeLogin(request({ elevated: true, person }))
    for (const name of [file(), path('home/.docker')]) {
      const { uid, gid } = fs.statSync(name)
      assert.deepEqual([uid, gid], [12_345, 23_456], name)
    }
  })

  for (const damaged of [
    `{"auths":{"x":{"auth":"${AUTH}"}`,
    AUTH,
    `{"auths": ${AUTH}}`,
    '[]',
    '"text"',
    'null',
    '{} {}',
    '\u0000',
  ]) {
    it(`is left untouched when it is damaged: ${JSON.stringify(damaged)}`, async () => {
      put(damaged, 0o644)
      await assert.rejects(storeLogin(request()), (error: Error & { fix?: string }) => {
        assert.match(error.message, /^the login was accepted but not stored: .*config\.json is damaged/)
        assert.doesNotMatch(`${error.message} ${error.fix ?? ''}`, new RegExp(AUTH.slice(0, 5)))
        return true
      })
      assert.deepEqual([text(), modeOf(file())], [damaged, 0o644])
      assert.deepEqual(fs.readdirSync(path('home/.docker')), ['config.json'])
    })
  }

  it('may be out of reach, which is said', async () => {
    put('{}', 0o000)
    fs.chmodSync(path('home'), 0o755)
    const refused = { name: 'TrustError', code: 'login-failed' }
    await unprivileged(async () => {
      await assert.rejects(storeLogin(request()), { ...refused, message: /cannot be read \(EACCES\)/ })
    })
    fs.chmodSync(file(), 0o644)
    fs.chmodSync(path('home/.docker'), 0o555)
    await unprivileged(async () => {
      await assert.rejects(storeLogin(request()), { ...refused, message: /cannot be written: EACCES/ })
    })
    fs.chmodSync(path('home/.docker'), 0o755)
    fs.rmSync(file())
    fs.mkdirSync(file())
    await assert.rejects(storeLogin(request()), { ...refused, message: /cannot be read \(EISDIR\)/ })
    assert.deepEqual(fs.readdirSync(path('home/.docker')), ['config.json'])
  })
})
