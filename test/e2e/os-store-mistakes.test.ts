import assert from 'node:assert/strict'
import { becomeFamily } from '../../fixtures/lab/family.ts'
import type { Host } from '../../fixtures/lab/host.ts'
import { createCa, selfSigned, type CertificateAuthority } from '../../fixtures/pki.ts'
import { codes, consumer, dockerLogin, runJson, users, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const bundle = '/etc/ssl/certs/ca-certificates.crt'
const local = '/usr/local/share/ca-certificates'
const anchors = '/etc/pki/ca-trust/source/anchors'

/** What guides to private registries have people do, and what comes of it. */
describe('the OS store after somebody followed a guide', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let other: CertificateAuthority
  let lonely: string
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    other = await createCa({ name: 'Another CA' })
    const server = await scene.lab.server('registry')
    hosts = { 'reg.corp': server.address }
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    const alone = await selfSigned({ names: ['reg.corp'], isCA: false })
    lonely = alone.pem
    await server.dockerRegistry({ port: 5001, chain: [alone] })
  })

  interface Said {
    readonly code: string
    readonly message: string
    readonly fix?: string
  }

  /** The warnings about the sources of the store, as `diagnose` gives them. */
  async function said(host: Host, target = registry): Promise<readonly Said[]> {
    const about = new Set([
      'trust-file-ignored',
      'trust-directory-misnamed',
      'store-would-drop',
      'bundle-damaged',
      'bundle-hand-edited',
    ])
    const { registry: found, stdout } = await runJson(host, ['diagnose', target])
    assert.ok(found.probe, stdout)
    return found.findings.filter(({ code }) => about.has(code))
  }

  async function onlyOne(host: Host, code: string, message: RegExp, target = registry): Promise<Said> {
    const findings = await said(host, target)
    assert.deepEqual(
      findings.map((finding) => finding.code),
      [code],
      JSON.stringify(findings),
    )
    assert.match(findings[0]?.message ?? '', message)
    const [only] = findings
    assert.ok(only)
    return only
  }

  /** What was given to paste is pasted. */
  async function paste(host: Host, fix: string | undefined): Promise<void> {
    const { code, stderr } = await host.run(['sh', '-c', fix ?? 'exit 1'])
    assert.equal(code, 0, `${fix ?? 'nothing to paste'}: ${stderr}`)
  }

  it('Debian: `.pem`, DER, two in one file, no run of the tool, another system’s folder, `cat >>`', async () => {
    const host = await scene.lab.host('debian', { hosts, withoutDocker: true })
    const curl = async (): Promise<number> =>
      (await host.run(['curl', '-s', '-o', '/dev/null', `https://${registry}/v2/`])).code
    const hashed = async (): Promise<boolean> => {
      const how = ['-brief', '-verify_return_error', '-no-CAfile', '-CApath', '/etc/ssl/certs']
      const { stderr } = await host.run(['openssl', 's_client', '-connect', registry, ...how])
      return stderr.includes('Verification: OK')
    }
    const clean = async (): Promise<void> => {
      await host.run(['sh', '-c', `rm -rf ${local}/* /etc/pki; update-ca-certificates --fresh`])
    }
    // Three packaged CAs are as good as 144, and the tool is done at once.
    await host.run([
      'sh',
      '-c',
      'grep -v "^[#!]" /etc/ca-certificates.conf | head -3 > /conf && cp /conf /etc/ca-certificates.conf',
    ])
    await clean()
    assert.deepEqual(await said(host), [])

    await host.write(`${local}/corp.pem`, root.pem)
    assert.equal((await host.run(['update-ca-certificates'])).code, 0, 'the tool sees nothing wrong')
    const name = await onlyOne(host, 'trust-file-ignored', /corp\.pem holds .* only names that end in \.crt/)
    await paste(host, name.fix)
    assert.deepEqual(await said(host), [])
    assert.equal(await curl(), 0)

    await clean()
    await host.write(`${local}/corp.crt`, root.certificate)
    assert.equal((await host.run(['update-ca-certificates'])).code, 0)
    await paste(host, (await onlyOne(host, 'trust-file-ignored', /as DER/)).fix)
    assert.deepEqual(await said(host), [])
    assert.equal(await curl(), 0)

    await clean()
    await host.write(`${local}/corp.crt`, root.pem + other.pem)
    assert.equal((await host.run(['update-ca-certificates'])).code, 0)
    assert.equal(await hashed(), false)
    const two = await onlyOne(host, 'trust-file-ignored', /among 2 certificates/)
    await paste(host, two.fix)
    assert.deepEqual(await said(host), [])
    assert.equal(await hashed(), true)

    await clean()
    await host.write(`${local}/corp.crt`, root.pem)
    await paste(host, (await onlyOne(host, 'bundle-damaged', /was not run since, or it failed/)).fix)
    assert.deepEqual(await said(host), [])
    assert.equal(await curl(), 0)

    await clean()
    await host.write(`${anchors}/corp.pem`, root.pem)
    await paste(host, (await onlyOne(host, 'trust-directory-misnamed', /nothing reads it there/)).fix)
    assert.deepEqual(await said(host), [])
    assert.equal(await curl(), 0)

    await clean()
    await host.run(['sh', '-c', `cat >> ${bundle}`], { input: root.pem })
    assert.equal(await curl(), 0, 'it works, until the next update')
    const appended = await onlyOne(
      host,
      'bundle-hand-edited',
      /the next run of update-ca-certificates drops it/,
    )
    await host.write('/CA.pem', root.pem)
    await paste(host, appended.fix)
    assert.deepEqual(await said(host), [])
    await host.run(['update-ca-certificates'])
    assert.equal(await curl(), 0)
  })

  it('Red Hat: `force-enable`, a server certificate among the anchors, `cat >>` onto ca-bundle.crt', async () => {
    const host = await scene.lab.host('rhel', { hosts, withoutDocker: true })
    const layout = await becomeFamily(host, 'rhel')
    await host.write(`${anchors}/corp.crt`, root.pem)
    assert.notEqual((await host.run(['update-ca-trust', 'force-enable'])).code, 0)
    await paste(host, (await onlyOne(host, 'bundle-damaged', /`force-enable` does nothing here/)).fix)
    assert.deepEqual(await said(host), [])

    await host.run(['sh', '-c', `rm ${anchors}/*; update-ca-trust extract`])
    await host.write(`${anchors}/registry.crt`, lonely)
    await host.run(['update-ca-trust', 'extract'])
    await onlyOne(host, 'store-would-drop', /p11-kit keeps only CAs/, 'reg.corp:5001')

    await host.run(['sh', '-c', `rm ${anchors}/*; update-ca-trust extract`])
    await host.run(['sh', '-c', 'cat >> /etc/pki/tls/certs/ca-bundle.crt'], { input: root.pem })
    assert.ok((await host.read(layout.bundle)).includes(root.pem.trim()), 'through the link')
    const appended = await onlyOne(host, 'bundle-hand-edited', /the next run of update-ca-trust drops it/)
    await host.write('/CA.pem', root.pem)
    await paste(host, appended.fix)
    assert.deepEqual(await said(host), [])
  })

  it('SSL_CERT_FILE and SSL_CERT_DIR of the daemon: named, and not even tried with the OS store', async () => {
    const host = await scene.lab.host('overridden', { hosts, docker: false })
    await host.write('/opt/ca/other.pem', other.pem)
    await host.write('/root/ca.pem', root.pem)
    await host.startDocker({ SSL_CERT_FILE: '/opt/ca/other.pem', SSL_CERT_DIR: '/opt/ca' })
    const daemon = host.dockerPid()
    const system = [registry, '--scope', 'system', '--ca', '/root/ca.pem', '--yes'] as const

    const before = await runJson(host, ['diagnose', registry])
    assert.ok(
      before.registry.findings.some(({ code }) => code === 'store-overridden'),
      before.stdout,
    )
    const refused = await runJson(host, system)
    assert.equal(refused.code, 1, refused.stdout)
    assert.ok(codes(refused.registry).includes('store-overridden'), refused.stdout)

    await host.installSystemCa(root.pem)
    const after = await runJson(host, ['diagnose', registry])
    assert.equal(consumer(after.registry, 'docker').state, 'refused', after.stdout)
    assert.equal(consumer(after.registry, 'system').state, 'trusted', after.stdout)
    assert.ok(codes(after.registry).includes('store-overridden'), after.stdout)
    assert.deepEqual(host.dockerPid(), daemon)
    const mended = await runJson(host, [registry, '--ca', '/root/ca.pem'])
    assert.equal(mended.code, 0, mended.stdout)
    assert.equal((await dockerLogin(host, registry)).code, 0)
  })
})
