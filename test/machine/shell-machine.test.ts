import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { LocalMachine } from '../../src/machine/local.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { bootstrap, Channel } from '../../src/machine/ssh/channel.ts'
import { greet } from '../../src/machine/ssh/greeting.ts'
import { SshMachine } from '../../src/machine/ssh/machine.ts'
import { leaveOut } from '../support/left-out.ts'

/** What a machine offers: a shell as `sh`, and tools. */
const shells: Readonly<Record<string, string>> = {
  'dash and coreutils': 'dash',
  'bash and coreutils': 'bash',
  'busybox, and flock': 'busybox',
}

// In a mount namespace of its own, the folders of programs hold busybox alone.
const onlyBusybox = `
mount -t tmpfs tmpfs /mnt && cp /usr/bin/busybox /usr/bin/flock /mnt && cd /mnt &&
for tool in $(busybox --list); do [ -e $tool ] || ln -s busybox $tool; done
cd / &&
for folder in /usr/local/bin /usr/local/sbin /usr/sbin /usr/bin; do mount --bind /mnt $folder || exit; done
exec sh -c "$1"`

interface Far {
  readonly machine: Machine
  readonly child?: ChildProcess
}

async function overShell(shell: string): Promise<Far & { machine: SshMachine }> {
  const argv =
    shell === 'busybox'
      ? ['unshare', '--mount', 'sh', '-c', onlyBusybox, 'sh', bootstrap]
      : [shell, '-c', bootstrap.replace('exec sh', `exec ${shell}`)]
  const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] })
  const channel = new Channel(child)
  return { machine: new SshMachine(channel, await greet(channel)), child }
}

const code =
  (...codes: readonly string[]) =>
  (error: unknown) => {
    assert.ok(error instanceof Error && 'code' in error && typeof error.code === 'string', String(error))
    assert.ok(codes.includes(error.code), error.message)
    return true
  }

const kinds: Readonly<Record<string, () => Promise<Far>>> = {
  'this computer': () => Promise.resolve({ machine: new LocalMachine() }),
  ...Object.fromEntries(Object.entries(shells).map(([name, shell]) => [name, () => overShell(shell)])),
}

