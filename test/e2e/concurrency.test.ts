import assert from 'node:assert/strict'
import { join } from 'node:path'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import { askDaemon, memoryOf, tree } from '../../fixtures/lab/state.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { withLab } from './scene.ts'

const program = [process.execPath, join(repository, 'bin/run.js')]
/** `npm run sweep`: all of them. */
const full = process.env['TRUST_REGISTRY_SWEEP'] === 'full'

describe('many runs at once', function () {
  const scene = withLab(this)
  this.timeout(full ? 1_800_000 : 180_000)
  let root: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    const chain = [await root.issue({ names: ['reg.corp'] })]
    for (const port of [5000, 5001]) await server.dockerRegistry({ port, chain })
    hosts = { 'reg.corp': server.address }
  })

  interface Run {
    readonly registry: string
    readonly does: 'trust' | 'undo'
  }

  /** Runs them all at once. Those that stood back, because another one had come first, are left out. */
  async function together(
    host: Host,
    runs: readonly Run[],
    more: readonly string[],
  ): Promise<readonly Run[]> {
    const results = await Promise.all(
      runs.map(async ({ registry, does }) => {
        const args =
          does === 'undo' ? ['undo', registry, '--yes'] : ['trust', registry, '--ca', '/root/ca.pem', ...more]
        return host.run([...program, ...args, '--timeout', '60'], { timeout: 120_000 })
      }),
    )
    return runs.filter((_, index) => {
      const { code, stdout, stderr } = results[index] ?? assert.fail()
      const stoodBack = code === 4 && `${stdout}${stderr}`.includes('was changed by somebody meanwhile')
      assert.ok(code === 0 || stoodBack, `exit ${code}: ${stdout}${stderr}`)
      return code === 0
    })
  }

  /** The registries on record, after a look at whether files, directories and records agree and nothing is left over. */
  function onRecord(host: Host, label: string): ReadonlySet<string> {
    const { records, leftOver } = memoryOf(host)
    const { files, directories, registries } = records as {
      files: readonly { path: string; registries: readonly string[] }[]
      directories: readonly string[]
      registries: readonly { registry: string }[]
    }
    assert.deepEqual(leftOver, [], label)
    const there = tree(host, '/etc/docker/certs.d')
    const named = (folder: boolean): readonly (string | undefined)[] =>
      there.filter((line) => line.endsWith(' directory') === folder).map((line) => line.split(' ')[0])
    assert.deepEqual(named(false), files.map((file) => file.path).sort(), `${label}: files and records`)
    const ours = directories.filter((path) => path.startsWith('/etc/docker/certs.d'))
    assert.deepEqual([...named(true)].sort(), [...ours].sort(), `${label}: directories and records`)
    const trusted = new Set(registries.map((record) => record.registry))
    assert.deepEqual(new Set(files.flatMap((file) => file.registries)), trusted, `${label}: owners`)
    return trusted
  }

  /** What the last run that counted for a registry could have been, in some order, says what must be on record. */
  function isSerial(before: ReadonlySet<string>, after: ReadonlySet<string>, done: readonly Run[]): boolean {
    const names = new Set([...before, ...after, ...done.map((run) => run.registry)])
    const did = (what: Run['does'], ...which: readonly string[]): boolean =>
      done.some((run) => run.does === what && which.includes(run.registry))
    return [...names].every((registry) => {
      if (after.has(registry))
        return did('trust', registry) || (before.has(registry) && !did('undo', registry))
      // What is on record under the other name of port 443 alone is taken back by either.
      const twin = { 'reg.corp': 'reg.corp:443', 'reg.corp:443': 'reg.corp' }[registry] ?? registry
      return did('undo', registry, twin) || !(before.has(registry) || did('trust', registry))
    })
  }

  /** Both names of one registry on port 443 own the same files. */
  const names = ['reg.corp:5000', 'reg.corp:5001', 'reg.corp', 'reg.corp:443'] as const

  function any(count: number, among: readonly string[]): readonly Run[] {
    const pick = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)] ?? assert.fail()
    return Array.from({ length: count }, () => ({
      registry: pick(among),
      does: pick(['trust', 'trust', 'undo']),
    }))
  }

  async function rounds(host: Host, count: number, make: () => readonly Run[], more: readonly string[]) {
    let counted = 0
    for (let round = 1; round <= count; round++) {
      const before = onRecord(host, 'before')
      const runs = make()
      const done = await together(host, runs, more)
      const label = `round ${round}: ${JSON.stringify(runs)}`
      const after = onRecord(host, label)
      assert.ok(isSerial(before, after, done), `${label}: ${[...before].join()} became ${[...after].join()}`)
      counted += done.length
    }
    console.log(`      ${count} of ${count} rounds, ${counted} runs`)
  }

  it('ten at once, for the same and for different registries, mixed with undo: as if one after the other', async () => {
    const host = await scene.lab.host('client', { hosts, docker: false })
    await host.write('/root/ca.pem', root.pem)
    await rounds(host, full ? 50 : 8, () => any(10, names), ['--offline'])
    for (const registry of names) await rounds(host, 1, () => [{ registry, does: 'undo' }], [])
    assert.deepEqual(tree(host, '/etc/docker'), [])
  })

  it('the same with the real daemon, which trusts in the end what is on record', async () => {
    const host = await scene.lab.host('client', { hosts })
    await host.write('/root/ca.pem', root.pem)
    for (let round = 0; round < (full ? 10 : 2); round++) {
      await rounds(host, 1, () => any(10, names.slice(0, 2)), [])
      const trusted = onRecord(host, 'at the end')
      for (const registry of names.slice(0, 2)) {
        assert.equal(await askDaemon(host, registry), trusted.has(registry) ? 'trusted' : 'refused', registry)
      }
    }
  })

  it('while somebody else holds the lock: exit 11 after --timeout, with the way to see who it is', async () => {
    const host = await scene.lab.host('client', { hosts, docker: false })
    await host.write('/root/ca.pem', root.pem)
    await host.run(['mkdir', '-p', '/var/lib/trust-registry'])
    const holder = host.start(['flock', '--no-fork', '/var/lib/trust-registry/lock', 'sleep', '60'], {
      timeout: 70_000,
    })
    try {
      const began = Date.now()
      const args = ['reg.corp:5000', '--ca', '/root/ca.pem', '--offline', '--timeout', '2']
      const { code, stdout, stderr } = await host.product(args)
      assert.equal(code, 11, stdout + stderr)
      assert.ok(Date.now() - began >= 2000, 'it waited')
      assert.match(stdout, /another run of trust-registry is changing this machine/)
      assert.deepEqual(tree(host, '/etc/docker'), [])
      const [, fix = ''] = /(lslocks .*)$/m.exec(stdout) ?? assert.fail(stdout)
      assert.match((await host.run(['sh', '-c', fix])).stdout, /sleep/)
    } finally {
      holder.signal('SIGKILL')
      await holder.done.catch(() => undefined)
    }
  })
})
