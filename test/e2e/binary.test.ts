import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import type { RunOptions, RunResult } from '../../fixtures/lab/run.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import type { ResultDocument } from '../../src/report/document.ts'
import { codes, credentials, daemonMessage, dockerLogin, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const binary = '/usr/local/bin/trust-registry'
const toAlice = ['setpriv', '--reuid=1001', '--regid=1001', '--init-groups'] as const

describe('the single executable, on a host without Node', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let host: Host

  before('build it', () => {
    execFileSync(process.execPath, [join(repository, 'scripts/build-binary.js')], { stdio: 'ignore' })
  })

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const issuing = await root.intermediate({ name: 'Corp Issuing CA' })
    const server = await scene.lab.server('registry')
    const chain = [await issuing.issue({ names: ['reg.corp'] }), issuing]
    await server.dockerRegistry({ port: 5000, chain, users })
    host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address } })
    await host.write('/root/ca.pem', root.pem)
    const copied = await host.run(['cp', join(repository, 'build/trust-registry'), binary])
    assert.equal(copied.code, 0, copied.stderr)
  })

  /** The host's own Node steps aside meanwhile: the lab needs it for its snapshots. */
  async function run(
    args: readonly string[],
    options: RunOptions = {},
    as: readonly string[] = [],
  ): Promise<RunResult> {
    const aside = `node=$1; shift
      mv "$node" "$node.aside"; trap 'mv "$node.aside" "$node"' EXIT
      if command -v node nodejs; then exit 99; fi
      "$@"`
    return host.run(['sh', '-c', aside, 'run', process.execPath, ...as, binary, ...args], options)
  }

  async function json(args: readonly string[], options: RunOptions = {}) {
    const result = await run([...args, '--json'], options)
    const document = JSON.parse(result.stdout) as ResultDocument
    assert.equal(result.code, document.exitCode)
    return { ...result, document, registry: document.registries[0] }
  }

  it('says version and help', async () => {
    const version = await run(['--version'])
    assert.deepEqual([version.code, version.stdout], [0, 'trust-registry 0.1.0\n'], version.stderr)
    assert.equal(version.stderr, '')
    assert.match((await run(['trust', '--help'])).stdout, /--fingerprint/)
  })

  it('does the whole job: diagnose, trust with proof and login, status, undo to the byte', async () => {
    const before = await host.snapshot(watched)
    const daemon = host.dockerPid()
    const refused = await dockerLogin(host, registry)
    assert.equal(refused.code, 1)

    const seen = await json(['diagnose', registry])
    assert.equal(seen.code, 1, seen.stdout)
    assert.ok(seen.registry)
    assert.deepEqual(codes(seen.registry), ['unknown-authority'])
    assert.equal(seen.registry.consumers[0]?.observedError, daemonMessage(refused))

    const pin = `SHA256:${root.sha256}`
    const trust = [registry, '--ca', '/root/ca.pem', '--fingerprint', pin, ...credentials]
    const trusted = await json(trust, { input: users.testuser })
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal(trusted.registry?.verified, true)
    assert.equal(trusted.registry.login?.ok, true)
    assert.equal((await dockerLogin(host, registry)).code, 0)
    assert.deepEqual(host.dockerPid(), daemon, 'the daemon is the same process')

    const status = await run(['status', '--json'])
    assert.equal(status.code, 0, status.stdout)
    assert.match(status.stdout, /"holds": true/)

    const undone = await json(['undo', registry, '--yes'])
    assert.equal(undone.code, 0, undone.stdout)
    assert.deepEqual(await host.snapshot(watched), before)
    assert.equal(daemonMessage(await dockerLogin(host, registry)), daemonMessage(refused))
  })

  it('crosses to root through sudo as the file that it is, and back', async () => {
    assert.equal((await host.run(['useradd', '--create-home', '--uid', '1001', 'alice'])).code, 0)
    await host.write('/home/alice/ca.pem', root.pem)
    // Nothing else may be run: had it taken itself for a script, sudo would refuse.
    await host.write('/etc/sudoers.d/alice', `alice ALL=(root) NOPASSWD: ${binary} __apply\n`, 0o440)
    const before = await host.snapshot(watched)
    const env = { HOME: '/home/alice', USER: 'alice' }
    const trusted = await run([registry, '--ca', '/home/alice/ca.pem', '--json'], { env }, toAlice)
    assert.equal(trusted.code, 0, trusted.stdout + trusted.stderr)
    assert.equal((await dockerLogin(host, registry)).code, 0)
    await host.run(['docker', 'logout', registry])
    const owner = await host.run(['stat', '-c', '%U', `/etc/docker/certs.d/${registry}`])
    assert.equal(owner.stdout, 'root\n')
    const undone = await run(['undo', registry, '--yes'], { env }, toAlice)
    assert.equal(undone.code, 0, undone.stdout + undone.stderr)
    assert.deepEqual(await host.snapshot(watched), before)
  })

  it('tells the whole story by itself', async () => {
    const { code, stdout } = await run(['demo'])
    assert.equal(code, 0, stdout)
    assert.match(stdout, /All of it went as it should/)
  })
})