for (const [kind, open] of Object.entries(kinds)) {
  describe(`machine: the contract, ${kind}`, function () {
    // A shell starts a program for nearly everything that it does.
    this.timeout(60_000)
    let machine: Machine
    let child: ChildProcess | undefined
    let folder = ''
    let small = ''
    let frozen = ''
    const path = (name: string): string => join(folder, name)

    before(async function () {
      if (process.platform !== 'linux') leaveOut(this, 'the far side is Linux')
      const shell = shells[kind]
      if (shell === 'busybox' && process.geteuid?.() !== 0)
        leaveOut(this, 'hiding all other programs needs root')
      if (shell !== undefined && spawnSync(shell, ['-c', 'true']).error) leaveOut(this, `${shell} is missing`)
      small = fs.mkdtempSync(join(tmpdir(), 'trust-registry-small-'))
      frozen = fs.mkdtempSync(join(tmpdir(), 'trust-registry-frozen-'))
      if (process.geteuid?.() === 0) {
        // Before a far side takes its own copy of the mounts.
        assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', small]).status, 0)
        assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', frozen]).status, 0)
      }
      ;({ machine, child } = { child: undefined, ...(await open()) })
    })
    after(async () => {
      for (const mount of [small, frozen].filter((path) => path !== '')) {
        spawnSync('umount', [mount])
        fs.rmdirSync(mount)
      }
      if (!child) return
      const gone = once(child, 'exit')
      child.stdin?.end()
      await gone
    })
    beforeEach(() => {
      folder = fs.mkdtempSync(join(tmpdir(), 'trust-registry-contract-'))
    })
    afterEach(() => {
      fs.rmSync(folder, { recursive: true, force: true })
    })

    it('reads files, follows links, takes absence for an answer, and stops at the limit', async () => {
      fs.writeFileSync(path('a'), 'abc')
      fs.symlinkSync('a', path('link'))
      fs.symlinkSync('nowhere', path('dangling'))
      assert.equal((await machine.read(path('a')))?.toString(), 'abc')
      assert.equal((await machine.read(path('link')))?.toString(), 'abc')
      for (const absent of ['b', 'no/such/folder', 'dangling'])
        assert.equal(await machine.read(path(absent)), undefined, absent)
      assert.equal((await machine.read(path('a'), 3))?.length, 3)
      await assert.rejects(machine.read(path('a'), 2), code('EFBIG'))
      await assert.rejects(machine.read(folder), code('EISDIR'))
      await assert.rejects(machine.read('/dev/zero'), code('EINVAL'))
      assert.ok(((await machine.read('/proc/self/stat'))?.length ?? 0) > 0)
    })

    it('carries any bytes and any name', async () => {
      const names = fc
        .string({ unit: 'binary', minLength: 1, maxLength: 20 })
        .filter((name) => !/[/\0]/.test(name) && name !== '.' && name !== '..')
        .map((name) => Buffer.from(name).toString('utf8'))
      await fc.assert(
        fc.asyncProperty(names, fc.uint8Array({ maxLength: 300 }), async (name, content) => {
          const bytes = Buffer.from(content)
          await machine.create(path(name), bytes, 0o640)
          assert.deepEqual(await machine.read(path(name)), bytes)
          assert.deepEqual(fs.readFileSync(path(name)), bytes)
          assert.deepEqual(await machine.list(folder), [name])
          await machine.remove(path(name))
        }),
        { numRuns: 15 },
      )
      const big = Buffer.from(Array.from({ length: 150_000 }, (_, index) => (index * 7) % 256))
      await machine.create(path('big'), big, 0o600)
      assert.ok(fs.readFileSync(path('big')).equals(big))
      assert.ok((await machine.read(path('big')))?.equals(big))
    })

    it('does what no path of a shell may do', async () => {
      for (const name of ['$(touch x)', '`touch x`', "'; touch x; '", '-rf', '*', '\\n', 'a\nb', '%s']) {
        await machine.create(path(name), Buffer.from(name), 0o600)
        assert.equal(fs.readFileSync(path(name), 'utf8'), name)
        await machine.rename(path(name), path(`${name} 2`))
        await machine.remove(path(`${name} 2`))
      }
      assert.deepEqual(fs.readdirSync(folder), [])
    })

    it('tells kinds, modes and links', async () => {
      fs.writeFileSync(path('file'), '123', { mode: 0o640 })
      fs.symlinkSync('a b\nc', path('link'))
      const { mode, mtimeMs, uid, gid } = fs.statSync(path('file'))
      const found = await machine.stat(path('file'))
      assert.ok(found)
      assert.deepEqual(
        { ...found, changedMs: 0 },
        { kind: 'file', mode: mode & 0o7777, uid, gid, size: 3, changedMs: 0 },
      )
      assert.ok(Math.abs(found.changedMs - mtimeMs) <= 1000)
      assert.equal((await machine.stat(folder))?.kind, 'directory')
      assert.equal((await machine.stat(path('link')))?.linkTarget, 'a b\nc')
      assert.equal(await machine.stat(path('none')), undefined)
      assert.equal(await machine.list(path('none')), undefined)
      await assert.rejects(machine.list(path('file')), code('ENOTDIR'))
    })

    it('reads a folder as a whole', async () => {
      fs.writeFileSync(path('a.pem'), 'A')
      fs.writeFileSync(path('big'), '12345678')
      fs.symlinkSync('a.pem', path('0123abcd.0'))
      fs.symlinkSync(path('a.pem'), path('far'))
      fs.symlinkSync('/nowhere/x', path('gone'))
      fs.mkdirSync(path('sub'))
      const files = await machine.readFolder(folder, { files: 10, bytes: 5, skipLocalLinks: true })
      assert.deepEqual(
        files?.map(({ name, bytes, error }) => [name, bytes?.toString() ?? error]),
        [
          ['a.pem', 'A'],
          ['big', 'EFBIG'],
          ['far', 'A'],
          ['gone', 'ENOENT'],
        ],
      )
      assert.equal(await machine.readFolder(path('none'), { files: 1, bytes: 1 }), undefined)
    })

    it('creates anew, under any umask, and through no link', async () => {
      await machine.create(path('a'), Buffer.from('a'), 0o664)
      assert.equal(fs.statSync(path('a')).mode & 0o7777, 0o664)
      await assert.rejects(machine.create(path('a'), Buffer.from('b'), 0o600), code('EEXIST'))
      fs.symlinkSync(path('target'), path('link'))
      await assert.rejects(machine.create(path('link'), Buffer.from('b'), 0o600), code('EEXIST'))
      assert.equal(fs.existsSync(path('target')), false)
      spawnSync('mkfifo', [path('fifo')])
      await assert.rejects(machine.create(path('fifo'), Buffer.from('b'), 0o600), code('EEXIST'))
      await assert.rejects(machine.create(path('no/x'), Buffer.from('b'), 0o600), code('ENOENT'))
      fs.mkdirSync(path('real'))
      fs.symlinkSync('real', path('folder'))
      const link = code('ELOOP', 'ENOTDIR')
      await assert.rejects(machine.create(path('folder/x'), Buffer.from('b'), 0o600), link)
      await assert.rejects(machine.makeDirectory(path('folder/x'), 0o755), link)
      assert.deepEqual(fs.readdirSync(path('real')), [])
    })

    it('renames, publishes, removes', async () => {
      for (const name of ['a', 'b', 'c']) fs.writeFileSync(path(name), name)
      await machine.rename(path('a'), path('b'))
      assert.equal(fs.readFileSync(path('b'), 'utf8'), 'a')
      await assert.rejects(machine.publish(path('b'), path('c')), code('EEXIST'))
      await machine.publish(path('b'), path('d'))
      assert.deepEqual(fs.readdirSync(folder), ['c', 'd'])
      await assert.rejects(machine.rename(path('none'), path('e')), code('ENOENT'))
      await assert.rejects(machine.rename(path('c'), '/elsewhere'), code('EXDEV'))
      await assert.rejects(machine.remove(path('none')), code('ENOENT'))
      await machine.makeDirectory(path('dir'), 0o751)
      assert.equal(fs.statSync(path('dir')).mode & 0o7777, 0o751)
      await assert.rejects(machine.makeDirectory(path('dir'), 0o755), code('EEXIST'))
      await assert.rejects(machine.remove(path('dir')), code('EISDIR', 'EPERM'))
      await assert.rejects(machine.rename(path('c'), path('dir')), code('EISDIR'))
      fs.writeFileSync(path('dir/x'), '')
      await assert.rejects(machine.removeDirectory(path('dir')), code('ENOTEMPTY'))
      await machine.remove(path('dir/x'))
      await machine.removeDirectory(path('dir'))
    })

    it('says what the system says', async function () {
      if (process.geteuid?.() !== 0) leaveOut(this, 'a full disk needs root')
      const big = Buffer.alloc(20_000, 'x')
      await assert.rejects(machine.create(join(small, 'big'), big, 0o600), code('ENOSPC'))
      await assert.rejects(machine.create(join(frozen, 'x'), Buffer.from('x'), 0o600), code('EROFS'))
    })

    it('runs programs, with their own words and no shell', async () => {
      const options = { timeoutMs: 10_000 }
      const echo = await machine.run(['printf', '%s|', '$HOME', '*', 'a b', '-n', ''], options)
      assert.deepEqual([echo.exitCode, echo.stdout], [0, '$HOME|*|a b|-n||'])
      const both = await machine.run(['sh', '-c', 'cat; echo oops >&2; exit 3'], {
        ...options,
        input: 'in\n\n',
      })
      assert.deepEqual([both.exitCode, both.stdout, both.stderr], [3, 'in\n\n', 'oops\n'])
      const env = await machine.run(['sh', '-c', 'printf %s "$X"'], { ...options, env: { X: "a'b\nc" } })
      assert.equal(env.stdout, "a'b\nc")
      assert.notEqual((await machine.run(['no-such-program'], options)).spawnError, undefined)
      const late = await machine.run(['sleep', '20'], { timeoutMs: 1000 })
      assert.deepEqual([late.timedOut, late.exitCode], [true, undefined])
      assert.match((await machine.which('sh')) ?? '', /bin\/sh$/)
      assert.equal(await machine.which('no-such-program'), undefined)
    })

    it('locks for as long as it is there', async () => {
      const lock = await machine.lock(path('lock'))
      assert.ok(lock)
      assert.equal(await machine.lock(path('lock')), undefined)
      assert.equal(await new LocalMachine().lock(path('lock')), undefined)
      assert.equal(fs.statSync(path('lock')).mode & 0o077, 0)
      // A service that is started meanwhile must not keep it.
      await machine.run(['sh', '-c', 'sleep 3 > /dev/null 2>&1 &'], { timeoutMs: 5000 })
      await lock.release()
      const again = await new LocalMachine().lock(path('lock'))
      assert.ok(again)
      await again.release()
      await assert.rejects(machine.lock(path('no/lock')), code('ENOENT'))
    })
  })
}

