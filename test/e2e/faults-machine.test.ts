import assert from 'node:assert/strict'
import { join } from 'node:path'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import { memoryOf, tree } from '../../fixtures/lab/state.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { leaveOut } from '../support/left-out.ts'
import { watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const trust = [registry, '--ca', '/root/ca.pem', '--offline', '--json']
const undo = ['undo', registry, '--yes', '--json']
const certsD = '/etc/docker/certs.d'
const memory = '/var/lib/trust-registry'
const program = [process.execPath, join(repository, 'bin/run.js')]

interface Failure {
  readonly code: string
  readonly message: string
  readonly fix?: string
}

describe('the shipped program on a machine that refuses', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let host: Host
  let path: string

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    path = `${certsD}/${registry}/trust-registry-${root.sha256.slice(0, 16).toLowerCase()}.crt`
  })
  beforeEach(async () => {
    host = await scene.lab.host('client', { docker: false })
    await host.write('/root/ca.pem', root.pem)
    await does('mkdir -p /etc/docker /srv/theirs')
  })
  afterEach(() => host.close())

  async function does(script: string): Promise<void> {
    const { code, stderr } = await host.run(['sh', '-euc', script])
    assert.equal(code, 0, `${script}: ${stderr}`)
  }

  /** Exit code and error, from the report of the registry or of the run. */
  async function attempt(
    args: readonly string[],
    around: readonly string[] = [],
  ): Promise<{ readonly code: number; readonly error: Failure | undefined; readonly said: string }> {
    const env = { UV_THREADPOOL_SIZE: '1' }
    const { code, stdout, stderr } = await host.run([...around, ...program, ...args], { env })
    const said = stdout + stderr
    const document = JSON.parse(stdout) as {
      error?: Failure
      exitCode: number
      registries?: { error?: Failure }[]
    }
    assert.equal(document.exitCode, code, said)
    return { code, error: document.error ?? document.registries?.[0]?.error, said }
  }

  const look = (): unknown => ({
    files: [...tree(host, '/etc/docker'), ...tree(host, '/srv')],
    memory: memoryOf(host),
  })

  /** The run ends with this exit code and words, and with the machine as it was. */
  async function refuses(
    args: readonly string[],
    code: number,
    words: RegExp,
    around: readonly string[] = [],
  ) {
    const before = look()
    const result = await attempt(args, around)
    assert.equal(result.code, code, result.said)
    assert.match(result.error?.message ?? '', words)
    assert.deepEqual(look(), before, result.said)
    return result.error
  }

  const strace = (what: string, when: string): readonly string[] => [
    ...['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'signal=none'],
    ...['-e', `trace=${what.split(':')[0] ?? ''}`, '-e', `inject=${what}:when=${when}`],
  ]

  describe('with one call that fails (strace)', () => {
    const faults = [
      ['fsync:error=EIO', /input\/output error/],
      ['mkdir:error=EROFS', /read-only/],
      ['fchmod:error=EPERM', /does not permit/],
      ['link:error=ENOSPC', /disk is full/],
      ['rename:error=EDQUOT', /quota/],
      ['unlink:error=EIO', /input\/output error/],
    ] as const

    it('keeps the old state or reaches the new one, and says which', async () => {
      let [tried, refused] = [0, 0]
      await attempt(trust)
      const trusted = look()
      await attempt(undo)
      const clean = look()
      for (const [fault, words] of faults) {
        for (const [args, before, after] of [
          [trust, clean, trusted],
          [undo, trusted, clean],
        ] as const) {
          for (let at = 1; ; at++) {
            const { code, error, said } = await attempt(args, strace(fault, String(at)))
            const label = `${args[0] ?? ''}, ${fault}, the ${at}th: ${said}`
            tried++
            // Past the moment at which the change holds, or past the last such call. A journal may be left over, which
            // the next run recognises.
            if (code === 0) break
            refused++
            assert.equal(code, 8, label)
            assert.match(error?.message ?? '', words, label)
            assert.deepEqual(look(), before, label)
          }
          await attempt(['undo', 'nobody.example', '--yes', '--json'])
          assert.deepEqual(look(), after, fault)
        }
      }
      console.log(`      ${tried} runs with a fault, ${refused} ended with exit 8 and the old state`)
      assert.ok(refused > 20)
    })

    it('from one call on: what cannot be rolled back is named, exit 9, and the next run finishes it', async () => {
      const before = look()
      const { code, error, said } = await attempt(trust, strace('unlink,rmdir,rename:error=EROFS', '2+'))
      assert.equal(code, 9, said)
      assert.ok(error?.message.includes(path), said)
      assert.match(error?.message ?? '', /read-only/)
      assert.match(error?.fix ?? '', /run the same command again/)
      assert.equal((await host.product(['status'])).code, 1, 'it is known that something is unfinished')
      assert.equal((await attempt(['undo', 'nobody.example', '--yes', '--json'])).code, 0)
      assert.deepEqual(look(), before)
    })
  })

  it('a full disk: in the directory of the engine, and in our own, at every point', async () => {
    await does(
      `mkdir ${certsD}; mount -t tmpfs -o size=8k tmpfs ${certsD}; head -c 8192 /dev/zero > ${certsD}/full`,
    )
    await refuses(trust, 8, /the disk is full/)
    await does(`umount ${certsD}; rmdir ${certsD}; mkdir -p ${memory}`)
    const before = look()
    // Inodes: of the directory itself, the lock, and then one more at a time.
    let ended = 8
    for (let inodes = 1; ended !== 0; inodes++) {
      assert.ok(inodes < 12)
      await does(`mount -t tmpfs -o nr_inodes=${inodes},mode=755 tmpfs ${memory}`)
      const { code, error, said } = await attempt(trust)
      ended = code
      if (code !== 0) {
        assert.equal(code, 8, said)
        assert.match(error?.message ?? '', /nothing was changed|everything was rolled back/)
        assert.deepEqual(look(), before, said)
      }
      if (code === 0) {
        // To undo, the records stand beside the journal and the new records.
        const undone = await attempt(undo)
        assert.equal(undone.code, 8, undone.said)
        await does(`mount -o remount,nr_inodes=${inodes + 1} ${memory}`)
        assert.equal((await attempt(undo)).code, 0)
      }
      await does(`umount ${memory}`)
    }
    // Bytes: the journal holds the certificate.
    await does(`mount -t tmpfs -o size=4k,mode=755 tmpfs ${memory}; head -c 4096 /dev/zero > ${memory}/full`)
    await refuses(trust, 8, /journal cannot be written/)
    await does(`umount ${memory}`)
  })

  it('a read-only file system: nothing is begun', async () => {
    await does(`mkdir ${certsD}; mount -t tmpfs -o ro tmpfs ${certsD}`)
    await refuses(trust, 8, /read-only/)
    await does(
      `umount ${certsD}; rmdir ${certsD}; mkdir -p ${memory}; mount -t tmpfs -o ro,mode=755 tmpfs ${memory}`,
    )
    const error = await refuses(trust, 8, /nothing was changed.*read-only/s)
    assert.ok(error?.fix, 'it says what to do')
  })

  it('immutable directories and files: refused, named, and undone once they are not', async function () {
    if ((await host.run(['sh', '-c', `touch /etc/docker/x && chattr +i /etc/docker/x`])).code !== 0) {
      leaveOut(this, 'this file system knows no immutable files')
    }
    await does(`chattr -i /etc/docker/x; rm /etc/docker/x; mkdir ${certsD}; chattr +i ${certsD}`)
    await refuses(trust, 8, /does not permit it \(an immutable file\?\)/)
    await does(`chattr -i ${certsD}`)
    assert.equal((await attempt(trust)).code, 0)
    await does(`chattr +i ${path}`)
    const error = await refuses(undo, 8, /does not permit it \(an immutable file\?\)/)
    assert.ok(error?.message.includes(path))
    await does(`chattr -i ${path}`)
    assert.equal((await attempt(undo)).code, 0)
    await does(`rmdir ${certsD}`)
  })

  it('something else where a file or a directory should be', async () => {
    const obstacles: readonly (readonly [string, string])[] = [
      [`mkdir -p '${path}'`, `rm -r ${certsD}`],
      [`mkdir -p '${certsD}/${registry}'; ln -s /srv/theirs/ca '${path}'`, `rm -r ${certsD}`],
      [`mkdir -p '${certsD}/${registry}'; mkfifo '${path}'`, `rm -r ${certsD}`],
      [`mkdir ${certsD}; ln -s /srv/theirs '${certsD}/${registry}'`, `rm -r ${certsD}`],
      [`echo x > ${certsD}`, `rm ${certsD}`],
      [`echo x > ${memory}`, `rm ${memory}`],
      [`mkdir -p ${memory}/journal.json`, `rm -r ${memory}`],
      [`mkdir -p ${memory}/records.json`, `rm -r ${memory}`],
      [`mkdir -p ${memory}/lock`, `rm -r ${memory}`],
      [`mkdir -p ${memory}; echo '{"version":1' > ${memory}/records.json`, `rm -r ${memory}`],
      [`mkdir -p ${memory}; echo '{}' > ${memory}/journal.json`, `rm -r ${memory}`],
    ]
    // Our own directory and the lock in it are made, which is no change.
    const own = new RegExp(`^${memory}(?:/lock 600 .*| .* directory)$`)
    const around = (): readonly string[] =>
      ['/etc/docker', '/srv', memory]
        .flatMap((folder) => tree(host, folder))
        .filter((line) => !own.test(line))
    for (const [place, clear] of obstacles) {
      await does(place)
      const files = around()
      const { code, error, said } = await attempt(trust)
      assert.ok(code === 8 || code === 4, `${place}: ${code} ${said}`)
      assert.ok(error?.fix, `${place}: it says what to do: ${said}`)
      assert.deepEqual(around(), files, place)
      await does(clear)
    }
  })

  for (const umask of ['000', '077']) {
    it(`umask ${umask}: the modes are ours`, async () => {
      const before = await host.snapshot(watched)
      const { code, said } = await attempt(trust, ['sh', '-c', `umask ${umask}; exec "$@"`, 'sh'])
      assert.equal(code, 0, said)
      const modes = [...tree(host, certsD), ...tree(host, memory)].map((line) => line.split(' ').slice(0, 3))
      assert.deepEqual(modes, [
        [certsD, '755', '0:0'],
        [`${certsD}/${registry}`, '755', '0:0'],
        [path, '644', '0:0'],
        [memory, '755', '0:0'],
        [`${memory}/lock`, '600', '0:0'],
        [`${memory}/records.json`, '644', '0:0'],
      ])
      assert.equal((await attempt(undo)).code, 0)
      assert.deepEqual(await host.snapshot(watched), before)
    })
  }

  it('a state directory of somebody else, or one that others can write to: exit 4, with the line that mends it', async () => {
    for (const spoil of [`chown nobody ${memory}`, `chmod 777 ${memory}`, `chmod 775 ${memory}`]) {
      await does(`mkdir -p ${memory}; ${spoil}`)
      const error = await refuses(trust, 4, /not ours alone/)
      await does(error?.fix ?? '')
      assert.equal((await attempt(trust)).code, 0, 'the line mends it')
      assert.equal((await attempt(undo)).code, 0)
      await does(`rm -r ${memory}`)
    }
  })

  it('a process that keeps swapping the directory for a link leads nothing astray', async () => {
    await does(`mkdir -p '${certsD}/${registry}' /srv/victim; echo theirs > /srv/victim/file`)
    const before = await host.snapshot(['/srv'])
    const swap = `cd ${certsD}; while :; do
      mv -T '${registry}' aside; ln -s /srv/victim '${registry}'; rm '${registry}'; mv -T aside '${registry}'
    done`
    const racer = host.start(['sh', '-c', swap], { timeout: 100_000 })
    const ends = new Map<number, number>()
    try {
      for (let round = 0; round < 30; round++) {
        const { code, said } = await attempt(round % 2 === 0 ? trust : undo)
        assert.ok([0, 4, 8, 9].includes(code), `${code}: ${said}`)
        ends.set(code, (ends.get(code) ?? 0) + 1)
        assert.deepEqual(
          tree(host, '/srv/victim').map((line) => line.split(' ')[0]),
          ['/srv/victim', '/srv/victim/file'],
        )
      }
    } finally {
      racer.signal('SIGKILL')
      await racer.done.catch(() => undefined)
    }
    console.log(`      ends: ${[...ends].map(([code, times]) => `exit ${code} ${times} times`).join(', ')}`)
    await does(`cd ${certsD}; [ ! -L '${registry}' ] || rm '${registry}'`)
    assert.equal((await attempt(undo)).code, 0)
    assert.deepEqual(memoryOf(host).leftOver, [])
    assert.deepEqual(await host.snapshot(['/srv']), before)
  })
})
