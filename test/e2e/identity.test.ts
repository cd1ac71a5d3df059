import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import type { RunResult } from '../../fixtures/lab/run.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import { createCa, selfSigned, type CertificateAuthority } from '../../fixtures/pki.ts'
import { credentials, dockerLogin, runJson, users, watched, withLab, type JsonRun } from './scene.ts'

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
    assert.match(
      run.registry.error?.seen ?? '',
      /reg\.corp[\s\S]*in the file: [0-9A-F:]{95} {2}"Other Root CA"/,
    )
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
    for (const command of [['status'], ['undo', registry, '--yes']]) {
      const mistyped = await host.product([...command, '--state-dir', '/var/lib/rt'])
      assert.equal(mistyped.code, 2, 'silence would be taken for an answer')
      assert.match(mistyped.stderr, /there is no \/var\/lib\/rt on this machine/)
    }
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

  /** The address behind the name: from now on somebody else answers. */
  async function switchTo(host: Host, to: Server, from: Server): Promise<void> {
    await host.write('/etc/hosts', (await host.read('/etc/hosts')).replaceAll(from.address, to.address))
  }

  it('a new CA without a new pin: exit 5; with it both anchors work until --prune, which wants a word of its own', async () => {
    const host = await freshHost(server.address)
    const pinned = (ca: CertificateAuthority): string[] => [
      registry,
      '--ca',
      `/root/${ca === root ? 'ca' : 'other'}.pem`,
      '--fingerprint',
      ca.sha256,
    ]
    const old = await runJson(host, pinned(root))
    assert.equal(old.code, 0)
    const oldFile = old.registry.changes[0]?.path ?? ''
    await switchTo(host, impostor, server)
    const before = await host.snapshot([...watched, '/var/lib/trust-registry'])
    assert.equal((await runJson(host, [registry])).code, 5)
    assert.equal((await runJson(host, [registry, '--trust-on-first-use', '--yes'])).code, 5)
    assert.equal((await runJson(host, pinned(root))).code, 5)
    const look = await runJson(host, ['diagnose', registry])
    assert.ok(
      look.registry.findings.some(({ code }) => code === 'identity-changed'),
      look.stdout,
    )
    assert.deepEqual(await host.snapshot([...watched, '/var/lib/trust-registry']), before)

    const moved = await runJson(host, pinned(other))
    assert.equal(moved.code, 0, moved.stdout)
    const withNew = await dockerLogin(host, registry)
    assert.equal(withNew.code, 0, `the new anchor works: ${withNew.stderr}`)
    await switchTo(host, server, impostor)
    const withOld = await eventually(() => dockerLogin(host, registry))
    assert.equal(withOld.code, 0, `the old anchor works: ${withOld.stderr}`)
    assert.equal((await runJson(host, [registry])).code, 5, 'and is no identity any more')
    await switchTo(host, impostor, server)

    const status = await host.product(['status'])
    assert.match(status.stdout, /superseded/)
    assert.match(status.stdout, /trust-registry reg\.corp:5000 --prune/)
    const planned = await runJson(host, [registry, '--prune', '--check'])
    assert.equal(planned.code, 3)
    assert.deepEqual(
      planned.registry.plan.map(({ action, target }) => [action, target]),
      [['remove', oldFile]],
    )
    assert.equal((await runJson(host, [registry, '--prune'])).code, 4, 'off a terminal it needs --yes')
    // Until Go reads /etc/hosts again, Docker's word is about the old server: the change is taken back then (exit 8).
    const pruned = await eventually(() => runJson(host, [registry, '--prune', '--yes']))
    assert.equal(pruned.code, 0, pruned.stdout)
    assert.equal(pruned.registry.verified, true)
    assert.equal(await host.exists(oldFile), false)
    assert.doesNotMatch((await host.product(['status'])).stdout, /superseded/)
    assert.equal((await runJson(host, [registry, '--prune', '--yes'])).document.changed, false)
    await switchTo(host, server, impostor)
    assert.equal((await eventually(() => dockerLogin(host, registry), 1)).code, 1, 'the old anchor is gone')
    await switchTo(host, impostor, server)
    assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
    assert.equal(await host.exists('/etc/docker/certs.d'), false)
  })

  it('a pin goes in even while Docker still speaks of the server before', async () => {
    const host = await freshHost(server.address)
    assert.equal((await runJson(host, [registry, '--ca', '/root/ca.pem'])).code, 0)
    // Go reads /etc/hosts again after five seconds: until then Docker's word is about the old server.
    assert.equal((await dockerLogin(host, registry)).code, 0)
    await switchTo(host, impostor, server)
    const moved = await runJson(host, [registry, '--ca', '/root/other.pem', '--fingerprint', other.sha256])
    assert.equal(moved.code, 0, moved.stdout)
    const [written] = moved.registry.changes.filter(({ state }) => state === 'written')
    assert.ok(written, moved.stdout)
    assert.equal(await host.read(written.path), other.pem)
  })

  it('--prune leaves what another registry needs, what somebody placed, and what was changed since', async () => {
    const host = await freshHost(server.address)
    const both = [registry, 'reg.corp:443']
    await host.write('/etc/docker/certs.d/reg.corp:5000/mine.crt', root.pem)
    for (const name of both)
      assert.equal((await runJson(host, [name, '--offline', '--ca', '/root/ca.pem'])).code, 0)
    const files = (await host.run(['find', '/etc/docker/certs.d', '-name', 'trust-registry-*'])).stdout
    await switchTo(host, impostor, server)
    const moved = await runJson(host, [registry, '--ca', '/root/other.pem'])
    assert.equal(moved.code, 0, moved.stdout)
    const old = files.split('\n').find((file) => file.includes(registry)) ?? ''
    await host.write(old, `${root.pem}# changed`)
    const kept = await runJson(host, [registry, '--prune', '--yes'])
    assert.equal(kept.code, 9, kept.stdout)
    assert.deepEqual(
      kept.registry.changes.filter(({ state }) => state === 'kept').map(({ path }) => path),
      [old],
    )
    assert.equal(await host.read('/etc/docker/certs.d/reg.corp:5000/mine.crt'), root.pem)
    const others = files.split('\n').filter((file) => file.includes('reg.corp:443'))
    assert.ok(others.length > 0)
    for (const file of others) assert.equal(await host.read(file), root.pem)
  })

  it('--offline does not replace what is on record without a pin', async () => {
    const host = await freshHost(server.address)
    const offline = (...more: string[]): Promise<JsonRun> => runJson(host, [registry, '--offline', ...more])
    assert.equal((await offline('--ca', '/root/ca.pem')).code, 0)
    const before = await host.snapshot([...watched, '/var/lib/trust-registry'])
    const silent = await offline('--ca', '/root/other.pem', '--yes')
    assert.equal(silent.code, 5)
    assert.match(silent.registry.error?.fix ?? '', /--fingerprint SHA256:[0-9A-F]{64}/)
    assert.deepEqual(await host.snapshot([...watched, '/var/lib/trust-registry']), before)
    await host.write('/root/both.pem', other.pem + root.pem)
    const beside = await offline('--ca', '/root/both.pem')
    assert.equal(beside.code, 0)
    assert.deepEqual(
      [beside.registry.identity?.how, beside.registry.identity?.sha256],
      ['recorded', root.sha256],
    )
    const pinned = await offline('--ca', '/root/other.pem', '--fingerprint', other.sha256)
    assert.equal(pinned.code, 0)
    assert.match((await host.product(['status'])).stdout, /superseded/)
    assert.equal((await host.product([registry, '--offline', '--ca', '/root/ca.pem', '--prune'])).code, 2)
  })

  it('--check says 3 where a file of ours is gone, even if Docker does not mind', async () => {
    const host = await freshHost(server.address)
    const first = await runJson(host, [registry, '--ca', '/root/ca.pem'])
    const file = first.registry.changes[0]?.path ?? ''
    await host.run(['mv', file, '/etc/docker/certs.d/reg.corp:5000/renamed.crt'])
    assert.equal((await dockerLogin(host, registry)).code, 0)
    assert.equal((await host.product(['status'])).code, 1)
    assert.equal((await runJson(host, [registry, '--check'])).code, 3)
    assert.equal((await runJson(host, [registry])).code, 0)
    assert.equal((await host.product(['status'])).code, 0)
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

/** Go keeps /etc/hosts for up to five seconds. */
async function eventually<Result extends RunResult>(work: () => Promise<Result>, code = 0): Promise<Result> {
  const until = Date.now() + 7000
  for (;;) {
    const result = await work()
    if (result.code === code || Date.now() > until) return result
    await sleep(250)
  }
}
