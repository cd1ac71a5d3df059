import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import type { HostOptions } from '../../fixtures/lab/lab.ts'
import type { RunResult } from '../../fixtures/lab/run.ts'
import { labRoot } from '../../fixtures/lab/root.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { codes, consumer, runJson, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const mirrorPorts = [5001, 5002]
const system = `/etc/containers/certs.d/${registry}`
const family = ['podman', 'skopeo', 'buildah'] as const
const everywhere = [...watched, '/var/lib/containers', '/tmp', '/root/.config'] as const

describe("podman's family", function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    for (const port of mirrorPorts) await server.dockerRegistry({ port })
    hosts = { 'reg.corp': server.address }
  })

  const freshHost = async (options: HostOptions = {}): Promise<Host> => {
    const host = await scene.lab.host('client', { hosts, podman: true, withoutDocker: true, ...options })
    await host.write('/root/ca.pem', root.pem)
    return host
  }
  const login = (host: Host, name = 'podman', password = users.testuser): Promise<RunResult> =>
    host.run([name, 'login', '-u', 'testuser', '--password-stdin', registry], { input: password })
  /** What it printed, without what stands before every error. */
  const words = ({ stderr }: RunResult): string =>
    (
      /level=fatal msg="(.*)"/.exec(stderr)?.[1]?.replaceAll('\\"', '"') ??
      stderr.replace(/^time=.*\n/gm, '').replace(/^Error: /, '')
    ).trimEnd()
  const finding = (run: Awaited<ReturnType<typeof runJson>>, code: string) =>
    run.registry.findings.find((entry) => entry.code === code)

  const privateCa = async (options: HostOptions, version: RegExp): Promise<void> => {
    const host = await freshHost(options)
    // Podman 5 leaves an empty folder and a lock below /run, whatever storage it is given.
    const places = options.root === undefined ? [...everywhere, '/run'] : everywhere
    const before = await host.snapshot(places)
    const seen = await runJson(host, ['diagnose', registry])
    assert.equal(seen.code, 1, seen.stdout)
    assert.deepEqual(
      await host.snapshot(places),
      before,
      'a look leaves nothing, not even in podman’s storage',
    )
    assert.deepEqual(
      seen.document.machine.runtimes.map(({ name, loader, state }) => [name, loader, state]),
      [
        ['podman', 'containers', 'running'],
        ['skopeo', 'containers', 'running'],
        ['buildah', 'containers', 'running'],
      ],
    )
    assert.match(seen.document.machine.runtimes[0]?.version ?? '', version)
    for (const name of family) {
      const { state, predictedError, observedError } = consumer(seen.registry, name)
      assert.equal(state, 'refused')
      assert.equal(predictedError, words(await login(host, name)), name)
      assert.ok(observedError !== undefined && predictedError.endsWith(observedError), observedError)
    }
    // Only now: the logins above made podman's own storage.
    const untrusted = await host.snapshot(watched)

    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem'])
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal(trusted.registry.verified, true)
    assert.equal(trusted.registry.changes.length, 1, 'one file serves the family')
    for (const name of family) assert.equal((await login(host, name)).code, 0, name)
    assert.equal((await runJson(host, ['diagnose', registry])).code, 0)

    assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
    assert.deepEqual(await host.snapshot(watched), untrusted)
    assert.match(words(await login(host)), /unknown authority/)
  }

  it('4.3, a private CA: foreseen to the letter, mended, proven, undone to the byte', () =>
    privateCa({}, /^4\.3/))

  it('5.4, a private CA: foreseen to the letter, mended, proven, undone to the byte', async () =>
    privateCa({ root: await labRoot('trixie') }, /^5\.4/)).timeout(660_000)

  it('beside Docker each gets its own; --runtime podman leaves Docker alone', async () => {
    const host = await freshHost({ withoutDocker: false })
    const before = await host.snapshot(watched)
    const both = await runJson(host, [registry, '--ca', '/root/ca.pem', '--check'])
    assert.deepEqual(
      both.registry.plan.map(({ target, runtime }) => [target.split('/trust-')[0], runtime]),
      [
        [`/etc/docker/certs.d/${registry}`, 'docker'],
        [system, 'podman'],
      ],
    )
    const one = await runJson(host, [registry, '--ca', '/root/ca.pem', '--runtime', 'podman'])
    assert.equal(one.code, 0, one.stdout)
    assert.deepEqual(
      one.registry.consumers.filter(({ required }) => required).map(({ name }) => name),
      ['podman'],
    )
    assert.ok(!(await host.exists('/etc/docker/certs.d')))
    assert.equal((await runJson(host, [registry, '--ca', '/root/ca.pem'])).code, 0)
    assert.equal((await runJson(host, ['undo', '--all', '--yes'])).code, 0)
    assert.deepEqual(await host.snapshot(watched), before)
  })

  it('Docker’s directory is read where it is the first that exists, and no other is made', async () => {
    const host = await freshHost()
    await host.write(`/etc/docker/certs.d/${registry}/old.crt`, (await createCa({ name: 'Old CA' })).pem)
    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem'])
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.match(trusted.registry.changes[0]?.path ?? '', /^\/etc\/docker\/certs\.d\//)
    assert.ok(!(await host.exists('/etc/containers/certs.d')))
  })

  it('a person’s directory shadows the system’s: named, and mended where it is read', async () => {
    const host = await freshHost()
    const own = `/root/.config/containers/certs.d/${registry}`
    await host.write(`${system}/ca.crt`, root.pem)
    await host.write(`${own}/old.crt`, (await createCa({ name: 'Old CA' })).pem)
    assert.match(words(await login(host)), /unknown authority/)
    const seen = await runJson(host, ['diagnose', registry])
    assert.equal(seen.code, 1)
    assert.match(finding(seen, 'trust-directory-shadowed')?.message ?? '', new RegExp(`reads only ${own}`))
    assert.equal(consumer(seen.registry, 'podman').trustLocation, own)
    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem'])
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.ok(trusted.registry.changes.every(({ path }) => path.startsWith(`${own}/`)))
    assert.equal((await login(host)).code, 0)
  })

  it('under sudo it is the caller’s podman that counts, and root writes nothing into a home', async () => {
    const host = await freshHost()
    const sudo = { env: { SUDO_UID: '1', SUDO_GID: '1', SUDO_USER: 'daemon' } }
    const home = (await host.run(['sh', '-c', 'getent passwd daemon | cut -d: -f6'])).stdout.trim()
    const own = `${home}/.config/containers/certs.d/${registry}`
    await host.write(`${own}/old.crt`, (await createCa({ name: 'Old CA' })).pem)
    const before = await host.snapshot([...watched, home])
    const stuck = await runJson(host, [registry, '--ca', '/root/ca.pem', '--runtime', 'skopeo'], sudo)
    assert.equal(stuck.code, 1, stuck.stdout)
    assert.match(finding(stuck, 'trust-directory-shadowed')?.fix ?? '', new RegExp(`^mv ${own} `))
    assert.deepEqual(await host.snapshot([...watched, home]), before)
    await host.run(['mv', own, `${own}.off`])
    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem', '--runtime', 'skopeo'], sudo)
    assert.equal(trusted.code, 0, trusted.stdout)
  })

  const traps: readonly [string, string, Record<string, string>][] = [
    ['a key without its certificate', 'client-key-orphan', { 'domain.key': 'x' }],
    ['a certificate without its key', 'client-cert-orphan', { 'ca.cert': 'x' }],
    ['a folder in a file’s place', 'trust-directory-unreadable', { 'ca.crt/x': 'x' }],
  ]
  for (const [what, code, files] of traps) {
    it(`${what}: every request ends there, foreseen to the letter`, async () => {
      const host = await freshHost()
      for (const [name, content] of Object.entries(files)) await host.write(`${system}/${name}`, content)
      const seen = await runJson(host, ['diagnose', registry])
      assert.ok(codes(seen.registry).includes(code), seen.stdout)
      for (const name of family) {
        assert.equal(consumer(seen.registry, name).predictedError, words(await login(host, name)))
      }
      const before = await host.snapshot(watched)
      assert.equal((await runJson(host, [registry, '--ca', '/root/ca.pem'])).code, 1)
      assert.deepEqual(await host.snapshot(watched), before, 'more files would not help')
      // The advice works.
      const fix = seen.registry.findings.find((entry) => entry.code === code)?.fix ?? ''
      if (fix.startsWith('mv ')) {
        assert.equal((await host.run(['sh', '-c', fix])).code, 0)
        assert.equal((await runJson(host, [registry, '--ca', '/root/ca.pem'])).code, 0)
      }
    })
  }

  it('a key that does not fit its certificate', async () => {
    const host = await freshHost()
    const client = await root.issue({ names: ['client'], ekus: ['clientAuth'] })
    await host.write(`${system}/client.cert`, client.pem)
    await host.write(`${system}/client.key`, root.key)
    const seen = await runJson(host, ['diagnose', registry])
    assert.ok(codes(seen.registry).includes('client-key-mismatch'), seen.stdout)
    assert.equal(consumer(seen.registry, 'podman').predictedError, words(await login(host)))
  })

  it('registries.conf: insecure is named with its file, blocked is foreseen, damage with line and column', async () => {
    const conf = '/etc/containers/registries.conf.d/10-corp.conf'
    const host = await freshHost()
    await host.write(conf, '[[registry]]\nlocation = "reg.corp"\ninsecure = true\n')
    const insecure = await runJson(host, ['diagnose', registry])
    assert.equal(consumer(insecure.registry, 'podman').state, 'unchecked')
    assert.match(finding(insecure, 'insecure-registry')?.fix ?? '', new RegExp(conf))

    await host.write(
      conf,
      '[[registry]]\nprefix = "reg.corp:5000"\nlocation = "reg.corp:5000"\nblocked = true\n',
    )
    const blocked = await runJson(host, ['diagnose', registry])
    assert.ok(codes(blocked.registry).includes('registry-blocked'))
    assert.equal(consumer(blocked.registry, 'podman').predictedError, words(await login(host)))

    const damaged = '[[registry]\nlocation = "reg.corp"\n'
    await host.write(conf, damaged)
    const broken = await runJson(host, [registry, '--ca', '/root/ca.pem'])
    assert.equal(broken.code, 1)
    assert.match(
      finding(broken, 'config-damaged')?.message ?? '',
      /10-corp\.conf is damaged.*line 2, column 1/,
    )
    assert.equal(consumer(broken.registry, 'podman').state, 'refused')
    assert.equal(await host.read(conf), damaged)
  })

  it('a mirror that answers vouches for nobody but itself', async () => {
    const host = await freshHost()
    for (const mirrors of [1, 2]) {
      const tables = mirrorPorts
        .slice(0, mirrors)
        .map((port) => `[[registry.mirror]]\nlocation = "reg.corp:${port}"\ninsecure = true\n`)
      await host.write(
        '/etc/containers/registries.conf.d/10-corp.conf',
        `[[registry]]\nprefix = "${registry}"\nlocation = "${registry}"\n${tables.join('')}`,
      )
      const seen = await runJson(host, ['diagnose', registry])
      for (const name of family) {
        const { state, observedError } = consumer(seen.registry, name)
        assert.deepEqual(
          [state, observedError],
          [
            'refused',
            `pinging container registry ${registry}: Get "https://${registry}/v2/": x509: certificate signed by unknown authority`,
          ],
          `${name}, mirrors: ${mirrors}`,
        )
      }
    }
    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem'])
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal(trusted.registry.verified, true)
  })

  it('logs in where the family keeps its logins', async () => {
    const host = await freshHost()
    const withPassword = [registry, '--ca', '/root/ca.pem', '-u', 'testuser', '--password-stdin']
    const wrong = await runJson(host, withPassword, { input: 'wrong' })
    assert.equal(wrong.code, 10, wrong.stdout)
    const good = await runJson(host, withPassword, { input: users.testuser })
    assert.equal(good.code, 0, good.stdout)
    assert.match(good.registry.login?.message ?? '', /Stored in \/run\/containers\/0\/auth\.json/)
    const asked = await host.run(['podman', 'login', '--get-login', registry])
    assert.equal(asked.stdout.trim(), 'testuser')
  })

  it('a loopback registry is checked like any other', async () => {
    const host = await freshHost({ hosts: { 'reg.corp': '127.0.0.1' } })
    const seen = await runJson(host, ['diagnose', registry])
    assert.notEqual(consumer(seen.registry, 'podman').state, 'unchecked')
  })

  it('not installed: named, it is prepared all the same', async () => {
    const host = await freshHost({ podman: false })
    const run = await runJson(host, [registry, '--ca', '/root/ca.pem', '--runtime', 'podman'])
    assert.equal(run.code, 0, run.stdout)
    assert.match(run.registry.changes[0]?.path ?? '', new RegExp(`^${system}/`))
    assert.equal(run.registry.verified, false)
  })
})
