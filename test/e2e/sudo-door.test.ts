import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import type { RunOptions, RunResult } from '../../fixtures/lab/run.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import type { RegistryDocument, ResultDocument } from '../../src/report/document.ts'
import { codes, dockerLogin, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const argv = [process.execPath, join(repository, 'bin/run.js')] as const
const toAlice = ['setpriv', '--reuid=1001', '--regid=1001', '--init-groups'] as const

/** In the place of the daemon: whoever asks waits until there is a file. */
const gate = `
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
mkdirSync('/tmp/gate', { recursive: true })
createServer((socket) => {
  socket.on('error', () => undefined)
  writeFileSync('/tmp/gate/asked', '')
  const timer = setInterval(() => {
    if (!existsSync('/tmp/gate/open')) return
    clearInterval(timer)
    socket.destroy()
  }, 20)
}).listen('/var/run/docker.sock', () => writeFileSync('/tmp/gate/listens', ''))
`

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    assert.ok(tries < 400, 'it has not come to pass')
    await sleep(25)
  }
}

describe('what crosses to root with the order of a user', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let other: CertificateAuthority
  let server: Server

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    other = await createCa({ name: 'Other Root CA' })
    server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
  })

  async function freshHost(more: Parameters<typeof scene.lab.host>[1] = {}): Promise<Host> {
    const host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address }, ...more })
    assert.equal((await host.run(['useradd', '--create-home', '--uid', '1001', 'alice'])).code, 0)
    await host.write('/home/alice/ca.pem', root.pem)
    await host.write('/etc/sudoers.d/alice', `alice ALL=(root) NOPASSWD: ${argv.join(' ')} __apply\n`, 0o440)
    return host
  }

  function asAlice(host: Host, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const env = { HOME: '/home/alice', USER: 'alice', ...options.env }
    return host.run([...toAlice, ...argv, ...args], { ...options, env })
  }

  async function json(host: Host, args: readonly string[], expected: number): Promise<RegistryDocument> {
    const { code, stdout, stderr } = await asAlice(host, [...args, '--json'])
    assert.equal(code, expected, stdout + stderr)
    return (JSON.parse(stdout) as ResultDocument).registries[0] ?? assert.fail(stdout)
  }

  const plain = [registry, '--ca', '/home/alice/ca.pem'] as const
  const system = [...plain, '--scope', 'system', '--yes'] as const
  const stores = [...watched, '/var/lib/ca-certificates'] as const

  it('the OS store, its restart, and the way back: one who may not ask the daemon agrees to what root may find', async () => {
    const host = await freshHost()
    await host.run(['update-ca-certificates', '--fresh'])
    assert.equal((await dockerLogin(host, registry)).code, 1)
    const before = await host.snapshot(stores)
    const asked = await json(host, [...plain, '--scope', 'system'], 4)
    assert.match(
      asked.error?.seen ?? '',
      /^restart docker \(.*which containers this stops, only root can see\)$/m,
    )
    assert.deepEqual(await host.snapshot(stores), before)

    const daemon = host.dockerPid()
    const trusted = await json(host, system, 0)
    assert.equal(trusted.verified, true)
    assert.deepEqual(
      trusted.plan.map((item) => item.action),
      ['write', 'run', 'restart'],
    )
    assert.notDeepEqual(host.dockerPid(), daemon)
    assert.equal((await dockerLogin(host, registry)).code, 0)
    await host.run(['docker', 'logout', registry])

    const left = await asAlice(host, ['undo', registry, '--yes', '--restart', 'never'])
    assert.equal(left.code, 0, left.stdout + left.stderr)
    assert.match(left.stdout, /^ To finish: service docker restart$/m)
    assert.deepEqual(await host.snapshot(stores), before)
    assert.equal((await dockerLogin(host, registry)).code, 0, 'docker goes on with what it read')
    await host.run(['docker', 'logout', registry])

    await host.write('/home/alice/both.pem', root.pem + other.pem)
    const pinned = ['--ca', '/home/alice/both.pem', '--fingerprint', root.sha256]
    const never = await asAlice(host, [...system, ...pinned, '--restart', 'never'])
    assert.equal(never.code, 0, never.stdout + never.stderr)
    assert.doesNotMatch(never.stdout, /restart docker/)
    assert.match(never.stdout, /ca-left-out.*\n.*"Other Root CA" does not anchor this chain/)
    assert.equal((await json(host, ['undo', registry, '--yes'], 0)).changed, true)
    assert.deepEqual(await host.snapshot(stores), before)
    assert.equal((await dockerLogin(host, registry)).code, 1, 'with its restart it has forgotten')
  })

  it('what was appended to the bundle is kept only where that was said', async () => {
    const host = await freshHost({ withoutDocker: true })
    const bundle = '/etc/ssl/certs/ca-certificates.crt'
    await host.run(['update-ca-certificates', '--fresh'])
    await host.run(['sh', '-c', `cat >> ${bundle}`], { input: other.pem })
    const refused = await json(host, system, 4)
    assert.ok(codes(refused).includes('bundle-hand-edited'))
    await json(host, [...system, '--keep-appended'], 0)
    assert.ok((await host.read(bundle)).includes(other.pem.trim()))
  })

  it('--resolve and --proxy: root looks the same way; a name that docker does not know is exit 7, before any write', async () => {
    const host = await freshHost({ hosts: { 'reg.corp': '198.18.0.99' } })
    const before = await host.snapshot(watched)
    const pinned = [...plain, '--resolve', `reg.corp:5000:${server.address}`, '--timeout', '3'] as const
    const wrong = await json(host, [...plain, '--timeout', '2'], 7)
    assert.ok(codes(wrong).some((code) => code === 'unreachable' || code === 'timeout'))
    // The daemon looks for itself, at the wrong place: its word is missing, and all is taken back.
    const seen = await json(host, pinned, 8)
    assert.equal(seen.probe?.address, server.address)
    assert.match(seen.error?.message ?? '', /^docker does not reach the registry; everything was rolled back/)
    assert.deepEqual(await host.snapshot(watched), before)

    const nameless = await freshHost({ hosts: {} })
    const untouched = await nameless.snapshot(watched)
    const unknown = await json(nameless, pinned, 7)
    assert.ok(codes(unknown).includes('name-not-resolved'))
    assert.deepEqual(await nameless.snapshot(watched), untouched)

    const middle = await scene.lab.server('proxy')
    const proxy = await middle.proxy(3128, { 'reg.corp': server.address })
    const through = [...plain, '--proxy', `http://${middle.address}:3128`, '--timeout', '5'] as const
    await json(nameless, through, 7)
    assert.equal(proxy.requests().length, 2, 'once for each half')
    const around = await asAlice(nameless, through, { env: { NO_PROXY: 'reg.corp' } })
    assert.equal(around.code, 7, around.stdout)
    assert.equal(proxy.requests().length, 2, 'what her NO_PROXY names is not asked for there, by neither')
    assert.deepEqual(await nameless.snapshot(watched), untouched)
  })

  it("a person's own certs.d comes first: said, and root writes nothing beside it", async () => {
    const host = await freshHost({ podman: true, withoutDocker: true })
    await host.run(['mkdir', '-p', `/home/alice/.config/containers/certs.d/${registry}`])
    await host.run(['chown', '-R', 'alice:alice', '/home/alice/.config'])
    const before = await host.snapshot(watched)
    const told = await json(host, [...plain, '--runtime', 'podman'], 1)
    assert.ok(codes(told).includes('trust-directory-shadowed'), JSON.stringify(told.findings))
    assert.deepEqual(await host.snapshot(watched), before)
  })

  it('the record is held against the approval under the lock, whatever comes in between', async () => {
    const host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address }, docker: false })
    await host.write('/root/other.pem', other.pem)
    await host.write('/root/gate.mjs', gate)
    // What another run will have accepted by then.
    assert.equal((await host.product([registry, '--offline', '--ca', '/root/other.pem'])).code, 0)
    const records = await host.read('/var/lib/trust-registry/records.json')
    assert.equal((await host.product(['undo', registry, '--yes'])).code, 0)

    const daemon = host.start([process.execPath, '/root/gate.mjs'])
    await until(() => host.exists('/tmp/gate/listens'))
    const der = root.certificate.toString('base64')
    const order = {
      ...{ version: 1, do: 'trust', registry, scope: 'registry', restart: 'auto', timeoutMs: 20_000 },
      ...{
        offline: true,
        aia: false,
        prune: false,
        keepAppended: false,
        strict: false,
        standing: [],
        resolve: [],
      },
      ...{
        agreed: [`write ${path(root)}`],
        runtimes: ['docker'],
        how: 'ca-file',
        anchor: der,
        install: [der],
      },
    }
    await host.write('/root/order', `${JSON.stringify(order)}\n`)
    const script = '{ cat /root/order; sleep 15; } | "$@"'
    const running = host.start(['sh', '-c', script, 'caller', ...argv, '__apply'])
    // It has looked at the record by now, and surveys the engines.
    await until(() => host.exists('/tmp/gate/asked'))
    await host.write('/var/lib/trust-registry/records.json', records)
    await host.write('/tmp/gate/open', '')
    const { stdout } = await running.done
    daemon.signal('SIGKILL')
    await daemon.done.catch(() => undefined)
    assert.match(stdout, /"code":"identity-mismatch"/, stdout)
    assert.equal(await host.exists(path(root)), false)
    assert.equal(await host.read('/var/lib/trust-registry/records.json'), records)
  })

  const path = ({ sha256 }: CertificateAuthority): string =>
    `/etc/docker/certs.d/${registry}/trust-registry-${sha256.slice(0, 16).toLowerCase()}.crt`
})
