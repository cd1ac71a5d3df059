import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { sep } from 'node:path'
import fc from 'fast-check'
import { LocalMachine } from '../../src/machine/local.ts'
import { leaveOut } from '../support/left-out.ts'
import { throwaway, unprivileged } from './throwaway.ts'

describe('machine/local: reading', () => {
  const { machine, path } = throwaway()

  it('reads files, follows links, and takes absence for an answer', async () => {
    fs.mkdirSync(path('etc'))
    fs.writeFileSync(path('etc/a'), 'abc')
    fs.symlinkSync('a', path('etc/link'))
    fs.symlinkSync('nowhere', path('etc/dangling'))
    assert.equal((await machine().read('/etc/a'))?.toString(), 'abc')
    assert.equal((await machine().read('/etc/link'))?.toString(), 'abc')
    for (const absent of ['/etc/b', '/no/such/folder', '/etc/dangling']) {
      assert.equal(await machine().read(absent), undefined, absent)
    }
  })

  it('reads no more than it may', async () => {
    fs.writeFileSync(path('five'), '12345')
    assert.equal((await machine().read('/five', 5))?.length, 5)
    await assert.rejects(machine().read('/five', 4), { code: 'EFBIG' })
    fs.truncateSync(path('five'), 17 * 1024 * 1024)
    await assert.rejects(machine().read('/five'), { code: 'EFBIG' })
  })

  it('reads nothing but files, and waits for none', async () => {
    await assert.rejects(machine().read('/'), { code: 'EISDIR' })
    if (process.platform === 'win32') return
    assert.equal(spawnSync('mkfifo', [path('fifo')]).status, 0)
    await assert.rejects(machine().read('/fifo'), { code: 'EINVAL' })
    await assert.rejects(new LocalMachine().read('/dev/zero'), { code: 'EINVAL' })
    const server = createServer().listen(path('socket'))
    await once(server, 'listening')
    await assert.rejects(machine().read('/socket'))
    server.close()
  })

  it('says that it may not, rather than that nothing is there', async function () {
    if (process.platform === 'win32') return
    fs.mkdirSync(path('closed'))
    fs.writeFileSync(path('secret'), 'x', { mode: 0o600 })
    fs.chmodSync(path('closed'), 0)
    fs.chmodSync(path('secret'), 0)
    await unprivileged(async () => {
      for (const work of [
        machine().read('/secret'),
        machine().list('/closed'),
        machine().stat('/closed/x'),
        machine().read('/closed/x'),
      ]) {
        await assert.rejects(work, { code: 'EACCES' })
      }
    })
    fs.chmodSync(path('closed'), 0o700)
    await assert.rejects(machine().list('/secret'), { code: 'ENOTDIR' })
  })

  it('lists names in order', async () => {
    for (const name of ['b', 'a', 'B', '.c']) fs.writeFileSync(path(name), '')
    assert.deepEqual(await machine().list('/'), ['.c', 'B', 'a', 'b'])
    assert.equal(await machine().list('/none'), undefined)
  })

  it('tells kinds apart, without following', async () => {
    fs.mkdirSync(path('folder'))
    fs.writeFileSync(path('file'), '123')
    fs.symlinkSync('folder/..', path('link'))
    fs.chmodSync(path('file'), 0o640)
    const file = await machine().stat('/file')
    const { mode, mtimeMs, uid, gid } = fs.statSync(path('file'))
    assert.deepEqual(file, { kind: 'file', mode: mode & 0o7777, uid, gid, size: 3, changedMs: mtimeMs })
    assert.equal((await machine().stat('/folder'))?.kind, 'directory')
    const link = await machine().stat('/link')
    assert.deepEqual([link?.kind, link?.linkTarget], ['symlink', 'folder/..'])
    assert.equal(await machine().stat('/none'), undefined)
  })
})

describe('machine/local: places', () => {
  const root = `${sep}srv${sep}image`
  const machine = new LocalMachine({ root, env: {} })

  it('are below the root, whatever the path says', () => {
    assert.equal(machine.locate('/etc/docker'), [root, 'etc', 'docker'].join(sep))
    assert.equal(machine.locate('/'), root)
    const parts = fc.array(fc.oneof(fc.constantFrom('..', '.', '', '/', '...'), fc.string()), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(parts, (all) => {
        const place = machine.locate(all.join('/'))
        assert.ok(place === root || place.startsWith(root + sep), place)
        assert.ok(!place.slice(root.length).split(sep).includes('..'), place)
      }),
      { numRuns: 1000 },
    )
  })

  it('are what they are on the machine itself', () => {
    assert.equal(new LocalMachine().locate('/etc/../x'), '/etc/../x')
    assert.deepEqual([machine.kind, new LocalMachine().kind], ['root', 'local'])
  })
})

describe('machine/local: programs', () => {
  const { path, machine } = throwaway()
  before(function () {
    if (process.platform === 'win32') leaveOut(this, 'Windows knows no permission to run')
  })
  const put = (name: string, mode = 0o755): void => {
    fs.mkdirSync(path('bin'), { recursive: true })
    fs.writeFileSync(path(`bin/${name}`), '#!/bin/sh\n', { mode })
  }
  const from = (PATH: string): LocalMachine => new LocalMachine({ env: { PATH } })

  it('are looked for in PATH and in the sbin folders', async () => {
    put('trust-registry-x')
    assert.equal(await from(path('bin')).which('trust-registry-x'), path('bin/trust-registry-x'))
    assert.equal(await from('').which('trust-registry-x'), undefined)
    assert.match((await from('').which('sh')) ?? '', /bin\/sh$/)
  })

  it('are not taken from the working directory', async () => {
    put('trust-registry-x')
    const before = process.cwd()
    process.chdir(path('bin'))
    try {
      for (const PATH of ['.', '', ':', './', '../bin', 'bin']) {
        assert.equal(await from(PATH).which('trust-registry-x'), undefined, PATH)
      }
    } finally {
      process.chdir(before)
    }
  })

  it('are files that can be run; what cannot be looked into is passed over', async () => {
    put('trust-registry-x')
    put('plain', 0o644)
    fs.mkdirSync(path('bin/folder'))
    fs.mkdirSync(path('closed'))
    fs.chmodSync(path('closed'), 0)
    const odd = [path('bin/plain'), path('closed'), path('none'), path('bin')].join(':')
    await unprivileged(async () => {
      assert.equal(await from(odd).which('trust-registry-x'), path('bin/trust-registry-x'))
      assert.equal(await from(odd).which('plain'), undefined)
      assert.equal(await from(odd).which('folder'), undefined)
    })
  })

  it('of a machine with a root of its own are looked for below it', async () => {
    fs.mkdirSync(path('usr/bin'), { recursive: true })
    fs.writeFileSync(path('usr/bin/dockerd'), '', { mode: 0o755 })
    assert.equal(await machine().which('dockerd'), '/usr/bin/dockerd')
    assert.equal(await machine().which('sh'), undefined)
  })
})