describe('machine/ssh: a far side that falls silent', () => {
  const silent = (patienceMs: number): { channel: Channel; wire: PassThrough } => {
    const [stdin, stdout] = [new PassThrough(), new PassThrough()]
    stdin.resume()
    return { channel: new Channel({ stdin, stdout }, patienceMs), wire: stdin }
  }

  it('is lost after a while, and hears that it is over', async () => {
    const { channel, wire } = silent(50)
    const both = [channel.ask({ do: 'read', path: '/a' }), channel.ask({ do: 'read', path: '/b' })]
    for (const asked of both) await assert.rejects(asked, code('ETIMEDOUT'))
    await assert.rejects(channel.ask({ do: 'read' }), code('ETIMEDOUT'))
    assert.ok(wire.destroyed)
  })

  it('has as long as its work takes', async () => {
    const { channel } = silent(20)
    const from = Date.now()
    await assert.rejects(channel.ask({ do: 'run', words: ['sleep'], takesMs: 200 }), code('ETIMEDOUT'))
    assert.ok(Date.now() - from >= 200)
  })
})

describe('machine/ssh: what a program reads', () => {
  before(function () {
    if (process.platform !== 'linux') leaveOut(this, 'the far side is Linux')
  })

  it('lies in no file of the far side meanwhile', async () => {
    const { machine, child } = await overShell('dash')
    const look = 'cat; for f in "${TMPDIR:-/tmp}"/tmp.*/*; do [ ! -f "$f" ] || grep -l "$1" "$f"; done'
    // The pattern does not match itself.
    const secret = randomUUID()
    const pattern = `[${secret.slice(0, 1)}]${secret.slice(1)}`
    const { stdout } = await machine.run(['sh', '-c', `${look}; true`, 'sh', pattern], {
      input: `${secret}\n`,
      timeoutMs: 10_000,
    })
    // Its own output is the one place: `cat` has put it there.
    assert.match(stdout.replace(secret, 'secret'), /^secret\n(?:\/\S+\/o\n)?$/)
    child?.stdin?.end()
  })
})

