import assert from 'node:assert/strict'
import type { Server } from '../../fixtures/lab/server.ts'
import type { Service } from '../../fixtures/lab/service.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { leaveOut } from '../support/left-out.ts'
import { codes, consumer, credentials, runJson, users, withLab } from './scene.ts'

const password = { input: users.testuser }
const args = ['reg.corp:5000', '--ca', '/root/ca.pem', ...credentials]

describe('ways to a registry', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let server: Server
  let middle: Server
  let proxy: Service

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    server = await scene.lab.server('registry')
    middle = await scene.lab.server('proxy')
    const chain = [await root.issue({ names: ['reg.corp'] })]
    await server.dockerRegistry({ port: 5000, chain, users })
    const names = { 'reg.corp': server.address }
    proxy = await middle.proxy(3128, names)
    await middle.proxy(3129, names, 'joe:canary-proxy')
  })

  it("the daemon's own proxy is the way to look, trust and log in; the name need not be known here", async () => {
    const host = await scene.lab.host('client', { docker: false })
    await host.startDocker({ HTTPS_PROXY: `http://${middle.address}:3128` })
    await host.write('/root/ca.pem', root.pem)
    // The engine has settings of its own: the shell's decide nothing.
    const run = await runJson(host, args, { ...password, env: { NO_PROXY: '*' } })
    assert.equal(run.code, 0, run.stdout)
    assert.deepEqual([run.registry.login?.ok, run.registry.verified], [true, true])
    assert.equal(run.registry.probe?.proxy, `http://${middle.address}:3128`)
    assert.ok(proxy.requests().every((line) => line === 'CONNECT reg.corp:5000'))
  })

  it('what NO_PROXY of the daemon names is looked at directly', async () => {
    const host = await scene.lab.host('client', { docker: false, hosts: { 'reg.corp': server.address } })
    await host.startDocker({ HTTPS_PROXY: `http://${middle.address}:1`, NO_PROXY: '.corp' })
    await host.write('/root/ca.pem', root.pem)
    const shell = { HTTPS_PROXY: `http://${middle.address}:1`, NO_PROXY: 'other.corp' }
    const run = await runJson(host, args, { ...password, env: shell })
    assert.deepEqual([run.code, run.registry.probe?.proxy], [0, undefined], run.stdout)
    const told = await runJson(host, [
      ...['diagnose', 'reg.corp:5000', '--timeout', '3'],
      ...['--proxy', `${middle.address}:3128`],
    ])
    assert.equal(
      told.registry.probe?.proxy,
      `http://${middle.address}:3128`,
      'but what we are told goes first',
    )
  })

  it('a proxy that wants a password gets it from the daemon, and nobody else sees it', async () => {
    const host = await scene.lab.host('client', { docker: false })
    await host.startDocker({ HTTPS_PROXY: `http://joe:canary-proxy@${middle.address}:3129` })
    await host.write('/root/ca.pem', root.pem)
    const run = await runJson(host, [...args, '-v'], password)
    assert.equal(run.code, 0, run.stdout)
    assert.doesNotMatch(`${run.stdout}${run.stderr}`, /canary/)

    // To others the daemon shows it masked: that is no password to try.
    await host.run(['chmod', '666', '/var/run/docker.sock'])
    const other = await runJson(host, ['diagnose', 'reg.corp:5000'], { user: 'nobody' })
    assert.deepEqual([other.code, codes(other.registry)], [7, ['proxy-failed']], other.stdout)
    const said = other.registry.findings.find(({ code }) => code === 'proxy-failed')?.message ?? ''
    assert.match(said, new RegExp(`${middle.address}:3129 cannot be asked: the engine keeps its user name`))
  })

  it('a proxy that refuses or is not there: exit 7, with what it did and what Docker says', async () => {
    for (const [port, detail, words] of [
      [3129, /answers 407 to CONNECT reg\.corp:5000/, /Proxy Authentication Required$/],
      [
        1,
        /cannot be reached: connect ECONNREFUSED/,
        /proxyconnect tcp: dial tcp \S+ connect: connection refused$/,
      ],
    ] as const) {
      const host = await scene.lab.host('client', { docker: false })
      await host.startDocker({ HTTPS_PROXY: `http://${middle.address}:${port}` })
      const { code, registry } = await runJson(host, ['diagnose', 'reg.corp:5000'])
      assert.deepEqual([code, codes(registry)], [7, ['proxy-failed']])
      const finding = registry.findings.find((one) => one.code === 'proxy-failed')
      assert.match(finding?.message ?? '', detail)
      assert.match(finding?.fix ?? '', /HTTPS_PROXY=/)
      assert.match(consumer(registry, 'docker').observedError ?? '', words)
    }
  })

  it('--proxy and --resolve go before everything else', async () => {
    const host = await scene.lab.host('client', { hosts: { 'reg.corp': scene.lab.nowhere } })
    const through = await runJson(host, ['diagnose', 'reg.corp:5000', '--proxy', `${middle.address}:3128`])
    assert.equal(through.registry.probe?.chain.length, 1, through.stdout)
    const pinned = await runJson(host, [
      ...['diagnose', 'reg.corp:5000', '--timeout', '3'],
      ...['--resolve', `reg.corp:5000:${server.address}`],
    ])
    assert.deepEqual(pinned.registry.probe?.addresses, [server.address])
    assert.equal(pinned.registry.probe.chain.length, 1)
    for (const [flag, value] of [
      ['--proxy', 'http://joe:canary@proxy.corp:1'],
      ['--proxy', 'socks5://proxy.corp:1'],
      ['--resolve', 'reg.corp:5000'],
      ['--resolve', 'reg.corp:5000:reg2.corp'],
    ] as const) {
      const { code, stdout, stderr } = await host.product(['diagnose', 'reg.corp:5000', flag, value])
      assert.equal(code, 2, `${flag} ${value}`)
      assert.doesNotMatch(stdout + stderr, /canary/)
    }
  })

  it('a registry that has IPv6 only', async function () {
    const target = server.address6
    if (target === '') leaveOut(this, 'the kernel has no IPv6')
    const host = await scene.lab.host('client', { hosts: { 'reg.corp': target } })
    await host.write('/root/ca.pem', root.pem)
    const run = await runJson(host, args, password)
    assert.equal(run.code, 0, run.stdout)
    assert.deepEqual(run.registry.probe?.addresses, [target])
    assert.equal(run.registry.login?.ok, true)
  })
})
