import assert from 'node:assert/strict'
import { image } from '../../fixtures/lab/image.ts'
import type { Host } from '../../fixtures/lab/host.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { program, typeAt } from './pty.ts'
import { credentials, daemonMessage, dockerLogin, runJson, users, withLab, type JsonRun } from './scene.ts'

const registry = 'reg.corp:5000'
const password = { input: users.testuser }

describe('the TLS of a token service, by who fetches tokens', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let other: CertificateAuthority
  /** Each test leaves it as it was. */
  let host: Host

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    other = await createCa({ name: 'Corp Token CA', keyKind: 'p-256' })
    const signer = await createCa({ name: 'Token Signer' })
    const server = await scene.lab.server('registry')
    const elsewhere = await scene.lab.server('auth')
    const chain = [await root.issue({ names: ['reg.corp'] })]
    const realm = 'https://auth.corp/token'
    await server.dockerRegistry({ port: 5000, chain, token: { realm, signer } })
    const gone = 'https://gone.corp/token'
    await server.dockerRegistry({ port: 5001, chain, token: { realm: gone, signer } })
    const shown = [await other.issue({ names: ['auth.corp'] }), other]
    await elsewhere.tokenService({ port: 443, chain: shown, users, signer })
    const hosts = { 'reg.corp': server.address, 'auth.corp': elsewhere.address }
    host = await scene.lab.host('client', { hosts })
    await host.write('/root/ca.pem', root.pem)
    await host.write('/root/token-ca.pem', other.pem)
  })

  const untrusted = ({ registry: { findings } }: JsonRun): { message: string; fix?: string } | undefined =>
    findings.find(({ code }) => code === 'realm-untrusted')

  it('at a terminal its CA is shown and asked for; Enter goes on without', async () => {
    const command = `${program} ${registry} --ca /root/ca.pem --no-login`
    const declined = await typeAt(host, command, [
      [/It presents this CA[^]*Corp Token CA[^]*Enter goes on without/, '\r'],
      [/Go ahead\?/, 'y\r'],
    ])
    assert.deepEqual([declined.code, declined.unanswered], [0, 0], declined.screen)
    assert.match((await dockerLogin(host, registry)).stderr, /x509/)
    const half = await typeAt(host, command, [[/Enter goes on without/, `${root.sha256}\r`]])
    assert.equal(half.code, 5, half.screen)
    const agreed = await typeAt(host, command, [
      [/Enter goes on without/, `SHA256:${other.sha256}\r`],
      [/Go ahead\?/, 'y\r'],
    ])
    assert.deepEqual([agreed.code, agreed.unanswered], [0, 0], agreed.screen)
    assert.equal((await dockerLogin(host, registry)).code, 0)
    assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
    assert.equal((await host.run(['docker', 'logout', registry])).code, 0)
  })

  it('that cannot be reached is said', async () => {
    const seen = await runJson(host, ['diagnose', 'reg.corp:5001'])
    assert.match(
      untrusted(seen)?.message ?? '',
      /the token service gone\.corp cannot be looked at from here \(.*\)/,
    )
  })

  it('is named by diagnose beside Docker’s own words, and mended by a pin of its own; undone to the byte', async () => {
    const places = ['/etc/docker', '/usr/local']
    const before = await host.snapshot(places)
    const trust = [registry, '--ca', '/root/ca.pem']
    assert.equal((await runJson(host, trust)).code, 0)

    const seen = await runJson(host, ['diagnose', registry])
    assert.equal(seen.code, 0, 'the registry itself is trusted')
    const { message = '', fix = '' } = untrusted(seen) ?? {}
    const words = daemonMessage(await dockerLogin(host, registry))
    assert.match(words, /^Get "https:\/\/reg\.corp:5000\/v2\/": Get "https:\/\/auth\.corp\/token\?/)
    const complaint = /x509: .*/.exec(words)?.[0] ?? ''
    assert.ok(
      message.startsWith(`the token service auth.corp is not trusted by docker: ${complaint}`),
      message,
    )
    assert.match(message, /docker build and buildx, .*the OS store alone/)
    assert.match(
      fix,
      new RegExp(`^trust-registry reg\\.corp:5000 --fingerprint SHA256:${other.sha256} `, 'm'),
    )

    const named = [...credentials, '--token-realm', 'auth.corp']
    const wrong = await runJson(host, [registry, '--fingerprint', '0'.repeat(64), ...named], password)
    assert.equal(wrong.code, 5, wrong.stdout)
    const mended = await runJson(host, [registry, '--fingerprint', other.sha256, ...named], password)
    assert.deepEqual([mended.code, mended.registry.login?.ok], [0, true], mended.stdout)
    assert.equal(mended.registry.identity?.sha256, root.sha256, 'the registry is still who it was')
    for (const [argv, input] of [
      [['docker', 'import', '-', `${registry}/team/hello:1`], image()],
      [['docker', 'push', `${registry}/team/hello:1`], ''],
      [['docker', 'rmi', `${registry}/team/hello:1`], ''],
    ] as const) {
      const { code, stdout, stderr } = await host.run(argv, { input })
      assert.equal(code, 0, `${argv.join(' ')}: ${stdout}${stderr}`)
    }

    const builds = await runJson(host, ['diagnose', registry])
    assert.match(untrusted(builds)?.message ?? '', /^docker build and buildx fetch tokens from auth\.corp/)
    // BuildKit of 20.10 knows only the directories that were there when the daemon started.
    await host.stopDocker()
    await host.startDocker()
    await host.write('/root/build/Dockerfile', `FROM ${registry}/team/hello:1\n`)
    const build = ['docker', 'build', '--progress=plain', '/root/build']
    const { code, stderr } = await host.run(build, { env: { DOCKER_BUILDKIT: '1' } })
    assert.notEqual(code, 0, stderr)
    assert.match(
      stderr,
      /failed to (?:authorize|fetch \w+ token).*auth\.corp.*x509: certificate signed by unknown authority/,
    )

    const system = [registry, '--ca', '/root/token-ca.pem', '--scope', 'system', '--yes', '--no-login']
    const stored = await runJson(host, system)
    assert.equal(stored.code, 0, stored.stdout)
    assert.equal(untrusted(await runJson(host, ['diagnose', registry])), undefined)
    assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
    assert.deepEqual(await host.snapshot(places), before)
  })
})
