import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import {
  codes,
  consumer,
  daemonMessage,
  dockerLogin,
  runJson,
  timeless,
  users,
  watched,
  withLab,
} from './scene.ts'

const day = 86_400_000

describe('faults that no change on this machine can mend', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let server: Server
  let host: Host
  let untouched: string[]

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    server = await scene.lab.server('registry')
    host = await scene.lab.host('client', {
      hosts: { 'reg.corp': server.address, 'gone.corp': scene.lab.nowhere },
    })
    await host.write('/root/ca.pem', root.pem)
    untouched = await host.snapshot(watched)
  })

  /** `trust` with everything that it could ask for must end as it should, and write nothing. */
  async function refuses(registry: string, exitCode: number, code: string): Promise<void> {
    const seen = await runJson(host, ['diagnose', registry])
    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem', '--yes'])
    for (const run of [seen, trusted]) {
      assert.equal(run.code, exitCode, run.stdout)
      assert.ok(codes(run.registry).includes(code), `${code} in ${codes(run.registry).join()}`)
      assert.equal(run.registry.verified, false)
    }
    assert.deepEqual(await host.snapshot(watched), untouched, 'nothing is written')
  }

  /** The daemon's own line, held against the prediction. */
  async function predicts(registry: string): Promise<void> {
    const { registry: seen } = await runJson(host, ['diagnose', registry])
    const said = daemonMessage(await dockerLogin(host, registry))
    assert.equal(timeless(consumer(seen, 'docker').predictedError), timeless(said))
  }

  it('an expired certificate', async () => {
    const notBefore = new Date(Date.now() - 90 * day)
    const expired = await root.issue({ names: ['reg.corp'], notBefore, notAfter: new Date(Date.now() - day) })
    await server.dockerRegistry({ port: 6001, chain: [expired], users })
    await refuses('reg.corp:6001', 6, 'expired')
    await predicts('reg.corp:6001')
  })

  it('a wrong name', async () => {
    const chain = [await root.issue({ names: ['other.corp', '*.other.corp'] })]
    await server.dockerRegistry({ port: 6002, chain, users })
    await refuses('reg.corp:6002', 6, 'name-mismatch')
    await predicts('reg.corp:6002')
  })

  it('a name in the common name only', async () => {
    const chain = [await root.issue({ names: [], commonName: 'reg.corp', noSan: true })]
    await server.dockerRegistry({ port: 6003, chain, users })
    await refuses('reg.corp:6003', 6, 'no-san')
    await predicts('reg.corp:6003')
  })

  it('an address without an IP SAN', async () => {
    const chain = [await root.issue({ names: ['reg.corp'] })]
    await server.dockerRegistry({ port: 6004, chain, users })
    await refuses(`${server.address}:6004`, 6, 'ip-without-ip-san')
    await predicts(`${server.address}:6004`)
  })

  it('plain HTTP', async () => {
    await server.plainHttp(6005)
    await refuses('reg.corp:6005', 6, 'plain-http')
    await predicts('reg.corp:6005')
  })

  it('something that is not TLS', async () => {
    await server.tcp(6006, 'ssh-banner')
    await refuses('reg.corp:6006', 6, 'not-tls')
  })

  it('an HTML page at /v2/', async () => {
    await server.html(6007, { chain: [await root.issue({ names: ['reg.corp'] })] })
    await refuses('reg.corp:6007', 6, 'not-a-registry')
  })

  it('a server that takes the connection and says nothing', async () => {
    await server.tcp(6008, 'silent')
    const seen = await runJson(host, ['diagnose', 'reg.corp:6008', '--timeout', '1'])
    assert.equal(seen.code, 7, seen.stdout)
    assert.deepEqual(codes(seen.registry), ['timeout'])
  })

  it('a closed port', async () => {
    await refuses('reg.corp:6999', 7, 'unreachable')
    await predicts('reg.corp:6999')
  })

  it('a name that nobody knows', async () => {
    await refuses('nobody.corp:5000', 7, 'name-not-resolved')
  })

  it('an address that nobody has', async () => {
    const seen = await runJson(host, ['diagnose', 'gone.corp:5000', '--timeout', '1'])
    assert.equal(seen.code, 7)
    assert.ok(['unreachable', 'timeout'].includes(codes(seen.registry)[0] ?? ''), seen.stdout)
  })

  it('two faults at once: both are named, and the one that Docker prints is marked', async () => {
    const notBefore = new Date(Date.now() - 90 * day)
    const notAfter = new Date(Date.now() - day)
    const chain = [await root.issue({ names: ['other.corp'], notBefore, notAfter })]
    await server.dockerRegistry({ port: 6009, chain, users })
    const { registry } = await runJson(host, ['diagnose', 'reg.corp:6009'])
    assert.ok(codes(registry).includes('expired') && codes(registry).includes('name-mismatch'))
    assert.equal(registry.findings.find((finding) => finding.first)?.code, 'expired')
    await predicts('reg.corp:6009')
  })
})
