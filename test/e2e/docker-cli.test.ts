import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import { labRoot, type Suite } from '../../fixtures/lab/root.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import type { RegistryDocument } from '../../src/report/document.ts'
import { consumer, runJson, users, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const image = `${registry}/app`
/** The name in our own question. */
const PROBE = `${registry}/trust-registry-probe`
const own = `/etc/docker/certs.d/${registry}`
const token = 'tokens.corp:5001'

interface Generation {
  readonly title: string
  readonly suite?: Suite
  readonly buildx: boolean
}

const generations: readonly Generation[] = [
  { title: 'docker 20.10', buildx: false },
  { title: 'docker 26.1, buildx 0.13', suite: 'trixie', buildx: true },
  { title: 'docker and buildx of sid', suite: 'sid', buildx: true },
]

describe('what of Docker goes to registries by itself: docker manifest, buildx', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let other: CertificateAuthority
  let hosts: Record<string, string>
  const roots = new Map<Suite, string>()

  before('fetch the other suites', async function () {
    this.timeout(660_000)
    root = await createCa({ name: 'Corp Root CA' })
    other = await createCa({ name: 'Corp Token CA' })
    const signer = await createCa({ name: 'Token Signer' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    const realm = { realm: 'https://auth.corp/token', signer }
    await server.dockerRegistry({
      port: 5001,
      chain: [await root.issue({ names: ['tokens.corp'] })],
      token: realm,
    })
    const elsewhere = await scene.lab.server('auth')
    await elsewhere.tokenService({
      ...{ port: 443, users, signer },
      chain: [await other.issue({ names: ['auth.corp'] })],
    })
    hosts = { 'reg.corp': server.address, 'tokens.corp': server.address, 'auth.corp': elsewhere.address }
    for (const suite of ['trixie', 'sid'] as const) roots.set(suite, await labRoot(suite))
  })

  const freshHost = async (suite?: Suite): Promise<Host> => {
    const path = suite === undefined ? undefined : roots.get(suite)
    const host = await scene.lab.host('client', { hosts, ...(path === undefined ? {} : { root: path }) })
    await host.write('/root/ca.pem', root.pem)
    await host.write('/root/token-ca.pem', other.pem)
    return host
  }

  /** What the program prints at its end, without its own `ERROR: `. */
  const asks = async (host: Host, argv: readonly string[]): Promise<string> => {
    const { stderr } = await host.run(argv)
    return (stderr.trimEnd().split('\n').at(-1) ?? '').replace(/^ERROR: /, '')
  }
  const manifest = (host: Host, name = image): Promise<string> =>
    asks(host, ['docker', 'manifest', 'inspect', name])
  const buildx = (host: Host, name = image): Promise<string> =>
    asks(host, ['docker', 'buildx', 'imagetools', 'inspect', name])

  /** The line that it prints for another repository than ours. */
  const foreseen = (seen: RegistryDocument, name: string): string | undefined =>
    consumer(seen, name).predictedError?.replaceAll('trust-registry-probe', 'app')
  const stateOf = (seen: RegistryDocument, name: string): readonly unknown[] => {
    const { state, required, assumed, trustLocation } = consumer(seen, name)
    return [state, required, assumed, trustLocation]
  }
  const names = ({ consumers }: RegistryDocument): readonly string[] => consumers.map(({ name }) => name)

  for (const generation of generations) {
    describe(generation.title, () => {
      let host: Host
      before(async () => {
        host = await freshHost(generation.suite)
      })

      it('are foreseen to the letter, and needed for nothing', async () => {
        const { registry: seen } = await runJson(host, ['diagnose', registry])
        const expected = ['docker', 'docker-build', 'docker-cli', 'buildx', 'system']
        assert.deepEqual(
          names(seen),
          expected.filter((name) => generation.buildx || name !== 'buildx'),
        )
        assert.deepEqual(stateOf(seen, 'docker-cli'), ['unknown', false, true, own])
        assert.equal(foreseen(seen, 'docker-cli'), await manifest(host))
        if (!generation.buildx) return
        assert.deepEqual(stateOf(seen, 'buildx'), ['unknown', false, true, undefined])
        assert.equal(foreseen(seen, 'buildx'), await buildx(host))
        const { stdout } = await host.product(['diagnose', registry])
        const lines = stdout.trimEnd().split('\n')
        assert.ok(lines.length <= 24, stdout)
        const rows = lines.filter((line) => /^ (?:program|docker|buildx|system)/.test(line))
        assert.equal(rows.length, 6, stdout)
        for (const row of rows) assert.ok(row.length <= 80, stdout)
      })

      it('once trusted per registry the docker program says so itself, buildx refuses as foreseen, and nothing of it stays', async () => {
        await host.run(['rm', '-rf', '/root/.docker'])
        const left = async (): Promise<string> => (await host.run(['ls', '-A', '/root', '/tmp'])).stdout
        const before = await left()
        const { registry: seen, code, stdout } = await runJson(host, [registry, '--ca', '/root/ca.pem'])
        assert.equal(code, 0, stdout)
        assert.deepEqual([seen.verified, seen.changes.length], [true, 1], stdout)
        assert.deepEqual(stateOf(seen, 'docker-cli'), ['trusted', false, undefined, own], stdout)
        assert.equal(await left(), before)
        assert.doesNotMatch(await manifest(host), /x509/)
        if (!generation.buildx) return
        const { observedError = '', predictedError } = consumer(seen, 'buildx')
        assert.deepEqual(stateOf(seen, 'buildx'), ['refused', false, undefined, undefined], stdout)
        assert.equal(observedError, predictedError)
        assert.equal(observedError, await buildx(host, PROBE))
      })

      it('a stray key in the directory stops the docker program with the line that was foreseen', async () => {
        await host.write(`${own}/stray.key`, 'x')
        const { registry: seen } = await runJson(host, ['diagnose', registry])
        assert.match(
          consumer(seen, 'docker-cli').predictedError ?? '',
          /issing client certificate stray\.cert/,
        )
        assert.equal(foreseen(seen, 'docker-cli'), await manifest(host))
        const orphans = seen.findings.filter(({ code }) => code === 'client-key-orphan')
        assert.deepEqual(
          orphans.map(({ message }) => message.includes(': Docker refuses')),
          [true],
          'said once, for the daemon',
        )
        await host.run(['rm', `${own}/stray.key`])
      })

      if (generation.suite !== 'trixie') return
      it('by the OS store both are trusted, by their own word', async () => {
        const argv = [registry, '--ca', '/root/ca.pem', '--scope', 'system', '--yes']
        const { registry: seen, code, stdout } = await runJson(host, argv)
        assert.equal(code, 0, stdout)
        for (const name of ['docker-cli', 'buildx'])
          assert.deepEqual(stateOf(seen, name).slice(0, 3), ['trusted', false, undefined], stdout)
        assert.doesNotMatch(`${await manifest(host)} ${await buildx(host)}`, /x509/)
      })
    })
  }

  it('tokens: the docker program verifies their service by its directory, buildx by the OS store', async () => {
    const host = await freshHost('sid')
    const trusted = await runJson(host, [token, '--ca', '/root/ca.pem'])
    assert.equal(trusted.code, 0, trusted.stdout)
    const { message = '' } = trusted.registry.findings.find(({ code }) => code === 'realm-untrusted') ?? {}
    assert.match(message, /auth\.corp is not trusted by docker: /)
    assert.equal(message.match(/buildx/g)?.length, 1, message)
    const name = `${token}/app`
    assert.match(await manifest(host, name), /Get "?https:\/\/auth\.corp\/token.*x509/)
    await host.write(`/etc/docker/certs.d/${token}/token.crt`, other.pem)
    assert.doesNotMatch(await manifest(host, name), /x509/)
    // With the registry's CA in the OS store buildx gets as far as the tokens.
    await host.installSystemCa(root.pem)
    assert.match(await buildx(host, name), /https:\/\/auth\.corp\/token.*x509/)
  })

  it('through sudo both run as the person, with nothing of theirs; a script in the place of docker is not asked', async () => {
    const host = await freshHost()
    await host.run(['sed', '-i', 's|^\\(nobody:.*\\):/nonexistent:|\\1:/home/nobody:|', '/etc/passwd'])
    const told = '/home/nobody/told'
    const plugin = '/home/nobody/.docker/cli-plugins/docker-buildx'
    const refusal = `failed to do request: Head "https://${PROBE}": x509: certificate signed by unknown authority`
    const script = `#!/bin/sh\necho "$(id -u) $HOME $DOCKER_CONFIG $*" > ${told}\necho 'ERROR: ${refusal}' >&2\nexit 1\n`
    await host.write(plugin, script, 0o755)
    await host.run(['chown', '-R', 'nobody', '/home/nobody'])
    const env = { SUDO_UID: '65534', SUDO_GID: '65534', SUDO_USER: 'nobody' }
    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem'], { env })
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal(consumer(trusted.registry, 'buildx').observedError, refusal)
    assert.equal(consumer(trusted.registry, 'docker-cli').state, 'trusted', trusted.stdout)
    const [uid, home = '', config, ...words] = (await host.read(told)).trim().split(' ')
    assert.equal(uid, '65534')
    assert.match(home, /^\/tmp\/trust-registry-/)
    assert.deepEqual([config, await host.exists(home)], [home, false])
    assert.deepEqual(words, ['imagetools', 'inspect', PROBE])

    await host.write('/usr/local/bin/docker', '#!/bin/sh\nexec podman "$@"\n', 0o755)
    const { registry: seen } = await runJson(host, ['diagnose', registry])
    assert.ok(!names(seen).includes('docker-cli'), names(seen).join())
  })
})
