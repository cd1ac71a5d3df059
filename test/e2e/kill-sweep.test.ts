import assert from 'node:assert/strict'
import { join, posix } from 'node:path'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import { Killer, territory } from '../../fixtures/lab/killer.ts'
import { askDaemon, memoryOf, tree } from '../../fixtures/lab/state.ts'
import { interrupt, sweep, type Scenario, type SweepOptions } from '../../fixtures/lab/sweep.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const trust = [registry, '--ca', '/root/ca.pem']
const undo = ['undo', registry, '--yes']

/** `npm run sweep`: every point. Otherwise some of them, other ones at each run. */
const full = process.env['TRUST_REGISTRY_SWEEP'] === 'full'

describe('the program, killed at any system call that changes something', function () {
  const scene = withLab(this)
  this.timeout(full ? 3_600_000 : 120_000)
  let root: CertificateAuthority
  let hosts: Record<string, string>
  const total = { tried: 0, old: 0, new: 0 }

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    hosts = { 'reg.corp': server.address }
  })
  after(() => {
    if (total.tried > 0)
      console.log(
        `    ${total.tried} runs cut off: ${total.old} times the old state, ${total.new} the new one`,
      )
  })

  async function freshHost(): Promise<Host> {
    const host = await scene.lab.host('client', { hosts })
    await host.write('/root/ca.pem', root.pem)
    return host
  }

  async function does(host: Host, args: readonly string[]): Promise<void> {
    const { code, stdout, stderr } = await host.product(args)
    assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
  }

  const look = async (host: Host): Promise<unknown> => ({
    files: [...tree(host, '/etc/docker'), ...tree(host, '/root/.docker')],
    memory: memoryOf(host),
    docker: await askDaemon(host, registry),
  })

  /** The first run ever on a machine: the state directory is made as well. */
  function trusting(host: Host): Scenario {
    const fresh = (): Promise<unknown> => host.run(['rm', '-rf', '/var/lib/trust-registry'])
    return { name: 'trust', there: trust, back: () => does(host, undo), fresh, look: () => look(host) }
  }

  async function undoing(host: Host): Promise<Scenario> {
    await does(host, trust)
    return { name: 'undo', there: undo, back: () => does(host, trust), look: () => look(host) }
  }

  async function swept(
    make: (host: Host) => Scenario | Promise<Scenario>,
    options: SweepOptions,
    how: typeof sweep = sweep,
  ) {
    const host = await freshHost()
    const before = await host.snapshot(watched)
    const scenario = await make(host)
    const tally = await how(host, scenario, options)
    for (const key of ['tried', 'old', 'new'] as const) total[key] += tally[key]
    console.log(
      `      ${scenario.name}: ${tally.points.length} points, ${tally.tried} runs ${how === sweep ? 'killed' : 'interrupted'}`,
    )
    assert.ok(tally.points.length > 20, tally.points.join('\n'))
    if (scenario.name === 'undo') await does(host, undo)
    assert.deepEqual(await host.snapshot(watched), before, 'to the byte')
    return tally
  }

  const some = (stride: number): SweepOptions => ({ stride, offset: Math.floor(Math.random() * stride) })

  it('trust: after the next run the machine is in the old or in the new state', async () => {
    const tally = await swept(trusting, full ? {} : some(2))
    assert.ok(tally.old > 0)
  })

  it('undo: the same', async () => {
    const tally = await swept(undoing, full ? {} : some(2))
    assert.ok(tally.old > 0)
  })

  it('trust, and the run that heals is killed too', async () => {
    await swept(trusting, { healing: true, ...(full ? {} : some(16)) })
  })

  it('undo, and the run that heals is killed too', async () => {
    await swept(undoing, { healing: true, ...(full ? {} : some(16)) })
  })

  it('a signal ends it in the old state or the new one by itself; a second one leaves that to the next run', async () => {
    await swept(trusting, full ? {} : some(6), interrupt)
    await swept(undoing, full ? {} : some(6), interrupt)
  })

  it('no call is missed: strace sees the same ones', async () => {
    const host = await freshHost()
    const killer = await Killer.on(host)
    await does(host, trust)
    await does(host, undo)
    for (const args of [trust, undo]) {
      const points = await killer.points(args)
      await does(host, args === trust ? undo : trust)
      assert.deepEqual(await traced(host, args), points.filter((line) => !line.startsWith('exec')).map(plain))
    }
  })
})

const calls =
  'openat,open,creat,write,pwrite64,writev,pwritev,pwritev2,rename,renameat,renameat2,link,linkat,symlink,symlinkat,' +
  'unlink,unlinkat,mkdir,mkdirat,rmdir,chmod,fchmod,fchmodat,chown,fchown,lchown,fchownat,fsync,fdatasync,truncate,' +
  'ftruncate,fallocate,copy_file_range,sendfile,utimensat,setxattr,fsetxattr,mknod,mknodat'

/** A program that is asked gets a folder below /tmp, which is no territory; by the held one above it nobody can tell. */
const scratch = /^\/proc\/self\/fd\/\d+\/trust-registry-[0-9a-f]{16}$/

/** The calls that change something, as the kernel sees them: name and last part of the path. */
async function traced(host: Host, args: readonly string[]): Promise<readonly string[]> {
  const file = '/tmp/trace'
  const program = [process.execPath, join(repository, 'bin/run.js')]
  const strace = [
    'strace',
    '-f',
    '-y',
    '-qq',
    '-s',
    '4096',
    '-e',
    'signal=none',
    '-e',
    `trace=${calls}`,
    '-o',
    file,
  ]
  const { code, stderr } = await host.run([...strace, ...program, ...args])
  assert.equal(code, 0, stderr)
  return (await host.read(file)).split('\n').flatMap((line) => {
    const [, name = '', words = ''] = /^\d+ +(\w+)\((.*)$/.exec(line) ?? []
    if (name.startsWith('open') && !/O_CREAT|O_TRUNC/.test(words)) return []
    // The last path among the arguments is the one that changes; a held directory is named by its descriptor.
    const quoted = [...words.matchAll(/"((?:\/[^"]*)?)"/g)].at(-1)?.[1]
    const path = /^\d+<([^>]*)>/.exec(words)?.[1] ?? quoted ?? ''
    const known = [...territory, '/proc/self/fd'].some(
      (folder) => path.startsWith(`${folder}/`) || path === folder,
    )
    return known && !scratch.test(path) ? [plain(`${name} ${path}`)] : []
  })
}

/** The C library and the kernel call some things differently, and temporary names are never the same. */
function plain(line: string): string {
  const [call = '', path = ''] = line.split(' ')
  const name = posix.basename(path).replace(/^\.trust-registry-[0-9a-f-]+/, '.trust-registry-ID')
  return `${call.replace(/at$|64$/, '').replace(/64$/, '')} ${name}`
}
