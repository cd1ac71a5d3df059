import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { leaveOut } from '../support/left-out.ts'
import { throwaway } from './throwaway.ts'

const modeOf = (path: string): number => fs.lstatSync(path).mode & 0o7777
const code =
  (...codes: readonly string[]) =>
  (error: unknown) => {
    assert.ok(error instanceof Error && 'code' in error && typeof error.code === 'string')
    assert.ok(codes.includes(error.code), error.code)
    return true
  }
const bytes = Buffer.from('new')

describe('machine/local: writing', () => {
  const { machine, path } = throwaway()
  before(function () {
    if (process.platform === 'win32') leaveOut(this, 'Windows has neither modes nor a umask')
  })

  for (const umask of [0o000, 0o022, 0o077]) {
    it(`gives files and folders their mode under umask ${umask.toString(8)}`, async () => {
      const before = process.umask(umask)
      try {
        await machine().makeDirectory('/d', 0o755)
        await machine().create('/d/public', bytes, 0o644)
        await machine().create('/d/private', bytes, 0o600)
      } finally {
        process.umask(before)
      }
      assert.deepEqual(['d', 'd/public', 'd/private'].map(path).map(modeOf), [0o755, 0o644, 0o600])
      assert.equal(fs.readFileSync(path('d/public'), 'utf8'), 'new')
    })
  }

  it('gives files to their owner', async function () {
    if (process.geteuid?.() !== 0) leaveOut(this, 'only root gives files away')
    const owner = { uid: 12_345, gid: 23_456, name: 'x', home: '/' }
    await machine().makeDirectory('/d', 0o700, owner)
    await machine().create('/d/f', bytes, 0o600, owner)
    for (const name of ['d', 'd/f']) {
      const { uid, gid } = fs.statSync(path(name))
      assert.deepEqual([uid, gid], [12_345, 23_456], name)
    }
  })

  describe('on behalf of a person', () => {
    const alice = { uid: 12_345, gid: 12_345 }
    before(function () {
      if (process.geteuid?.() !== 0) leaveOut(this, 'only root gives files away')
    })
    const theirs = () => machine().ownedBy(alice)
    const give = (...names: readonly string[]): void => {
      for (const name of names) fs.lchownSync(path(name), alice.uid, alice.gid)
    }

    it('what is theirs is read, written, renamed and removed, and stays theirs', async () => {
      fs.mkdirSync(path('home'))
      give('home')
      await theirs().makeDirectory('/home/.docker', 0o700)
      await theirs().create('/home/.docker/part', bytes, 0o600)
      await theirs().rename('/home/.docker/part', '/home/.docker/config.json')
      assert.equal((await theirs().read('/home/.docker/config.json'))?.toString(), 'new')
      for (const name of ['home/.docker', 'home/.docker/config.json'])
        assert.equal(fs.statSync(path(name)).uid, alice.uid, name)
      await theirs().remove('/home/.docker/config.json')
      assert.equal(await theirs().read('/home/.docker/config.json'), undefined)
    })

    it('a file of others is not read: by a link, by a link to its folder, by a second name', async () => {
      fs.mkdirSync(path('root'))
      fs.writeFileSync(path('root/config.json'), 'secret')
      fs.mkdirSync(path('home'))
      fs.linkSync(path('root/config.json'), path('home/second'))
      fs.symlinkSync('../root/config.json', path('home/link'))
      fs.symlinkSync('root', path('folder'))
      give('home', 'home/link', 'folder')
      for (const name of ['/home/second', '/home/link', '/folder/config.json'])
        await assert.rejects(theirs().read(name), code('EPERM', 'ELOOP'), name)
    })

    it('nothing is written, made, renamed or removed in a folder of others, whatever leads there', async () => {
      fs.mkdirSync(path('root'))
      fs.writeFileSync(path('root/a'), 'old')
      fs.mkdirSync(path('home'))
      fs.symlinkSync('../root', path('home/.docker'))
      give('home', 'home/.docker')
      for (const folder of ['/root', '/home/.docker']) {
        await assert.rejects(theirs().create(`${folder}/b`, bytes, 0o600), code('EPERM', 'ENOTDIR'), folder)
        await assert.rejects(theirs().makeDirectory(`${folder}/c`, 0o700), code('EPERM', 'ENOTDIR'), folder)
        await assert.rejects(theirs().rename(`${folder}/a`, `${folder}/b`), code('EPERM', 'ENOTDIR'), folder)
        await assert.rejects(theirs().remove(`${folder}/a`), code('EPERM', 'ENOTDIR'), folder)
      }
      assert.deepEqual(fs.readdirSync(path('root')), ['a'])
    })
  })

  it('makes new files only, and follows no link that waits in their place', async () => {
    fs.writeFileSync(path('old'), 'old')
    fs.writeFileSync(path('victim'), 'old')
    fs.symlinkSync('victim', path('planted'))
    fs.symlinkSync('nowhere', path('dangling'))
    for (const name of ['/old', '/planted', '/dangling']) {
      await assert.rejects(machine().create(name, bytes, 0o644), { code: 'EEXIST' }, name)
    }
    assert.deepEqual(
      [fs.readFileSync(path('old'), 'utf8'), fs.readFileSync(path('victim'), 'utf8')],
      ['old', 'old'],
    )
    assert.ok(!fs.existsSync(path('nowhere')))
  })

  it('writes into no directory that is a link', async () => {
    fs.mkdirSync(path('real'))
    fs.writeFileSync(path('real/victim'), 'old')
    fs.writeFileSync(path('real/new'), 'new')
    fs.symlinkSync('real', path('reg:5000'))
    const refused = code('ENOTDIR', 'ELOOP')
    await assert.rejects(machine().create('/reg:5000/ca.crt', bytes, 0o644), refused)
    await assert.rejects(machine().rename('/reg:5000/new', '/reg:5000/victim'), refused)
    await assert.rejects(machine().remove('/reg:5000/victim'), refused)
    assert.deepEqual(fs.readdirSync(path('real')).sort(), ['new', 'victim'])
    assert.equal(fs.readFileSync(path('real/victim'), 'utf8'), 'old')
  })

  it('replaces by renaming, links included, within one directory', async () => {
    fs.mkdirSync(path('d'))
    fs.mkdirSync(path('e'))
    fs.writeFileSync(path('d/victim'), 'old')
    for (const name of ['d/part', 'e/part', 'd/other']) fs.writeFileSync(path(name), name)
    fs.symlinkSync('victim', path('d/link'))
    await machine().rename('/d/part', '/d/link')
    assert.ok(fs.lstatSync(path('d/link')).isFile())
    assert.equal(fs.readFileSync(path('d/link'), 'utf8'), 'd/part')
    assert.equal(fs.readFileSync(path('d/victim'), 'utf8'), 'old')
    await assert.rejects(machine().rename('/d/other', '/e/victim'), { code: 'EXDEV' })
    await assert.rejects(machine().rename('/d/none', '/d/victim'), { code: 'ENOENT' })
    assert.equal(fs.readFileSync(path('e/part'), 'utf8'), 'e/part')
  })

  it('publishes where nothing is, and nowhere else', async () => {
    fs.mkdirSync(path('d'))
    fs.writeFileSync(path('d/part'), 'new')
    fs.writeFileSync(path('d/file'), 'old')
    fs.symlinkSync('file', path('d/link'))
    fs.symlinkSync('nowhere', path('d/dangling'))
    fs.mkdirSync(path('d/folder'))
    for (const name of ['file', 'link', 'dangling', 'folder']) {
      await assert.rejects(machine().publish('/d/part', `/d/${name}`), { code: 'EEXIST' }, name)
    }
    assert.equal(fs.readFileSync(path('d/file'), 'utf8'), 'old')
    await machine().publish('/d/part', '/d/fresh')
    assert.deepEqual(fs.readdirSync(path('d')).sort(), ['dangling', 'file', 'folder', 'fresh', 'link'])
    assert.equal(fs.readFileSync(path('d/fresh'), 'utf8'), 'new')
    assert.equal(fs.statSync(path('d/fresh')).nlink, 1)
    await assert.rejects(machine().publish('/d/fresh', '/other'), { code: 'EXDEV' })
  })

  it('makes and removes no directory by way of a link', async () => {
    fs.mkdirSync(path('real'))
    fs.mkdirSync(path('real/theirs'))
    fs.symlinkSync('real', path('link'))
    const refusal = code('ENOTDIR', 'ELOOP')
    await assert.rejects(machine().makeDirectory('/link/new', 0o755), refusal)
    await assert.rejects(machine().removeDirectory('/link/theirs'), refusal)
    assert.deepEqual(fs.readdirSync(path('real')), ['theirs'])
  })

  it('removes links and not what they name', async () => {
    fs.writeFileSync(path('victim'), 'old')
    fs.symlinkSync('victim', path('link'))
    await machine().remove('/link')
    assert.deepEqual(fs.readdirSync(path()), ['victim'])
    await assert.rejects(machine().remove('/link'), { code: 'ENOENT' })
  })

  it('makes and removes one directory at a time', async () => {
    await assert.rejects(machine().makeDirectory('/a/b', 0o755), { code: 'ENOENT' })
    await machine().makeDirectory('/a', 0o755)
    await assert.rejects(machine().makeDirectory('/a', 0o700), { code: 'EEXIST' })
    assert.equal(modeOf(path('a')), 0o755)
    fs.writeFileSync(path('a/f'), '')
    await assert.rejects(machine().removeDirectory('/a'), { code: 'ENOTEMPTY' })
    await machine().remove('/a/f')
    await machine().removeDirectory('/a')
    assert.deepEqual(fs.readdirSync(path()), [])
  })

  it('leaves no descriptor open', async function () {
    if (process.platform !== 'linux') leaveOut(this, 'only Linux lists the descriptors of a process')
    const count = (): number => fs.readdirSync('/proc/self/fd').length
    const before = count()
    await machine().create('/f', bytes, 0o644)
    await machine().rename('/f', '/g')
    await assert.rejects(machine().create('/g', bytes, 0o644))
    await machine().read('/g')
    await assert.rejects(machine().read('/'))
    await machine().remove('/g')
    await machine().makeDirectory('/d', 0o755)
    await machine().removeDirectory('/d')
    assert.equal(count(), before)
  })
})
