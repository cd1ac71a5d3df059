import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import { labRoot } from '../../fixtures/lab/root.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { leaveOut } from '../support/left-out.ts'
import { codes, consumer, daemonMessage, dockerLogin, runJson, users, watched, withLab } from './scene.ts'

const base = '/etc/docker/certs.d'
const pair = ['--client-cert', '/srv/client.cert', '--client-key', '/srv/client.key'] as const

describe('names that Docker tells apart, and client certificates that it finds by them', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let clients: CertificateAuthority
  let server: Server
  const engines = new Map<string, Host>()

  before('one host for each generation', async function () {
    this.timeout(660_000)
    root = await createCa({ name: 'Corp Root CA' })
    clients = await createCa({ name: 'Corp Clients CA' })
    server = await scene.lab.server('registry')
    const { address, address6 } = server
    const ips = address6 === '' ? [] : [address6]
    const chain = [await root.issue({ names: ['reg.corp', 'bare.corp'], ips })]
    await server.nginx({ port: 443, chain, users })
    await server.dockerRegistry({ port: 5000, chain, users })
    await server.dockerRegistry({ port: 5002, chain, clientCa: clients })
    const hosts = { 'reg.corp': address, 'bare.corp': address }
    const daemonJson = { 'insecure-registries': ['bare.corp', 'bare.corp:5002'] }
    engines.set('dockerd 20.10', await scene.lab.host('old', { hosts, daemonJson }))
    const sid = await scene.lab.host('new', { hosts, containerdStore: true, root: await labRoot('sid') })
    engines.set('dockerd of sid, containerd store', sid)
    const me = await clients.issue({ names: ['me'], ekus: ['clientAuth'] })
    for (const host of engines.values()) {
      await host.write('/srv/ca.crt', root.pem)
      await host.write('/srv/client.cert', me.pem)
      await host.write('/srv/client.key', me.key, 0o600)
    }
  })

  const lay = async (host: Host, registry: string, files: string): Promise<void> => {
    const there = `rm -rf ${base}; mkdir -p '${base}/${registry}'; cd '${base}/${registry}'`
    const { code, stderr } = await host.run(['sh', '-c', `${there} && ${files}`])
    assert.equal(code, 0, stderr)
  }
  const word = async (host: Host, registry: string): Promise<string | undefined> => {
    const login = await dockerLogin(host, registry)
    await host.run(['docker', 'logout', registry])
    return login.code === 0 ? undefined : daemonMessage(login)
  }

  /** The CA stands under one name, and Docker is asked by another. */
  async function oneForAnother(host: Host, registry: string, wrong: string): Promise<void> {
    await lay(host, wrong, 'cp /srv/ca.crt .')
    const seen = await runJson(host, ['diagnose', registry])
    const { predictedError } = consumer(seen.registry, 'docker')
    assert.match(predictedError ?? '', /unknown authority/, seen.stdout)
    assert.equal(predictedError, await word(host, registry))
    const finding = seen.registry.findings.find(({ code }) => code === 'trust-directory-misnamed')
    assert.ok(finding?.message.startsWith(`${base}/${wrong} holds`) === true, seen.stdout)
    const fix = finding.fix ?? 'false'
    const pasted = await host.run(['sh', '-c', fix])
    assert.equal(pasted.code, 0, `${fix}: ${pasted.stderr}`)
    assert.equal(await word(host, registry), undefined)
    assert.equal((await runJson(host, ['diagnose', registry])).code, 0)
    await host.run(['rm', '-r', base])
  }

  for (const title of ['dockerd 20.10', 'dockerd of sid, containerd store']) {
    const on = (): Host => {
      const host = engines.get(title)
      assert.ok(host)
      return host
    }

    it(`${title}: with and without port 443, either way; capitals`, async () => {
      const host = on()
      await oneForAnother(host, 'reg.corp', 'reg.corp:443')
      if (title === 'dockerd 20.10') await oneForAnother(host, 'reg.corp:443', 'reg.corp')
      await lay(host, 'reg.corp:5000', 'cp /srv/ca.crt .')
      assert.equal(await word(host, 'reg.corp:5000'), undefined)
      assert.match((await word(host, 'REG.corp:5000')) ?? '', /unknown authority/)
      const typed = await host.product(['diagnose', 'REG.corp:5000'])
      assert.deepEqual([typed.code, typed.stderr.includes('write reg.corp:5000')], [2, true], typed.stderr)
      await host.run(['rm', '-r', base])
    })

    it(`${title}: an IPv6 address stands in brackets, in the directory as well`, async function () {
      if (server.address6 === '') leaveOut(this, 'the kernel has no IPv6')
      const host = on()
      const registry = `[${server.address6}]:5000`
      await oneForAnother(host, registry, `${server.address6}:5000`)
      const before = await host.snapshot(watched)
      const trusted = await runJson(host, [registry, '--ca', '/srv/ca.crt'])
      assert.deepEqual([trusted.code, trusted.registry.verified], [0, true], trusted.stdout)
      assert.ok(trusted.registry.changes.every(({ path }) => path.startsWith(`${base}/${registry}/`)))
      assert.equal(await word(host, registry), undefined)
      assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
      assert.deepEqual(await host.snapshot(watched), before)
    })

    it(`${title}: a client certificate that stands there already; one that holds its key itself`, async () => {
      const host = on()
      const registry = 'reg.corp:5002'
      await lay(host, registry, 'cp -p /srv/* .')
      assert.equal(await word(host, registry), undefined)
      const seen = await runJson(host, ['diagnose', registry])
      assert.deepEqual([seen.code, codes(seen.registry)], [0, []], seen.stdout)
      for (const { name, state, predictedError } of seen.registry.consumers) {
        const asked = name === 'docker' || name === 'docker-containerd'
        if (asked) assert.equal(state, 'trusted', `${name}: ${seen.stdout}`)
        assert.doesNotMatch(predictedError ?? '', /bad certificate|certificate required/, name)
      }
      // containerd's loader finds the key in the certificate's own file; the logins' does not look there.
      await lay(host, registry, 'cp /srv/ca.crt .; cat /srv/client.cert /srv/client.key > client.cert')
      const whole = await runJson(host, ['diagnose', registry])
      assert.equal(consumer(whole.registry, 'docker').predictedError, await word(host, registry))
      assert.ok(codes(whole.registry).includes('client-cert-orphan'), whole.stdout)
      const pulls = whole.registry.consumers.find(({ name }) => name === 'docker-containerd')
      assert.equal(pulls?.state, title === 'dockerd 20.10' ? undefined : 'trusted', whole.stdout)
      await host.run(['rm', '-r', base])
    })
  }

  it('insecure-registries: an entry without a port is not for another port; what is listed is shown no client certificate', async () => {
    const host = engines.get('dockerd 20.10')
    assert.ok(host)
    const before = await host.snapshot(watched)
    const bare = await runJson(host, ['diagnose', 'bare.corp'])
    assert.equal(consumer(bare.registry, 'docker').state, 'unchecked')
    const ported = await runJson(host, ['diagnose', 'bare.corp:5000'])
    assert.equal(consumer(ported.registry, 'docker').predictedError, await word(host, 'bare.corp:5000'))
    assert.ok(!codes(ported.registry).includes('insecure-registry'), ported.stdout)

    const registry = 'bare.corp:5002'
    await lay(host, registry, 'cp -p /srv/* .')
    // Refused by TLS, it goes on without.
    assert.match((await word(host, registry)) ?? '', /http:\S+ failed with status: 400 Bad Request/)
    const seen = await runJson(host, ['diagnose', registry])
    assert.ok(codes(seen.registry).includes('insecure-registry'), seen.stdout)
    await host.run(['rm', '-r', base])
    const trusted = await runJson(host, [registry, '--ca', '/srv/ca.crt', ...pair, '--yes'])
    assert.deepEqual([trusted.code, trusted.registry.verified], [0, true], trusted.stdout)
    assert.equal(await word(host, registry), undefined)
    assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
    assert.deepEqual(await host.snapshot(watched), before)
  })
})
