import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import type { Service } from '../../fixtures/lab/service.ts'
import { image } from '../../fixtures/lab/image.ts'
import { labRoot, type Suite } from '../../fixtures/lab/root.ts'
import { createCa, selfSigned, type Certificate, type CertificateAuthority } from '../../fixtures/pki.ts'
import { consumer, daemonMessage, dockerLogin, runJson, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const base = '/etc/docker/certs.d'
const right = `${base}/${registry}`
const flat = `${base}/reg.corp_5000_`
const repository = 'trust-registry-probe'

interface Generation {
  readonly title: string
  readonly suite?: Suite
  readonly store: boolean
  /** Of builds, and of pulls into containerd's store. */
  readonly loader: 'buildkit' | 'containerd'
  readonly version: RegExp
}

const generations: readonly Generation[] = [
  { title: 'dockerd 20.10', store: false, loader: 'buildkit', version: /^20\.10/ },
  { title: 'dockerd 26.1', suite: 'trixie', store: false, loader: 'buildkit', version: /^26\.1/ },
  {
    title: 'dockerd 26.1, containerd store',
    suite: 'trixie',
    store: true,
    loader: 'buildkit',
    version: /^26\.1/,
  },
  {
    title: 'dockerd of sid',
    suite: 'sid',
    store: false,
    loader: 'containerd',
    version: /^(?:2[89]|[3-9]\d)\./,
  },
  {
    title: 'dockerd of sid, containerd store',
    suite: 'sid',
    store: true,
    loader: 'containerd',
    version: /^(?:2[89]|[3-9]\d)\./,
  },
]

describe('the loaders of dockerd, generation by generation', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let stranger: Certificate
  let hosts: Record<string, string>
  let service: Service
  const roots = new Map<Suite, string>()

  before('fetch the other suites', async function () {
    this.timeout(660_000)
    root = await createCa({ name: 'Corp Root CA' })
    stranger = await selfSigned({ names: ['stranger'] })
    const server = await scene.lab.server('registry')
    service = await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })] })
    hosts = { 'reg.corp': server.address }
    const fetched = await Promise.all(
      (['trixie', 'sid'] as const).map(async (suite) => [suite, await labRoot(suite)] as const),
    )
    for (const [suite, path] of fetched) roots.set(suite, path)
  })

  const freshHost = async ({ suite, store }: Generation): Promise<Host> => {
    const path = suite === undefined ? undefined : roots.get(suite)
    const host = await scene.lab.host('client', {
      ...{ hosts, containerdStore: store },
      ...(path === undefined ? {} : { root: path }),
    })
    await host.write('/root/ca.pem', root.pem)
    return host
  }

  /** What `docker build FROM` a repository prints at its end, and its exit code. */
  const build = async (host: Host, name: string): Promise<{ code: number; line: string }> => {
    await host.write('/root/build/Dockerfile', `FROM ${registry}/${name}\n`)
    const argv = ['docker', 'build', '--progress=plain', '/root/build']
    const { code, stderr } = await host.run(argv, { env: { DOCKER_BUILDKIT: '1' } })
    return { code, line: stderr.trimEnd().split('\n').at(-1) ?? '' }
  }
  const pull = async (host: Host): Promise<string> =>
    daemonMessage(await host.run(['docker', 'pull', `${registry}/${repository}@sha256:${'0'.repeat(64)}`]))
  for (const generation of generations) {
    const { title, store, loader, version } = generation
    const bookworm = generation.suite === undefined
    describe(title, () => {
      it('a private CA: foreseen to the letter, mended, proven, undone; a build that had failed', async () => {
        const host = await freshHost(generation)
        const before = await host.snapshot(watched)
        const seen = await runJson(host, ['diagnose', registry])
        assert.equal(seen.code, 1, seen.stdout)
        const [docker] = seen.document.machine.runtimes
        assert.match(docker?.version ?? '', version)
        assert.equal(seen.document.machine.runtimes.length, 1, 'the jobs of an engine are no runtimes')
        assert.equal(
          consumer(seen.registry, 'docker').predictedError,
          daemonMessage(await dockerLogin(host, registry)),
        )
        const failed = await build(host, repository)
        const foreseenBuild = consumer(seen.registry, 'docker-build').predictedError ?? 'nothing'
        assert.ok(failed.line.endsWith(foreseenBuild), `${failed.line}\n${foreseenBuild}`)
        if (store) {
          const pulls = consumer(seen.registry, 'docker-containerd')
          assert.equal(pulls.observedError, pulls.predictedError)
          assert.ok((await pull(host)).endsWith(pulls.predictedError ?? 'nothing'))
        }

        const known = service.requests().length
        const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem'])
        assert.equal(trusted.code, 0, trusted.stdout)
        assert.equal(trusted.registry.verified, true)
        const probe = `/v2/${repository}/manifests/sha256:${'0'.repeat(64)}`
        const asked = service.requests().slice(known)
        assert.ok(
          asked.some((request) => request.endsWith(probe)),
          `no pull through the image path: ${asked.join(', ')}`,
        )
        assert.equal(trusted.registry.changes.length, 1)
        assert.equal((await dockerLogin(host, registry)).code, 0)
        await host.run(['docker', 'import', '-', `${registry}/app:1`], { input: image() })
        assert.equal((await host.run(['docker', 'push', `${registry}/app:1`])).code, 0)
        assert.equal((await host.run(['docker', 'rmi', `${registry}/app:1`])).code, 0)
        assert.equal((await host.run(['docker', 'pull', `${registry}/app:1`])).code, 0)

        // 20.10 reads the list of directories at its start; later ones hold on to what failed before.
        const again = await build(host, repository)
        assert.match(again.line, /unknown authority/, 'a build that failed before the trust')
        const stale = trusted.registry.findings.find(({ code }) => code === 'restart-needed')
        assert.equal(stale?.severity, bookworm ? 'warning' : 'info', trusted.stdout)
        assert.match(stale.message, bookworm ? /knows only the certs\.d/ : /has failed here before/)
        if (bookworm) {
          const next = await runJson(host, ['diagnose', registry])
          const { predictedError } = consumer(next.registry, 'docker-build')
          assert.ok(
            predictedError !== undefined && again.line.endsWith(predictedError),
            String(predictedError),
          )
          assert.ok(
            next.registry.findings.some(({ code }) => code === 'restart-needed'),
            next.stdout,
          )
          assert.equal(next.code, 0)
        }
        if (!bookworm) assert.equal((await build(host, 'app:1')).code, 0)
        await host.stopDocker()
        await host.startDocker()
        assert.equal((await build(host, 'app:1')).code, 0)
        assert.match((await build(host, repository)).line, /not found/)
        const settled = await runJson(host, ['diagnose', registry])
        assert.equal(consumer(settled.registry, 'docker-build').predictedError, undefined)
        assert.deepEqual(settled.registry.findings, [])

        assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
        assert.deepEqual(await host.snapshot(watched), before)
      }).timeout(180_000)

      const stray = (name: string) => ({ [`${right}/ca.crt`]: root.pem, [`${right}/${name}`]: 'x' })
      const traps: readonly [string, () => Record<string, string | Uint8Array>, string][] = [
        ['garbage in a .crt', () => stray('x.crt'), loader === 'containerd' ? 'trust-file-damaged' : ''],
        [
          'DER in a .crt',
          () => ({ [`${right}/ca.crt`]: root.certificate }),
          loader === 'containerd' ? 'trust-file-damaged' : '',
        ],
        ['a key alone', () => stray('a.key'), ''],
        [
          'a certificate without its key',
          () => ({ [`${right}/ca.crt`]: root.pem, [`${right}/a.cert`]: root.pem }),
          'client-cert-orphan',
        ],
        [
          'a stranger in the underscored form',
          () => ({ [`${right}/ca.crt`]: root.pem, [`${flat}/x.crt`]: stranger.pem }),
          loader === 'containerd' ? 'trust-directory-shadowed' : '',
        ],
        ['only the underscored form', () => ({ [`${flat}/ca.crt`]: root.pem }), ''],
        ['_default', () => ({ [`${base}/_default/ca.crt`]: root.pem }), ''],
        [
          'a hosts.toml without a CA',
          () => ({
            [`${right}/ca.crt`]: root.pem,
            [`${right}/hosts.toml`]: `[host."https://${registry}"]\n`,
          }),
          loader === 'containerd' ? 'hosts-toml-overrides' : '',
        ],
        [
          'a hosts.toml with a CA',
          () => ({
            [`${right}/it.pem`]: root.pem,
            [`${right}/hosts.toml`]: `[host."https://${registry}"]\n  ca = "it.pem"\n`,
          }),
          '',
        ],
        [
          'a hosts.toml that names nothing',
          () => ({ [`${right}/hosts.toml`]: `[host."https://${registry}"]\n  ca = "it.pem"\n` }),
          loader === 'containerd' ? 'trust-directory-unreadable' : '',
        ],
        [
          'a broken hosts.toml',
          () => ({ [`${right}/ca.crt`]: root.pem, [`${right}/hosts.toml`]: '[host."x"\n' }),
          '',
        ],
      ]
      // With containerd's store both are seen at once, builds and pulls.
      if (!bookworm && !store) return
      it('every trap of its directory: foreseen to the letter, named where it bites', async () => {
        const host = await freshHost(generation)
        // BuildKit of 20.10 knows what was there at its start.
        await host.write(`${right}/x`, '')
        if (bookworm) {
          await host.stopDocker()
          await host.startDocker()
        }
        for (const [index, [what, files, code]] of traps.entries()) {
          await host.run(['sh', '-c', `rm -rf ${right}/* ${flat} ${base}/_default`])
          for (const [path, content] of Object.entries(files())) await host.write(path, content)
          const { registry: seen } = await runJson(host, ['diagnose', registry])
          const login = await dockerLogin(host, registry)
          const word = login.code === 0 ? undefined : daemonMessage(login)
          assert.equal(consumer(seen, 'docker').predictedError, word, what)
          const predicted = consumer(seen, 'docker-build').predictedError
          const built = await build(host, `p${index}`)
          const expected = predicted?.replaceAll(repository, `p${index}`)
          assert.ok(
            expected === undefined ? built.line.includes('not found') : built.line.endsWith(expected),
            `${what}: ${built.line}\n${String(expected)}`,
          )
          if (store) {
            const { predictedError: line } = consumer(seen, 'docker-containerd')
            const said = await pull(host)
            assert.ok(
              line === undefined ? said.includes('not found') : said.endsWith(line),
              `${what}: ${said}\n${String(line)}`,
            )
          }
          if (code !== '')
            assert.ok(
              seen.findings.some((finding) => finding.code === code),
              `${what}: ${code}`,
            )
        }
      }).timeout(180_000)
    })
  }
})
