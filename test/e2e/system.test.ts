import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import { createCa, selfSigned, type Certificate, type CertificateAuthority } from '../../fixtures/pki.ts'
import { consumer, runJson, withLab } from './scene.ts'

const day = 86_400_000

describe('the verdict for programs that read the OS store, beside the real openssl', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let issuing: CertificateAuthority
  let server: Server
  let host: Host
  let port = 7000

  before(async () => {
    root = await createCa({ name: 'OS Root' })
    issuing = await root.intermediate({ name: 'OS Issuing CA' })
    server = await scene.lab.server('registry')
    host = await scene.lab.host('client', { docker: false, hosts: { 'reg.corp': server.address } })
    await host.installSystemCa(root.pem)
  })

  /** openssl's own words, undefined where it accepts. */
  async function openssl(name: string): Promise<string | undefined> {
    const { stdout, stderr } = await host.run([
      ...['openssl', 's_client', '-connect', name, '-servername', 'reg.corp', '-verify_hostname', 'reg.corp'],
      ...['-verify_return_error', '-CAfile', '/etc/ssl/certs/ca-certificates.crt', '-brief'],
    ])
    return /verify error:num=\d+:(.*)/.exec(stdout + stderr)?.[1]
  }

  const cases: readonly (readonly [string, () => Promise<readonly Certificate[]>])[] = [
    ['a full chain', async () => [await issuing.issue({ names: ['reg.corp'] }), issuing]],
    ['the root sent as well', async () => [await issuing.issue({ names: ['reg.corp'] }), issuing, root]],
    ['no intermediate', async () => [await issuing.issue({ names: ['reg.corp'] })]],
    ['another CA', async () => [await (await createCa({ name: 'Other' })).issue({ names: ['reg.corp'] })]],
    [
      'another root, sent',
      async () => {
        const other = await createCa({ name: 'Other' })
        return [await other.issue({ names: ['reg.corp'] }), other]
      },
    ],
    ['self-signed', async () => [await selfSigned({ names: ['reg.corp'], isCA: false })]],
    ['a wrong name', async () => [await issuing.issue({ names: ['other.corp'] }), issuing]],
    [
      'expired',
      async () => {
        const notBefore = new Date(Date.now() - 9 * day)
        return [
          await issuing.issue({ names: ['reg.corp'], notBefore, notAfter: new Date(Date.now() - day) }),
          issuing,
        ]
      },
    ],
    [
      'not yet valid',
      async () => [
        await issuing.issue({ names: ['reg.corp'], notBefore: new Date(Date.now() + day) }),
        issuing,
      ],
    ],
    [
      'for clients only',
      async () => [await issuing.issue({ names: ['reg.corp'], ekus: ['clientAuth'] }), issuing],
    ],
  ]
  for (const [what, chain] of cases) {
    it(what, async () => {
      port += 1
      await server.dockerRegistry({ port, chain: await chain() })
      const { registry } = await runJson(host, ['diagnose', `reg.corp:${port}`])
      assert.equal(consumer(registry, 'system').predictedError, await openssl(`reg.corp:${port}`))
    })
  }
})
