import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import { image } from '../../fixtures/lab/image.ts'
import type { HostOptions } from '../../fixtures/lab/lab.ts'
import {
  installRootless,
  makePerson,
  startRootless,
  untilRootless,
  type Person,
} from '../../fixtures/lab/person.ts'
import type { RunOptions, RunResult } from '../../fixtures/lab/run.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { consumer, daemonMessage, runJson, users, watched, withLab, type JsonRun } from './scene.ts'

const registry = 'reg.corp:5000'
/** The same, and no login. */
const open = 'reg.corp:5001'
const ca = '/home/dev/ca.pem'
const certsD = '/home/dev/.config/docker/certs.d'
const right = `${certsD}/${registry}`
const places = [...watched, '/home/dev/.config/docker', '/var/lib/trust-registry'] as const
const system = [registry, '--ca', ca, '--scope', 'system', '--keep-appended', '--yes'] as const

const finding = (run: JsonRun, code: string) => run.registry.findings.find((entry) => entry.code === code)

// RootlessKit with the person's own ids, a copied-up /etc, and slirp4netns.
describe('a rootless dockerd, run by an ordinary person', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    const chain = [await root.issue({ names: ['reg.corp'] })]
    await server.dockerRegistry({ port: 5000, chain, users })
    await server.dockerRegistry({ port: 5001, chain })
    hosts = { 'reg.corp': server.address }
  })

  const hostOf = async (options: HostOptions = {}): Promise<{ host: Host; dev: Person }> => {
    const host = await scene.lab.host('client', { hosts, docker: false, ...options })
    const dev = await makePerson(host)
    await host.write(ca, root.pem)
    return { host, dev }
  }
  const docker = (
    host: Host,
    { as, socket }: Person,
    argv: readonly string[],
    options: RunOptions = {},
  ): Promise<RunResult> => {
    const env = { ...as.env, DOCKER_HOST: `unix://${socket}`, ...options.env }
    return host.run(['docker', ...argv], { ...as, ...options, env })
  }
  const loginArgs = ['login', '-u', 'testuser', '--password-stdin', registry] as const
  const login = (host: Host, dev: Person): Promise<RunResult> =>
    docker(host, dev, loginArgs, { input: users.testuser })
  /** Under that person's sudo. */
  const sudoOf = ({ uid, name }: Person): RunOptions => ({
    env: { SUDO_UID: String(uid), SUDO_GID: String(uid), SUDO_USER: name },
  })

  describe('started by hand', () => {
    let host: Host
    let dev: Person
    let stop: () => Promise<void>

    before(async () => {
      const made = await hostOf({ podman: true })
      host = made.host
      dev = made.dev
      stop = await startRootless(host, dev)
    })

    it('judged to the letter, mended without sudo, proven, undone to the byte', async () => {
      const before = await host.snapshot(places)
      const seen = await runJson(host, ['diagnose', registry], dev.as)
      assert.equal(seen.code, 1, seen.stdout)
      const refused = consumer(seen.registry, 'docker')
      assert.deepEqual([refused.trustLocation, refused.state], [right, 'refused'], seen.stdout)
      assert.equal(refused.predictedError, daemonMessage(await login(host, dev)))
      assert.equal(refused.observedError, refused.predictedError)

      const trusted = await runJson(host, [registry, '--ca', ca, '--runtime', 'docker'], dev.as)
      assert.equal(trusted.code, 0, trusted.stdout)
      assert.equal(trusted.registry.verified, true, trusted.stdout)
      assert.ok(trusted.registry.plan.length > 0 && trusted.registry.plan.every((item) => !item.privileged))
      const { changes } = trusted.registry
      assert.ok(changes.length > 0 && changes.every(({ path }) => path.startsWith(`${right}/`)))
      const loggedIn = await login(host, dev)
      assert.equal(loggedIn.code, 0, loggedIn.stderr)

      assert.equal((await runJson(host, ['undo', registry, '--yes'], dev.as)).code, 0)
      assert.deepEqual(await host.snapshot(places), before)
      assert.match(daemonMessage(await login(host, dev)), /unknown authority/)
    })

    it('root writes nothing into it, with and without a look, and is told who does', async () => {
      const argv = [registry, '--ca', ca, '--runtime', 'docker']
      const before = await host.snapshot(places)
      const line = `sudo -u dev env DOCKER_HOST=unix://${dev.socket} trust-registry ${registry} --ca`
      for (const way of [sudoOf(dev), { env: { DOCKER_HOST: `unix://${dev.socket}` } }]) {
        const asRoot = await runJson(host, argv, way)
        assert.equal(asRoot.code, 1, asRoot.stdout)
        assert.match(finding(asRoot, 'runtime-unreachable')?.message ?? '', /rootless daemon of dev/)
        // What stands first is what is to be pasted.
        const [first] = asRoot.registry.findings
        assert.ok(first?.fix?.startsWith(`${line} ${ca} `), asRoot.stdout)
        const blind = await runJson(host, [...argv, '--offline'], way)
        assert.equal(blind.code, 1, blind.stdout)
        assert.ok(blind.registry.findings[0]?.fix?.startsWith(line), blind.stdout)
      }
      assert.deepEqual(await host.snapshot(places), before)
    })

    it('beside podman: what is the person’s is written, what is root’s is left and said', async () => {
      const argv = [registry, '--ca', ca, '--runtime', 'docker', '--runtime', 'podman']
      const bases = (run: JsonRun): string[] =>
        run.registry.changes.map(({ path }) => path.replace(/\/trust-registry-.*/, ''))
      const trusted = await runJson(host, argv, dev.as)
      assert.equal(trusted.code, 0, trusted.stdout)
      assert.deepEqual(bases(trusted), [right, `/home/dev/.config/containers/certs.d/${registry}`])
      assert.equal(consumer(trusted.registry, 'podman').state, 'trusted')
      assert.equal((await runJson(host, ['undo', registry, '--yes'], dev.as)).code, 0)

      // A place of the system's that is there already comes first, and a new one of the person's would hide it.
      await host.write(`/etc/containers/certs.d/${registry}/old.crt`, '')
      const half = await runJson(host, argv, dev.as)
      assert.equal(half.code, 1, half.stdout)
      assert.deepEqual(bases(half), [right])
      assert.equal(consumer(half.registry, 'docker').state, 'trusted')
      const fix = `sudo trust-registry ${registry} --runtime podman --ca CA.pem`
      assert.ok(
        half.registry.findings.some((entry) => entry.fix?.startsWith(fix)),
        half.stdout,
      )
      assert.equal((await runJson(host, ['undo', registry, '--yes'], dev.as)).code, 0)
    })

    it('the machine’s loopback is not its own; stopped, the line is for the person’s service', async () => {
      const local = await runJson(host, ['diagnose', 'localhost:5000', '--runtime', 'docker'], dev.as)
      assert.match(finding(local, 'loopback-insecure')?.message ?? local.stdout, /a network of its own/)
      const said = await docker(host, dev, ['login', '-u', 'x', '-p', 'x', 'localhost:5000'])
      assert.match(said.stderr, /connection refused/)
      await stop()
      const env = { ...dev.as.env, DOCKER_HOST: `unix://${dev.socket}` }
      const down = await runJson(host, ['diagnose', registry], { ...dev.as, env })
      assert.equal(finding(down, 'daemon-down')?.fix, 'systemctl --user start docker', down.stdout)
      assert.equal(consumer(down.registry, 'docker').trustLocation, right)
    })
  })

  describe('as Docker’s setup tool installs it', () => {
    let host: Host
    let dev: Person

    before(async () => {
      const made = await hostOf({ systemd: true })
      host = made.host
      dev = made.dev
      await installRootless(host, dev)
    })

    const type = async (line: string | undefined, options: RunOptions): Promise<void> => {
      assert.ok(line !== undefined, 'there is no line')
      // A unit is started three times a minute at most.
      await host.run(['systemctl', '--user', 'reset-failed', 'docker'], dev.as)
      const { code, stderr } = await host.run(['sh', '-c', line], options)
      assert.equal(code, 0, `${line}: ${stderr}`)
      await untilRootless(host, dev)
    }
    it('pushed to, pulled from, and built from once the line for its service was typed', async () => {
      const imported = await docker(host, dev, ['import', '-', `${open}/hello`], { input: image() })
      assert.equal(imported.code, 0, imported.stderr)
      const trusted = await runJson(host, [open, '--ca', ca], dev.as)
      assert.equal(trusted.code, 0, trusted.stdout)
      for (const verb of ['push', 'rmi', 'pull', 'rmi']) {
        const { code, stderr } = await docker(host, dev, [verb, `${open}/hello`])
        assert.equal(code, 0, `${verb}: ${stderr}`)
      }
      await host.write('/home/dev/build/Dockerfile', `FROM ${open}/hello\nLABEL of=lab\n`)
      const build = async (): Promise<RunResult> =>
        docker(host, dev, ['build', '--progress=plain', '/home/dev/build'], { env: { DOCKER_BUILDKIT: '1' } })
      // BuildKit 20.10 has its list of directories from the daemon's start.
      assert.match((await build()).stderr, /unknown authority/)
      const restart =
        'systemctl --user restart docker      # stops running containers unless live-restore is on'
      assert.equal(finding(trusted, 'restart-needed')?.fix, restart, trusted.stdout)
      await type(restart, dev.as)
      const built = await build()
      assert.equal(built.code, 0, built.stderr)
    })

    it('scope system: root writes the store, its person restarts it by the line, and so after undo', async () => {
      const alone = await runJson(host, system, dev.as)
      assert.equal(alone.code, 12, alone.stdout)
      assert.match(alone.registry.error?.fix ?? alone.stdout, /^sudo trust-registry /)
      const done = await runJson(host, system, sudoOf(dev))
      assert.equal(finding(done, 'runtime-unreachable'), undefined, done.stdout)
      // What /etc held when it began are links into the real one; but the store it has read.
      assert.match(daemonMessage(await login(host, dev)), /unknown authority/)
      const stale = await runJson(host, ['diagnose', registry], dev.as)
      assert.match(finding(stale, 'restart-needed')?.fix ?? stale.stdout, /^systemctl --user restart docker /)
      const line = `sudo -u dev env XDG_RUNTIME_DIR=/run/user/${dev.uid} systemctl --user restart docker`
      assert.equal(done.registry.error?.fix, line, done.stdout)
      await type(line, {})
      const loggedIn = await login(host, dev)
      assert.equal(loggedIn.code, 0, loggedIn.stderr)

      const undone = await host.product(['undo', registry, '--yes'], sudoOf(dev))
      assert.equal(undone.code, 0, undone.stderr)
      assert.ok(undone.stdout.includes(`To finish: ${line}`), undone.stdout)
      await type(line, {})
      assert.match(daemonMessage(await login(host, dev)), /unknown authority/)
    })
  })

  it('beside a daemon of the system, the one that Docker itself would ask is served', async () => {
    const { host, dev } = await hostOf({ docker: true })
    await startRootless(host, dev)
    const pid = host.dockerPid()
    const before = await host.snapshot(['/etc/docker'])
    const seen = await runJson(host, ['diagnose', registry], dev.as)
    assert.equal(consumer(seen.registry, 'docker').trustLocation, `/etc/docker/certs.d/${registry}`)
    const context = ['create', 'rootless', '--docker', `host=unix://${dev.socket}`]
    assert.equal((await host.run(['docker', 'context', ...context], dev.as)).code, 0)
    assert.equal((await host.run(['docker', 'context', 'use', 'rootless'], dev.as)).code, 0)
    const trusted = await runJson(host, [registry, '--ca', ca], dev.as)
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal(consumer(trusted.registry, 'docker').trustLocation, right, trusted.stdout)
    const plain = await host.run(['docker', ...loginArgs], { ...dev.as, input: users.testuser })
    assert.equal(plain.code, 0, plain.stderr)

    // Nor is it the system's daemon that a change of the store for this one restarts.
    assert.equal((await runJson(host, ['undo', registry, '--yes'], dev.as)).code, 0)
    const store = await runJson(host, system, { env: { DOCKER_HOST: `unix://${dev.socket}` } })
    assert.match(
      store.registry.error?.fix ?? store.stdout,
      /^sudo -u dev .* systemctl --user restart docker$/,
    )
    assert.deepEqual([host.dockerPid(), await host.snapshot(['/etc/docker'])], [pid, before])
  })
})
