import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import { askDaemon, tree } from '../../fixtures/lab/state.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { runJson, users, withLab } from './scene.ts'

const [A, B] = ['reg.corp:5000', 'reg.corp:5001'] as const

describe('one CA for several registries', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    const chain = [await root.issue({ names: ['reg.corp'] })]
    for (const port of [5000, 5001]) await server.dockerRegistry({ port, chain })
    await server.nginx({ port: 443, chain, users })
    hosts = { 'reg.corp': server.address }
  })

  async function freshHost(): Promise<Host> {
    const host = await scene.lab.host('client', { hosts })
    await host.write('/root/ca.pem', root.pem)
    return host
  }

  async function trust(host: Host, registry: string): Promise<void> {
    const { code, stdout } = await runJson(host, [registry, '--ca', '/root/ca.pem', '--no-login'])
    assert.equal(code, 0, stdout)
  }

  async function undo(host: Host, registry: string): Promise<readonly string[]> {
    const { code, stdout, registry: document } = await runJson(host, ['undo', registry, '--yes'])
    assert.equal(code, 0, stdout)
    return document.findings.map((finding) => finding.code)
  }

  it('undoing one leaves the other trusted by the daemon, whichever goes first', async () => {
    const host = await freshHost()
    for (const [first, second] of [
      [A, B],
      [B, A],
      ['reg.corp', 'reg.corp:443'],
      ['reg.corp:443', 'reg.corp'],
    ] as const) {
      const before = tree(host, '/etc/docker')
      await trust(host, first)
      await trust(host, second)
      const said = await undo(host, first)
      assert.deepEqual(said, first.includes(':500') ? [] : ['other-name-on-record'], first)
      assert.equal(await askDaemon(host, second), 'trusted', `${second} after ${first}`)
      // One registry has two names where the port is 443.
      if (first.includes(':500')) assert.equal(await askDaemon(host, first), 'refused')
      await undo(host, second)
      assert.equal(await askDaemon(host, second), 'refused')
      assert.deepEqual(tree(host, '/etc/docker'), before)
    }
  })

  it('a file that an administrator had placed before is never removed, not even one of our name and bytes', async () => {
    const host = await freshHost()
    const name = `trust-registry-${root.sha256.slice(0, 16).toLowerCase()}.crt`
    await host.write(`/etc/docker/certs.d/${A}/${name}`, root.pem)
    await host.write(`/etc/docker/certs.d/${B}/ca.crt`, root.pem)
    const before = tree(host, '/etc/docker')
    for (const registry of [A, B]) {
      await trust(host, registry)
      await undo(host, registry)
      assert.deepEqual(tree(host, '/etc/docker'), before, registry)
      assert.equal(await askDaemon(host, registry), 'trusted')
    }
  })
})
