import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { becomeAlpine } from '../../fixtures/lab/alpine.ts'
import type { Host } from '../../fixtures/lab/host.ts'
import type { HostOptions } from '../../fixtures/lab/lab.ts'
import { labRoot } from '../../fixtures/lab/root.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { goStore } from './go-store.ts'
import { consumer, dockerLogin, runJson, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const system = [registry, '--scope', 'system', '--ca', '/root/ca.pem', '--yes'] as const

describe('the OS trust store on several systems', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let hosts: Record<string, string>
  let bookworm: Host

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    hosts = { 'reg.corp': server.address }
    const chain = [await root.issue({ names: ['reg.corp'] })]
    await server.dockerRegistry({ port: 5000, chain, users })
  })

  async function client(name: string, options: HostOptions): Promise<Host> {
    const host = await scene.lab.host(name, { hosts, ...options })
    await host.write('/root/ca.pem', root.pem)
    await host.run(['update-ca-certificates', '--fresh'])
    return host
  }

  /** By the files that Go reads, by OpenSSL with the bundle and with the hashed folder, by curl. */
  async function whoTrusts(host: Host): Promise<Record<'go' | 'openssl' | 'hashes' | 'curl', boolean>> {
    const store = await goStore(host)
    const blocks = store.match(/(?<=^-----BEGIN CERTIFICATE-----\n)[^-]+(?=\n-----END)/gm) ?? []
    const sha256 = (der: Buffer): string => createHash('sha256').update(der).digest('hex')
    const client = ['openssl', 's_client', '-connect', registry, '-brief', '-verify_return_error']
    const openssl = async (...store: string[]): Promise<boolean> =>
      (await host.run([...client, ...store])).stderr.includes('Verification: OK')
    const own = sha256(Buffer.from(root.pem.replace(/-----.*-----/g, ''), 'base64'))
    return {
      go: blocks.some((block) => sha256(Buffer.from(block, 'base64')) === own),
      openssl: await openssl('-no-CApath', '-CAfile', '/etc/ssl/certs/ca-certificates.crt'),
      hashes: await openssl('-no-CAfile', '-CApath', '/etc/ssl/certs'),
      curl: (await host.run(['curl', '-s', '-o', '/dev/null', `https://${registry}/v2/`])).code === 0,
    }
  }

  /** The whole life of one trust: not there, there for everybody, still there, gone without a trace. */
  async function wholeLife(host: Host): Promise<void> {
    const nobody = { go: false, openssl: false, hashes: false, curl: false }
    const everybody = { go: true, openssl: true, hashes: true, curl: true }
    assert.deepEqual(await whoTrusts(host), nobody)
    // From here on docker has read the store, and does not read it again.
    assert.equal((await dockerLogin(host, registry)).code, 1)
    const before = await host.snapshot(watched)
    const daemon = host.dockerPid()

    const trusted = await runJson(host, system)
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal(trusted.registry.verified, true, trusted.stdout)
    assert.equal(consumer(trusted.registry, 'system').state, 'trusted', trusted.stdout)
    assert.notDeepEqual(host.dockerPid(), daemon, 'docker was restarted')
    assert.deepEqual(await whoTrusts(host), everybody)
    const login = await dockerLogin(host, registry)
    assert.equal(login.code, 0, login.stderr)
    await host.run(['docker', 'logout', registry])

    const [installed, restarted] = [await host.snapshot(watched), host.dockerPid()]
    const again = await runJson(host, system)
    assert.equal(again.document.changed, false, again.stdout)
    assert.deepEqual(await host.snapshot(watched), installed)
    assert.deepEqual(host.dockerPid(), restarted)

    const undone = await runJson(host, ['undo', registry, '--yes'])
    assert.equal(undone.code, 0, undone.stdout)
    assert.deepEqual(await host.snapshot(watched), before)
    assert.deepEqual(await whoTrusts(host), nobody)
    assert.equal((await dockerLogin(host, registry)).code, 1, 'docker has forgotten it as well')
  }

  /** A unit's own first command, which misbehaves as long as our certificate is there. */
  async function spoilStart(host: Host, command: string): Promise<void> {
    const ours = 'ls /usr/local/share/ca-certificates/trust-registry-* > /dev/null 2>&1'
    const lines = `[Service]\nExecStartPre=/bin/sh -c '! ${ours} || ${command}'\n`
    await host.write('/etc/systemd/system/docker.service.d/spoilt.conf', lines)
    await host.run(['systemctl', 'daemon-reload'])
  }

  async function failures(host: Host): Promise<void> {
    await host.write('/etc/docker/daemon.json', '{"storage-driver": "vfs"}')
    const running = host.dockerPid()
    const files = await host.snapshot(watched)
    const conflict = await runJson(host, system)
    assert.equal(conflict.code, 8, conflict.stdout)
    assert.match(conflict.stdout, /given as a flag to dockerd and in the file: storage-driver/)
    assert.deepEqual([await host.snapshot(watched), host.dockerPid()], [files, running])
    await host.run(['rm', '/etc/docker/daemon.json'])

    for (const [command, said] of [
      ['exit 1', /docker did not come back after its restart/],
      ['sleep infinity', /did not end within 6 s/],
    ] as const) {
      await spoilStart(host, command)
      const before = await host.snapshot(watched)
      const failed = await runJson(host, [...system, '--timeout', '1'])
      assert.equal(failed.code, 8, failed.stdout)
      assert.match(failed.stdout, said)
      assert.deepEqual(await host.snapshot(watched), before)
      const info = await host.run(['docker', 'info'])
      assert.equal(info.code, 0, `docker runs again: ${info.stderr}`)
    }
  }

  it('Debian 12 with systemd: installed, proven, repeated, undone to the byte', async () => {
    bookworm = await client('bookworm', { systemd: true })
    await wholeLife(bookworm)
  })

  it('a flag that daemon.json repeats: docker is not stopped; a start that fails or hangs: back as it was', async () => {
    await failures(bookworm)
  })

  it('Debian 13', async () => {
    const host = await client('trixie', { root: await labRoot('trixie') })
    await wholeLife(host)

    // Since Docker 23 the daemon says itself whether it would start.
    await host.write('/etc/docker/daemon.json', '{"no-such-thing": true}')
    const running = host.dockerPid()
    const refused = await runJson(host, system)
    assert.equal(refused.code, 8, refused.stdout)
    assert.match(refused.stdout, /no-such-thing/)
    assert.deepEqual(host.dockerPid(), running)
  }).timeout(660_000)

  it("Alpine's way to make the store, and OpenRC's to restart", async () => {
    const host = await client('alpine', {})
    await becomeAlpine(host)
    await wholeLife(host)
  })
})