describe('machine/ssh: a connection that is cut', () => {
  before(function () {
    if (process.platform !== 'linux') leaveOut(this, 'the far side is Linux')
  })

  it('frees the lock, and fails what is under way and what comes after', async () => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'trust-registry-cut-'))
    const { machine, child } = await overShell('dash')
    assert.ok(child)
    assert.ok(await machine.lock(join(folder, 'lock')))
    const gone = once(child, 'exit')
    const running = machine.run(['sleep', '1'], { timeoutMs: 5000 })
    child.kill('SIGKILL')
    await assert.rejects(running, code('ECONNRESET'))
    await gone
    await assert.rejects(machine.read('/etc/hostname'), code('ECONNRESET'))
    const lock = await new LocalMachine().lock(join(folder, 'lock'))
    assert.ok(lock)
    await lock.release()
    fs.rmSync(folder, { recursive: true })
  })

  it('leaves no half of a file that was being sent', async () => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'trust-registry-cut-'))
    const { machine, child } = await overShell('dash')
    assert.ok(child)
    const gone = once(child, 'exit')
    const writing = machine.create(join(folder, 'a'), Buffer.alloc(3_000_000, 'x'), 0o600)
    setTimeout(() => child.stdin?.destroy(), 20)
    await assert.rejects(writing, code('ECONNRESET'))
    await gone
    assert.deepEqual(fs.readdirSync(folder), [])
    fs.rmSync(folder, { recursive: true })
  })
})
