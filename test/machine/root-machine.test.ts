import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { RootMachine } from '../../src/machine/root/machine.ts'
import { leaveOut } from '../support/left-out.ts'
import { throwaway, unprivileged } from './throwaway.ts'

const bytes = Buffer.from('ours')

describe('machine/root: an image', () => {
  const { path } = throwaway()
  let image: RootMachine
  before(function () {
    if (process.platform !== 'linux') leaveOut(this, 'an image root is written on Linux only')
  })
  beforeEach(() => {
    fs.mkdirSync(path('root/etc'), { recursive: true })
    image = new RootMachine(path('root'))
  })
  afterEach(() => {
    image.close()
  })

  /** A file beside the root and one inside it, at the same path as each calls it. */
  function twins(name: string): void {
    for (const [file, text] of [
      [path(name), 'outside'],
      [path(join('root', path(name))), 'inside'],
      [path(join('root', name)), 'inside'],
    ] as const) {
      fs.mkdirSync(dirname(file), { recursive: true })
      fs.writeFileSync(file, text)
    }
  }

  it('reads its own files through its own links: absolute, relative, climbing out, in the middle', async () => {
    twins('secret')
    fs.symlinkSync(path('secret'), path('root/etc/absolute'))
    fs.symlinkSync('../secret', path('root/etc/relative'))
    fs.symlinkSync('../../../../../../../../secret', path('root/etc/climbing'))
    fs.symlinkSync(path(), path('root/etc/folder'))
    fs.symlinkSync('/etc/../../..', path('root/etc/top'))
    for (const name of ['absolute', 'relative', 'climbing', 'folder/secret', 'top/secret', '../../secret'])
      assert.equal((await image.read(`/etc/${name}`))?.toString(), 'inside', name)
    const limits = { files: 9, bytes: 99 }
    const found = (await image.readFolder('/etc', limits)) ?? []
    assert.deepEqual(
      found.map(({ name, bytes: text }) => [name, text?.toString()]),
      [
        ['absolute', 'inside'],
        ['climbing', 'inside'],
        ['relative', 'inside'],
      ],
    )
    assert.deepEqual(await image.list('/etc/top/etc'), await image.list('/etc'))
  })

  it('tells whose the folder is that it holds open, and not one that got its name since', () => {
    fs.chmodSync(path('root'), 0o755)
    fs.renameSync(path('root'), path('moved'))
    fs.mkdirSync(path('root'))
    fs.chmodSync(path('root'), 0o777)
    assert.deepEqual(image.facts(), { isOurs: false, uid: process.geteuid?.(), mode: 0o755 })
    const own = new RootMachine('/')
    assert.equal(own.facts().isOurs, true)
    own.close()
  })

  it('never gives out what lies outside, whatever links there are', async () => {
    const name = fc.constantFrom('a', 'b', 'c', '..', '.', '', path(), path().slice(1), 'proc/self/root')
    const target = fc.array(name, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/') || '.')
    await fc.assert(
      fc.asyncProperty(fc.tuple(target, target, target), target, async (targets, asked) => {
        for (const [index, link] of ['a', 'b', 'c'].entries()) {
          fs.rmSync(path(`root/${link}`), { force: true })
          fs.symlinkSync(targets[index] ?? '.', path(`root/${link}`))
          fs.writeFileSync(path(link), 'outside')
        }
        for (const one of [asked, 'a', 'b', 'a/b', 'c/..']) {
          const refusal = (error: unknown): undefined => {
            assert.ok(error instanceof Error && 'code' in error)
            assert.ok(['ELOOP', 'ENOTDIR', 'EISDIR', 'EINVAL'].includes(String(error.code)), String(error))
          }
          const read = await image.read(`/${one}`).catch(refusal)
          assert.notEqual(read?.toString(), 'outside', one)
          await image.create(`/${one}/file`, bytes, 0o644).catch(() => undefined)
          assert.equal(fs.existsSync(path('file')), false, `/${one}/file was written outside`)
          await image.remove(`/${one}/file`).catch(() => undefined)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('writes through no link in the place of the folder, and to nothing outside', async () => {
    fs.mkdirSync(path('theirs'))
    fs.symlinkSync(path('theirs'), path('root/etc/docker'))
    for (const work of [
      image.create('/etc/docker/file', bytes, 0o644),
      image.makeDirectory('/etc/docker/certs.d', 0o755),
      image.create('/etc/docker/certs.d/file', bytes, 0o644),
      image.remove('/etc/docker/file'),
      image.lock('/etc/docker/lock'),
    ])
      await assert.rejects(work)
    assert.deepEqual(fs.readdirSync(path('theirs')), [])
    fs.mkdirSync(path('root/usr/etc'), { recursive: true })
    fs.symlinkSync('/usr/etc', path('root/etc/own'))
    await image.makeDirectory('/usr/etc/folder', 0o755)
    await image.create('/etc/own/folder/part', bytes, 0o640)
    await image.publish('/etc/own/folder/part', '/etc/own/folder/file')
    await assert.rejects(image.publish('/etc/own/folder/file', '/etc/own/folder/file'), { code: 'EEXIST' })
    assert.equal(fs.readFileSync(path('root/usr/etc/folder/file'), 'utf8'), 'ours')
    await image.remove('/etc/own/folder/file')
    await image.removeDirectory('/usr/etc/folder')
    assert.deepEqual(fs.readdirSync(path('root/usr/etc')), [])
  })

  it('ends with links that go round, names of no folder, NUL', async () => {
    fs.symlinkSync('loop', path('root/etc/loop'))
    fs.writeFileSync(path('root/etc/file'), 'x')
    await assert.rejects(image.read('/etc/loop'), { code: 'ELOOP' })
    await assert.rejects(image.read('/etc/file/x'), { code: 'ENOTDIR' })
    await assert.rejects(image.read('/etc/\0'), { code: 'ERR_INVALID_ARG_VALUE' })
    assert.equal(await image.read('/nothing/here'), undefined)
    assert.equal(await image.stat('/nothing'), undefined)
    assert.equal((await image.stat('/etc/loop'))?.kind, 'symlink')
    await assert.rejects(image.read('/etc'), { code: 'EISDIR' })
  })

  it('opens nothing but files, and waits for none', async function () {
    assert.equal(spawnSync('mkfifo', [path('root/etc/fifo')]).status, 0)
    await assert.rejects(image.read('/etc/fifo'), { code: 'EINVAL' })
    assert.deepEqual(await image.readFolder('/etc', { files: 9, bytes: 9 }), [])
    const lock = await image.lock('/etc/fifo')
    await lock?.release()
  })

  it("holds nothing of what the builder mounts there, and no engine's socket", async () => {
    for (const name of ['proc/version', 'sys/x', 'dev/x', 'run/docker.pid']) {
      fs.mkdirSync(dirname(path(`root/${name}`)), { recursive: true })
      fs.writeFileSync(path(`root/${name}`), '1')
      assert.equal(await image.read(`/${name}`), undefined, name)
    }
    fs.mkdirSync(path('root/var'))
    fs.symlinkSync('/run', path('root/var/run'))
    assert.equal(await image.read('/var/run/docker.pid'), undefined)
    await assert.rejects(image.socket('/var/run/docker.sock'), { code: 'ENOENT' })
  })

  it('locks once, and leaves no lock below /run', async () => {
    const lock = await image.lock('/run/a.lock')
    assert.ok(lock)
    assert.equal(await image.lock('/run/a.lock'), undefined)
    await lock.release()
    const again = await image.lock('/run/a.lock')
    assert.ok(again)
    await again.release()
    assert.deepEqual(fs.readdirSync(path('root')), ['etc'])
    const file = await image.lock('/etc/lock')
    assert.equal(await image.lock('/etc/lock'), undefined)
    await file?.release()
  })

  it('finds its own programs, by its own links', async () => {
    fs.mkdirSync(path('root/usr/bin'), { recursive: true })
    fs.symlinkSync('/usr/bin', path('root/bin'))
    fs.writeFileSync(path('root/usr/bin/tool'), '', { mode: 0o755 })
    fs.symlinkSync('/bin/tool', path('root/usr/bin/other'))
    fs.symlinkSync('/bin/sh', path('root/usr/bin/sh'))
    assert.equal(await image.which('tool'), '/usr/bin/tool')
    assert.equal(await image.which('other'), '/usr/bin/other')
    assert.equal(await image.which('sh'), undefined, "the builder's own is none of its")
  })

  it('is written by its owner, and by nobody else', async () => {
    assert.equal(image.who().privileged, true)
    assert.equal(image.who().invoker.home, '/root')
    if (process.geteuid?.() !== 0) return
    await unprivileged(() => {
      assert.equal(image.who().privileged, false)
      return Promise.resolve()
    })
  })
})
