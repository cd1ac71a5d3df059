import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import { createCa, pkcs7, type CertificateAuthority } from '../../fixtures/pki.ts'
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

const registry = 'reg.example:5000'

describe('an intermediate that is not sent', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let intermediate: CertificateAuthority
  let deep: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    const server = await scene.lab.server('registry')
    root = await createCa({ name: 'Public Root X1' })
    intermediate = await root.intermediate({ name: 'Public CA R3', aia: 'http://pki.example/root.p7c' })
    deep = await intermediate.intermediate({ name: 'Public CA E1', aia: 'http://pki.example/r3.p7c' })
    const aia = 'http://pki.example/r3.crt'
    const leaf = await intermediate.issue({ names: ['reg.example'], aia })
    const other = await intermediate.issue({ names: ['elsewhere.example'], aia })
    const deepLeaf = await deep.issue({ names: ['reg.example'], aia: 'http://pki.example/e1.crt' })
    await server.httpFiles({
      '/r3.crt': { body: intermediate.certificate, type: 'application/pkix-cert' },
      '/e1.crt': { body: deep.certificate, type: 'application/pkix-cert' },
      '/r3.p7c': { body: pkcs7([intermediate]), type: 'application/pkcs7-mime' },
      '/root.p7c': { body: pkcs7([root]), type: 'application/pkcs7-mime' },
    })
    await server.dockerRegistry({ port: 5000, chain: [leaf], users })
    await server.dockerRegistry({ port: 5001, chain: [other], users })
    await server.dockerRegistry({ port: 5002, chain: [deepLeaf], users })
    hosts = { 'reg.example': server.address, 'pki.example': server.address }
  })

  async function hostWithRoot(): Promise<Host> {
    const host = await scene.lab.host('client', { hosts })
    await host.installSystemCa(root.pem)
    return host
  }

  it('is named with its AIA address, and the owner gets the line; trust needs no pin and installs it alone', async () => {
    const host = await hostWithRoot()
    const before = await host.snapshot(watched)
    const refused = await dockerLogin(host, registry)
    const seen = await runJson(host, ['diagnose', registry])
    assert.equal(seen.code, 1)
    assert.deepEqual(codes(seen.registry), ['missing-intermediate'])
    const [finding] = seen.registry.findings
    assert.equal(finding?.certificate, intermediate.sha256)
    assert.equal(finding.owner, 'registry')
    assert.equal(finding.first, true)
    assert.match(finding.message, /Public CA R3.*http:\/\/pki\.example\/r3\.crt/)
    assert.match(finding.fix ?? '', /nginx[\s\S]*ssl_certificate \S*fullchain\.pem/)
    assert.match(finding.fix ?? '', /docker-registry[\s\S]*certificate:/)
    assert.equal(consumer(seen.registry, 'docker').predictedError, daemonMessage(refused))

    const trusted = await runJson(host, [registry])
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal(trusted.registry.identity?.how, 'proven')
    assert.equal(trusted.registry.identity.sha256, root.sha256)
    const written = trusted.registry.changes.filter((change) => change.state === 'written')
    assert.deepEqual(written.length, 1, 'the intermediate only')
    assert.equal(await host.read(written[0]?.path ?? ''), intermediate.pem)
    assert.equal((await dockerLogin(host, registry)).code, 0)

    assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
    assert.deepEqual(await host.snapshot(watched), before)
  })

  it('two deep: both are found, over PKCS#7 too, and both are installed', async () => {
    const host = await hostWithRoot()
    const trusted = await runJson(host, ['reg.example:5002'])
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal(trusted.registry.changes.length, 2)
    assert.equal((await dockerLogin(host, 'reg.example:5002')).code, 0)
  })

  it('with the root unknown it needs a pin; with one, root and intermediate are installed', async () => {
    const host = await scene.lab.host('client', { hosts })
    const before = await host.snapshot(watched)
    const refused = await runJson(host, [registry])
    assert.equal(refused.code, 4)
    assert.deepEqual(codes(refused.registry), ['missing-intermediate', 'unknown-authority'])
    assert.deepEqual(await host.snapshot(watched), before)
    const pinned = await runJson(host, [registry, '--fingerprint', root.sha256])
    assert.equal(pinned.code, 0, pinned.stdout)
    assert.equal(pinned.registry.changes.length, 2)
    assert.equal((await dockerLogin(host, registry)).code, 0)
  })

  it('a leaf of that public CA for another name proves nothing', async () => {
    const host = await hostWithRoot()
    const before = await host.snapshot(watched)
    const refused = await dockerLogin(host, 'reg.example:5001')
    const trusted = await runJson(host, ['reg.example:5001'])
    assert.equal(trusted.code, 6)
    assert.ok(codes(trusted.registry).includes('name-mismatch'))
    assert.equal(
      timeless(consumer(trusted.registry, 'docker').predictedError),
      timeless(daemonMessage(refused)),
    )
    assert.deepEqual(await host.snapshot(watched), before)
  })

  it('--no-aia asks nobody', async () => {
    const host = await hostWithRoot()
    const seen = await runJson(host, ['diagnose', registry, '--no-aia'])
    assert.deepEqual(codes(seen.registry), ['unknown-authority'])
  })
})
