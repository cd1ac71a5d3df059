import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import { image } from '../../fixtures/lab/image.ts'
import { makePerson, type Person } from '../../fixtures/lab/person.ts'
import type { RunOptions, RunResult } from '../../fixtures/lab/run.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { consumer, runJson, users, watched, withLab, type JsonRun } from './scene.ts'

const registry = 'reg.corp:5000'
const ca = '/home/dev/ca.pem'
const own = `/home/dev/.config/containers/certs.d/${registry}`
const system = `/etc/containers/certs.d/${registry}`
const docker = `/etc/docker/certs.d/${registry}`
const places = [...watched, '/home/dev/.config/containers'] as const
const only = ['--runtime', 'podman'] as const

const shadowed = ({ registry: { findings } }: JsonRun) =>
  findings.find(({ code }) => code === 'trust-directory-shadowed')

describe('podman of an ordinary person, in a user namespace', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let host: Host
  let dev: Person

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    const hosts = { 'reg.corp': server.address }
    host = await scene.lab.host('client', { hosts, podman: true, withoutDocker: true })
    dev = await makePerson(host)
    await host.write(ca, root.pem)
    const spaces = await host.run(['podman', 'unshare', 'cat', '/proc/self/uid_map'], dev.as)
    assert.match(spaces.stdout, /^\s*0\s+1500\s+1\n\s*1\s+\d+\s+65536\n$/, spaces.stderr)
  })

  const podman = (argv: readonly string[], options: RunOptions = {}): Promise<RunResult> =>
    host.run(['podman', ...argv], { ...dev.as, ...options })
  const login = (): Promise<RunResult> =>
    podman(['login', '-u', 'testuser', '--password-stdin', registry], { input: users.testuser })
  const words = ({ stderr }: RunResult): string =>
    stderr
      .replace(/^time=.*\n/gm, '')
      .replace(/^Error: /, '')
      .trimEnd()
  /** As that person, and as root under that person's sudo. */
  const ways = (): readonly (readonly [string, RunOptions])[] => {
    const { uid, name } = dev
    return [
      ['by themselves', dev.as],
      ['under sudo', { env: { SUDO_UID: String(uid), SUDO_GID: String(uid), SUDO_USER: name } }],
    ]
  }

  it('a private CA: foreseen, mended, pushed, pulled, undone, by themselves and under sudo', async () => {
    const foreseen = words(await login())
    assert.equal((await podman(['import', '-', `${registry}/hello`], { input: image() })).code, 0)
    for (const [how, way] of ways()) {
      const before = await host.snapshot(places)
      const seen = await runJson(host, ['diagnose', registry, ...only], way)
      const { state, predictedError } = consumer(seen.registry, 'podman')
      assert.deepEqual([state, predictedError], ['refused', foreseen], how)
      const trusted = await runJson(host, [registry, '--ca', ca, '--yes', ...only], way)
      assert.deepEqual([trusted.code, trusted.registry.verified], [0, true], `${how}: ${trusted.stdout}`)
      assert.equal((await login()).code, 0, how)
      // What the first way has pushed is there for the second.
      const pushes = way === dev.as ? ['push', 'rmi'] : []
      for (const verb of [...pushes, 'pull', 'rmi']) {
        const { code, stderr } = await podman([verb, `${registry}/hello`])
        assert.equal(code, 0, `${how}: podman ${verb}: ${stderr}`)
      }
      const undone = await runJson(host, ['undo', registry, '--yes'], way)
      assert.equal(undone.code, 0, `${how}: ${undone.stdout}`)
      assert.deepEqual(await host.snapshot(places), before, how)
      assert.match(words(await login()), /unknown authority/, how)
    }
  })

  for (const [first, second] of [
    [own, system],
    [own, docker],
    [system, docker],
  ] as const) {
    it(`${first} hides ${second}: podman fails as foreseen, it is named, and the line or trust mends it`, async () => {
      const old = await createCa({ name: 'Old CA' })
      for (const [how, way] of second === system ? ways() : ways().slice(0, 1)) {
        await host.write(`${first}/old.crt`, old.pem)
        await host.write(`${second}/ca.crt`, root.pem)
        await host.run(['chown', '-R', 'dev:', '/home/dev'])
        const before = await host.snapshot(places)
        const failed = await login()
        const seen = await runJson(host, ['diagnose', registry, ...only], way)
        const { predictedError, observedError = 'none', trustLocation } = consumer(seen.registry, 'podman')
        assert.deepEqual([predictedError, trustLocation], [words(failed), first], how)
        assert.ok(words(failed).endsWith(observedError), `${how}: ${observedError}`)
        const named = shadowed(seen) ?? assert.fail(`${how}: ${seen.stdout}`)
        assert.ok(named.message.startsWith(`${second} holds`), named.message)
        assert.match(named.message, new RegExp(`reads only ${first},`), how)

        const trusted = await runJson(host, [registry, '--ca', ca, '--yes', ...only], way)
        if (first === system) {
          assert.equal(trusted.code, 0, `${how}: ${trusted.stdout}`)
          assert.equal((await login()).code, 0, how)
          assert.equal((await runJson(host, ['undo', registry, '--yes'], way)).code, 0, how)
        } else {
          // Root writes nothing into a home.
          assert.equal(trusted.code, 1, `${how}: ${trusted.stdout}`)
          assert.deepEqual(trusted.registry.changes, [], how)
        }
        assert.deepEqual(await host.snapshot(places), before, how)
        assert.equal(named.fix, `cp ${second}/*.crt ${first}/`, how)
        const typed = await host.run(['sh', '-c', named.fix], first === system ? {} : dev.as)
        assert.equal(typed.code, 0, typed.stderr)
        assert.equal((await login()).code, 0, how)
        await host.run([
          'rm',
          '-rf',
          '/etc/docker',
          '/etc/containers/certs.d',
          '/home/dev/.config/containers',
        ])
        await podman(['logout', '--all'])
      }
    })
  }
})
