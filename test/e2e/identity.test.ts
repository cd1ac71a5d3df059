import assert from 'node:assert/strict'
import { join } from 'node:path'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import { createCa, selfSigned, type CertificateAuthority } from '../../fixtures/pki.ts'
import { credentials, dockerLogin, runJson, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'

describe('identity', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let other: CertificateAuthority
  let server: Server
  let impostor: Server

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    other = await createCa({ name: 'Other Root CA' })
    server = await scene.lab.server('registry')
    impostor = await scene.lab.server('impostor')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    await impostor.dockerRegistry({
      port: 5000,
      chain: [await other.issue({ names: ['reg.corp'] }), other],
      users,
    })
  })

  async function freshHost(address: string): Promise<Host> {
    const host = await scene.lab.host('client', { hosts: { 'reg.corp': address } })
    await host.write('/root/ca.pem', root.pem)
    await host.write('/root/other.pem', other.pem)
    return host
  }

  it('a --ca file that does not anchor the chain: exit 5, listing both sides', async () => {
    const host = await freshHost(server.address)
    const before = await host.snapshot(watched)
    const run = await runJson(host, [registry, '--ca', '/root/other.pem'])
    assert.equal(run.code, 5)
    assert.match(run.registry.error?.seen ?? '', /reg\.corp[\s\S]*in the file: "Other Root CA"/)
    assert.deepEqual(await host.snapshot(watched), before)
  })

  it('another identity than the one on record: exit 5 and no password, even where Docker trusts it by now', async () => {
    const host = await freshHost(server.address)
    assert.equal((await runJson(host, [registry, '--ca', '/root/ca.pem'])).code, 0)
    const hosts = (await host.read('/etc/hosts')).replaceAll(server.address, impostor.address)
    await host.write('/etc/hosts', hosts)
    const changed = await runJson(host, [registry])
    assert.equal(changed.code, 5)
    assert.match(changed.registry.error?.message ?? '', /another identity than the one accepted/)

    await host.installSystemCa(other.pem)
    await host.stopDocker()
    await host.startDocker()
    assert.equal((await dockerLogin(host, registry)).code, 0, 'Docker trusts the other one')
    const login = await runJson(host, [registry, ...credentials], { input: users.testuser })
    assert.equal(login.code, 5)
    assert.equal(login.registry.login, undefined)
    const accepted = await runJson(host, [registry, '--ca', '/root/other.pem'])
    assert.equal(accepted.code, 0, accepted.stdout)
  })

  it('what was accepted is put back without the file when somebody took it away', async () => {
    const host = await freshHost(server.address)
    const first = await runJson(host, [registry, '--ca', '/root/ca.pem'])
    const path = first.registry.changes[0]?.path ?? ''
    await host.run(['rm', '/root/ca.pem', path])
    const again = await runJson(host, [registry])
    assert.equal(again.code, 0, again.stdout)
    assert.equal(again.registry.identity?.how, 'recorded')
    assert.equal(await host.read(path), root.pem)
  })

  it('--offline holds a pin against the file, and takes no certificate that a CA issued', async () => {
    const host = await freshHost(server.address)
    const leaf = await root.issue({ names: ['reg.corp'] })
    await host.write('/root/leaf.pem', leaf.pem)
    const before = await host.snapshot([...watched, '/var/lib/trust-registry'])
    const offline = [registry, '--offline']
    const wrong = await runJson(host, [...offline, '--ca', '/root/ca.pem', '--fingerprint', other.sha256])
    assert.equal(wrong.code, 5)
    assert.equal((await runJson(host, [...offline, '--ca', '/root/leaf.pem'])).code, 2)
    assert.deepEqual(await host.snapshot([...watched, '/var/lib/trust-registry']), before)
    const alone = await selfSigned({ names: ['reg.corp'], isCA: false })
    await host.write('/root/alone.pem', alone.pem)
    const prepared = await runJson(host, [...offline, '--ca', '/root/alone.pem'])
    assert.equal(prepared.code, 0)
    assert.equal(await host.read(prepared.registry.changes[0]?.path ?? ''), alone.pem)
  })

  it('--trust-on-first-use takes what is presented, and says so', async () => {
    const host = await freshHost(impostor.address)
    const run = await runJson(host, [registry, '--trust-on-first-use'])
    assert.equal(run.code, 0, run.stdout)
    assert.deepEqual(run.registry.identity, {
      how: 'first-use',
      sha256: other.sha256,
      subject: 'CN=Other Root CA',
    })
  })

  it('a state directory of its own is named in the line that takes it back', async () => {
    const host = await freshHost(server.address)
    const run = await host.product([registry, '--ca', '/root/ca.pem', '--state-dir', '/var/lib/tr'])
    assert.match(run.stdout, /trust-registry undo reg\.corp:5000 --state-dir \/var\/lib\/tr\n/)
    const undone = await runJson(host, ['undo', registry, '--state-dir', '/var/lib/tr', '--yes'])
    assert.equal(undone.document.changed, true)
  })

  it('a rotation is prepared: the next CA of the file goes in while the old one serves, and serves after the switch', async () => {
    const host = await freshHost(server.address)
    assert.equal((await runJson(host, [registry, '--ca', '/root/ca.pem'])).code, 0)
    await host.write('/root/both.pem', root.pem + other.pem)
    const check = await runJson(host, [registry, '--ca', '/root/both.pem', '--check'])
    assert.equal(check.code, 3)
    const prepared = await runJson(host, [registry, '--ca', '/root/both.pem'])
    assert.equal(prepared.code, 0, prepared.stdout)
    assert.equal(prepared.registry.changes.filter((change) => change.state === 'written').length, 1)
    assert.equal((await runJson(host, [registry, '--ca', '/root/both.pem', '--check'])).code, 0)
    assert.equal((await dockerLogin(host, registry)).code, 0)
    const next = (await host.read('/etc/hosts')).replaceAll(server.address, impostor.address)
    await host.write('/etc/hosts', next)
    assert.equal((await runJson(host, [registry])).code, 5, 'the old one is on record')
    assert.equal((await runJson(host, [registry, '--ca', '/root/both.pem'])).code, 0)
    assert.equal((await runJson(host, [registry])).code, 0, 'the new one is on record now')
  })

  it('a pin of the root that is not sent: the answer is the file beside it', async () => {
    const host = await freshHost(server.address)
    const alone = await runJson(host, [registry, '--fingerprint', root.sha256])
    assert.equal(alone.code, 5)
    assert.match(alone.registry.error?.message ?? '', /its root is not sent/)
    assert.match(alone.registry.error?.fix ?? '', /--ca CA\.pem --fingerprint/)
    const both = await runJson(host, [registry, '--fingerprint', root.sha256, '--ca', '/root/ca.pem'])
    assert.equal(both.code, 0, both.stdout)
  })

  it('a report that cannot be written says so, and the exit code tells what was done', async () => {
    const host = await freshHost(server.address)
    const program = `${process.execPath} ${join(repository, 'bin/run.js')}`
    const run = await host.run(['sh', '-c', `${program} ${registry} --ca /root/ca.pem > /dev/full`])
    assert.equal(run.code, 0, run.stderr)
    assert.match(run.stderr, /^trust-registry: the report cannot be written: [^\n]*\n$/)
  })

  it('a state directory that others can write to is refused', async () => {
    const host = await freshHost(server.address)
    await host.run(['install', '-d', '-o', 'nobody', '/var/lib/theirs'])
    const run = await runJson(host, [registry, '--ca', '/root/ca.pem', '--state-dir', '/var/lib/theirs'])
    assert.equal(run.code, 4)
    assert.match(run.registry.error?.message ?? '', /not ours alone/)
  })
})
