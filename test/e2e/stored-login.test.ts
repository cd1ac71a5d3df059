import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import type { HostOptions } from '../../fixtures/lab/lab.ts'
import { image } from '../../fixtures/lab/image.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { credentials, runJson, users, withLab, type JsonRun } from './scene.ts'

const registry = 'reg.corp:5000'
const trust = [registry, '--ca', '/root/ca.pem'] as const
const config = '/root/.docker/config.json'
const auths = (password: string): string => {
  const auth = Buffer.from(`testuser:${password}`).toString('base64')
  return JSON.stringify({ auths: { [registry]: { auth } } })
}
const records = '/var/lib/trust-registry/records.json'

describe('logins that are there already, and those that do not stay', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    const chain = [await root.issue({ names: ['reg.corp'] })]
    for (const port of [5000, 5001]) await server.dockerRegistry({ port, chain, users })
    hosts = { 'reg.corp': server.address }
  })

  const freshHost = async (options: HostOptions = {}): Promise<Host> => {
    const host = await scene.lab.host('client', { hosts, ...options })
    await host.write('/root/ca.pem', root.pem)
    return host
  }
  /** What is said of logins; builds have warnings of their own. */
  const warnings = (run: JsonRun): readonly string[] =>
    run.registry.findings
      .filter(({ severity, code }) => severity === 'warning' && code !== 'restart-needed')
      .map(({ code }) => code)
  /** The rename of the records is the moment at which a change holds: nothing can be renamed over a mount. */
  const failsToCommit = async (host: Host): Promise<void> => {
    const { code, stderr } = await host.run(['mount', '--bind', records, records])
    assert.equal(code, 0, stderr)
  }

  it('one that works is the proof, with a word on how it is kept; one that does not, or cannot be read, is a warning', async () => {
    const host = await freshHost()
    await host.write(config, auths(users.testuser), 0o600)
    const good = await runJson(host, trust)
    assert.equal(good.code, 0, good.stdout)
    assert.deepEqual([good.registry.login?.attempted, good.registry.login?.ok], [true, true])
    assert.equal(good.registry.login?.message, `the login of ${config} works, and lets docker in`)
    const plain = good.registry.findings.find(({ code }) => code === 'credentials-unencrypted')
    assert.match(plain?.fix ?? '', /^docker logout reg\.corp:5000$/m)
    assert.equal(await host.read(config), auths(users.testuser))
    assert.equal((await runJson(host, [...trust, '--no-login'])).registry.login, undefined)

    const variable = { env: { DOCKER_AUTH_CONFIG: auths('stale') } }
    const stale = await runJson(host, trust, variable)
    assert.equal(stale.code, 0, stale.stdout)
    assert.deepEqual([stale.registry.login?.attempted, stale.registry.login?.ok], [true, false])
    assert.match(stale.registry.login?.message ?? '', /^the login of DOCKER_AUTH_CONFIG: unauthorized: /)
    assert.deepEqual(warnings(stale), ['login-refused'])
    const text = await host.product(trust, variable)
    assert.match(text.stdout, /trusts it, but no stored login is known to work/)

    const broken = auths(users.testuser).slice(0, -1)
    await host.write(config, broken, 0o600)
    const damaged = await runJson(host, trust)
    assert.deepEqual([damaged.code, warnings(damaged)], [0, ['config-damaged']], damaged.stdout)
    assert.equal(await host.read(config), broken)
    await host.write(config, '{"credsStore":"lab"}', 0o600)
    await host.write('/usr/local/bin/docker-credential-lab', '#!/bin/sh\necho locked; exit 1\n', 0o755)
    assert.deepEqual(warnings(await runJson(host, trust)), ['credential-helper-failed'])
    const asked = await runJson(host, [...trust, ...credentials], { input: users.testuser })
    assert.deepEqual([asked.code, asked.registry.login?.ok], [10, false], asked.stdout)
  })

  it('none stays behind where the change fails in the end', async () => {
    const host = await freshHost()
    assert.equal((await runJson(host, ['reg.corp:5001', '--ca', '/root/ca.pem'])).code, 0)
    await failsToCommit(host)
    const run = await runJson(host, [...trust, ...credentials], { input: users.testuser })
    assert.equal(run.code, 8, run.stdout)
    assert.equal(await host.exists(config), false)
    const before = '{\n\t"auths": {\n\t\t"other.corp": {\n\t\t\t"auth": "eDp5"\n\t\t}\n\t}\n}\n'
    await host.write(config, before, 0o600)
    assert.equal((await runJson(host, [...trust, ...credentials], { input: users.testuser })).code, 8)
    assert.equal(await host.read(config), before)
  })

  it("podman's own: stored by podman, used by it, tried as the proof, put back where the change fails", async () => {
    const host = await freshHost({ podman: true, withoutDocker: true })
    const getLogin = (name: string): Promise<string> =>
      host.run(['podman', 'login', '--get-login', name]).then(({ stdout, stderr }) => stdout + stderr)
    const run = await runJson(host, [...trust, ...credentials], { input: users.testuser })
    assert.equal(run.code, 0, run.stdout)
    const plain = run.registry.findings.find(({ code }) => code === 'credentials-unencrypted')
    assert.match(plain?.message ?? '', /stands in \/run\/containers\/0\/auth\.json as base64/)
    assert.match(plain?.fix ?? '', /^podman logout reg\.corp:5000$/m)
    const name = `${registry}/team/hello:1`
    for (const [argv, input] of [
      [['podman', 'import', '-', name], image()],
      [['podman', 'push', name], ''],
      [['podman', 'rmi', name], ''],
      [['podman', 'pull', name], ''],
    ] as const) {
      const { code, stderr } = await host.run(argv, { input })
      assert.equal(code, 0, `${argv.join(' ')}: ${stderr}`)
    }
    const again = await runJson(host, trust)
    assert.equal(
      again.registry.login?.message,
      'the login of /run/containers/0/auth.json works, and lets podman in',
    )

    const elsewhere = { REGISTRY_AUTH_FILE: '/root/auth/own.json' }
    const own = await runJson(host, [...trust, ...credentials], { input: users.testuser, env: elsewhere })
    assert.match(own.registry.login?.message ?? '', /Stored in \/root\/auth\/own\.json$/)
    const found = await runJson(host, trust, { env: elsewhere })
    assert.equal(found.registry.login?.message, 'the login of /root/auth/own.json works, and lets podman in')

    await failsToCommit(host)
    const second = ['reg.corp:5001', '--ca', '/root/ca.pem', ...credentials]
    const failed = await runJson(host, second, { input: users.testuser })
    assert.equal(failed.code, 8, failed.stdout)
    assert.match(await getLogin('reg.corp:5001'), /not logged into reg\.corp:5001/)
    assert.match(await getLogin(registry), /^testuser$/m)
    const fresh = await runJson(host, second, {
      input: users.testuser,
      env: { REGISTRY_AUTH_FILE: '/root/new.json' },
    })
    assert.equal(fresh.code, 8)
    assert.equal(await host.exists('/root/new.json'), false)
    await host.write('/root/old.json', '{"auths":{"reg.corp:5001":{"auth":"b2xkOm9sZA=="}}}', 0o600)
    await runJson(host, second, { input: users.testuser, env: { REGISTRY_AUTH_FILE: '/root/old.json' } })
    const kept = JSON.parse(await host.read('/root/old.json')) as unknown
    assert.deepEqual(kept, { auths: { 'reg.corp:5001': { auth: 'b2xkOm9sZA==' } } })
  })
})
