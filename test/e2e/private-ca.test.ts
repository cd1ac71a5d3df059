import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import { image } from '../../fixtures/lab/image.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { screenRows } from '../../src/report/layout.ts'
import {
  codes,
  consumer,
  credentials,
  daemonMessage,
  dockerLogin,
  runJson,
  users,
  watched,
  withLab,
} from './scene.ts'

const registry = 'reg.corp:5000'

describe('a private CA whose root is not sent', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const issuing = await root.intermediate({ name: 'Corp Issuing CA' })
    const server = await scene.lab.server('registry')
    const chain = [await issuing.issue({ names: ['reg.corp'] }), issuing]
    await server.dockerRegistry({ port: 5000, chain, users })
    await server.nginx({ port: 443, chain, users })
    hosts = { 'reg.corp': server.address }
  })

  async function freshHost(): Promise<Host> {
    const host = await scene.lab.host('client', { hosts })
    await host.write('/root/ca.pem', root.pem)
    return host
  }

  async function does(host: Host, argv: readonly string[], input?: Buffer): Promise<void> {
    const { code, stderr } = await host.run(argv, input ? { input } : {})
    assert.equal(code, 0, `${argv.join(' ')}: ${stderr}`)
  }

  it('is predicted to the letter, trusted without a restart, used, and undone to the byte', async () => {
    const host = await freshHost()
    const before = await host.snapshot(watched)
    const daemon = host.dockerPid()

    const refused = await dockerLogin(host, registry)
    assert.equal(refused.code, 1)
    const seen = await runJson(host, ['diagnose', registry])
    assert.equal(seen.code, 1)
    assert.deepEqual(codes(seen.registry), ['unknown-authority'])
    assert.equal(consumer(seen.registry, 'docker').predictedError, daemonMessage(refused))
    assert.equal(consumer(seen.registry, 'docker').observedError, daemonMessage(refused))
    assert.deepEqual(await host.snapshot(watched), before, 'diagnose changes nothing')

    const trust = [registry, '--ca', '/root/ca.pem', '--fingerprint', `SHA256:${root.sha256}`, ...credentials]
    const trusted = await runJson(host, trust, { input: users.testuser })
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal(trusted.registry.verified, true)
    assert.equal(trusted.registry.changed, true)
    assert.equal(trusted.registry.identity?.how, 'pin')
    assert.equal(trusted.registry.login?.ok, true)

    assert.equal((await dockerLogin(host, registry)).code, 0)
    const name = `${registry}/team/hello:1`
    await does(host, ['docker', 'import', '-', name], image())
    await does(host, ['docker', 'push', name])
    await does(host, ['docker', 'rmi', name])
    await does(host, ['docker', 'pull', name])
    assert.deepEqual(host.dockerPid(), daemon, 'the daemon is the same process')

    const undone = await runJson(host, ['undo', registry, '--yes'])
    assert.equal(undone.code, 0, undone.stdout)
    assert.deepEqual(await host.snapshot(watched), before)
    assert.equal(daemonMessage(await dockerLogin(host, registry)), daemonMessage(refused))
  })

  it('the login alone is what docker needs afterwards: pull works with the stored credentials', async () => {
    const host = await freshHost()
    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem', ...credentials], {
      input: users.testuser,
    })
    assert.equal(trusted.code, 0, trusted.stdout)
    const name = `${registry}/team/stored:1`
    await does(host, ['docker', 'import', '-', name], image('stored\n'))
    await does(host, ['docker', 'push', name])
    const config = JSON.parse(await host.read('/root/.docker/config.json')) as {
      auths: Record<string, { auth: string }>
    }
    assert.equal(
      Buffer.from(config.auths[registry]?.auth ?? '', 'base64').toString(),
      'testuser:testpassword',
    )
  })

  it('on port 443 both names of the registry work: with the port and without', async () => {
    const host = await freshHost()
    const trusted = await runJson(host, ['reg.corp', '--ca', '/root/ca.pem'])
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal((await dockerLogin(host, 'reg.corp')).code, 0)
    assert.equal((await dockerLogin(host, 'reg.corp:443')).code, 0)
    assert.equal((await runJson(host, ['undo', 'reg.corp', '--yes'])).code, 0)
    assert.equal((await dockerLogin(host, 'reg.corp:443')).code, 1)
  })

  it('a person reads who must act and what to type, in 24 lines', async () => {
    const host = await freshHost()
    const { stdout, code } = await host.product(['diagnose', registry])
    assert.equal(code, 1)
    const rows = stdout
      .trimEnd()
      .split('\n')
      .reduce((sum, line) => sum + screenRows(line, 80), 0)
    assert.ok(rows <= 24, `${rows} rows\n${stdout}`)
    assert.match(stdout, /✗ docker does not trust it/)
    assert.match(stdout, /who acts: this machine/)
    assert.match(stdout, /trust-registry reg\.corp:5000 --ca CA\.pem/)
  })

  it('a second run changes nothing; --check says before that a change is pending; a wrong pin stops', async () => {
    const host = await freshHost()
    const before = await host.snapshot(watched)
    const check = await runJson(host, [registry, '--ca', '/root/ca.pem', '--check'])
    assert.equal(check.code, 3)
    assert.equal(check.registry.plan.length, 1)
    assert.deepEqual(await host.snapshot(watched), before)

    const wrong = await runJson(host, [registry, '--ca', '/root/ca.pem', '--fingerprint', 'A'.repeat(64)])
    assert.equal(wrong.code, 5)
    assert.deepEqual(await host.snapshot(watched), before)

    assert.equal((await runJson(host, [registry, '--ca', '/root/ca.pem'])).code, 0)
    const after = await host.snapshot([...watched, '/var/lib/trust-registry'])
    const second = await runJson(host, [registry, '--ca', '/root/ca.pem'])
    assert.equal(second.code, 0)
    assert.equal(second.document.changed, false)
    assert.equal((await runJson(host, [registry, '--ca', '/root/ca.pem', '--check'])).code, 0)
    assert.deepEqual(await host.snapshot([...watched, '/var/lib/trust-registry']), after)
  })

  it('without a pin, off a terminal, it refuses and gives the line to add', async () => {
    const host = await freshHost()
    const before = await host.snapshot(watched)
    const refused = await runJson(host, [registry])
    assert.equal(refused.code, 4)
    assert.match(refused.registry.error?.fix ?? '', /--fingerprint SHA256:[0-9A-F]{64}/)
    assert.deepEqual(await host.snapshot(watched), before)
  })

  it('status tells what holds and what has drifted; trust puts a mode back; undo keeps and names what somebody changed', async () => {
    const host = await freshHost()
    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem'])
    const path = trusted.registry.changes[0]?.path ?? ''
    const holds = await host.product(['status', '--json'])
    assert.equal(holds.code, 0)
    assert.match(holds.stdout, /"holds": true/)
    await does(host, ['chmod', '600', path])
    const drifted = await host.product(['status'])
    assert.deepEqual([drifted.code, drifted.stdout.includes('its mode is 600')], [1, true], drifted.stdout)
    assert.equal((await runJson(host, [registry, '--check'])).code, 3)
    const mended = await runJson(host, [registry])
    assert.deepEqual([mended.code, mended.registry.changed], [0, true], mended.stdout)
    assert.equal((await host.product(['status'])).code, 0)
    await host.write(path, `${root.pem}# mine\n`)
    assert.equal((await host.product(['status'])).code, 1)
    const undone = await runJson(host, ['undo', registry, '--yes'])
    assert.equal(undone.code, 9)
    assert.equal(undone.registry.changes[0]?.state, 'kept')
    assert.ok(await host.exists(path))
  })
})
