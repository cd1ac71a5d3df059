import assert from 'node:assert/strict'
import { LocalMachine } from '../../src/machine/local.ts'
import { parseOsRelease } from '../../src/machine/os-release.ts'
import { throwaway } from './throwaway.ts'
import { mkdirSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'

describe('machine/os-release', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['ID=debian\n', 'debian', 'debian'],
    ['NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', 'ubuntu', 'debian'],
    ['ID="rhel"\r\nID_LIKE="fedora"\r\n', 'rhel', 'rhel'],
    ["ID='rocky'\nID_LIKE='rhel centos fedora'", 'rocky', 'rhel'],
    ['ID="opensuse-leap"\nID_LIKE="suse opensuse"', 'opensuse-leap', 'suse'],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"', 'linuxmint', 'debian'],
    ['ID=amzn', 'amzn', 'rhel'],
    ['ID=alpine\n# ID=arch', 'alpine', 'alpine'],
    ['ID=manjaro\nID_LIKE=arch', 'manjaro', 'arch'],
    ['ID=boot2docker', 'boot2docker', 'boot2docker'],
    ['', 'unknown', 'unknown'],
    ['ID', 'unknown', 'unknown'],
    ['ID=constructor', 'constructor', 'constructor'],
    ['ID=__proto__', '__proto__', '__proto__'],
  ]
  for (const [text, id, family] of cases) {
    it(`knows the family of ${JSON.stringify(text)}`, () => {
      assert.deepEqual(parseOsRelease(text), { id, family })
    })
  }

  it('has two words for every text', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('utf16le')),
        (text) => {
          for (const all of [text, `ID=${text}`, `ID=x\nID_LIKE=${text}`]) {
            const { id, family } = parseOsRelease(all)
            assert.deepEqual([typeof id, typeof family], ['string', 'string'])
          }
        },
      ),
    )
  })
})

describe('machine/local: who and what', () => {
  const { machine, path } = throwaway()

  it('finds os-release in either place', async function () {
    if (machine().platform !== 'linux') return
    assert.deepEqual(await machine().os(), { id: 'unknown', family: 'unknown' })
    mkdirSync(path('usr/lib'), { recursive: true })
    writeFileSync(path('usr/lib/os-release'), 'ID=fedora\n')
    assert.deepEqual(await machine().os(), { id: 'fedora', family: 'rhel' })
    mkdirSync(path('etc'))
    writeFileSync(path('etc/os-release'), 'ID=debian\n')
    assert.deepEqual(await machine().os(), { id: 'debian', family: 'debian' })
  })

  it('takes the invoking user from sudo, and from sudo alone', () => {
    const sudo = { SUDO_UID: '4242', SUDO_GID: '4343', SUDO_USER: 'bob' }
    const { invoker, elevated } = new LocalMachine({ env: sudo }).who()
    const root = process.geteuid?.() === 0
    assert.equal(elevated, root)
    if (root) assert.deepEqual(invoker, { uid: 4242, gid: 4343, name: 'bob', home: '/home/bob' })
    else assert.equal(invoker.uid, process.geteuid?.() ?? -1)
    for (const env of [{}, { SUDO_UID: '' }, { SUDO_UID: '0', SUDO_USER: 'root' }, { SUDO_UID: 'x' }]) {
      assert.equal(new LocalMachine({ env }).who().elevated, false, JSON.stringify(env))
    }
  })

  it('may do everything below a root of its own', () => {
    assert.equal(machine().who().privileged, true)
  })
})
