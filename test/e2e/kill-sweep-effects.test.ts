import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import { askDaemon, memoryOf, tree } from '../../fixtures/lab/state.ts'
import { sweep, type Scenario, type SweepOptions } from '../../fixtures/lab/sweep.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const trust = [registry, '--ca', '/root/ca.pem', '--yes']
const undo = ['undo', registry, '--yes']

/** `npm run sweep`: every point. Otherwise a few of the quick one, other ones at each run. */
const full = process.env['TRUST_REGISTRY_SWEEP'] === 'full'

/** Where a change is more than new files: bytes replaced, a store made anew, a daemon told or restarted. */
describe('the program, killed while it has others act on what it wrote', function () {
  const scene = withLab(this)
  this.timeout(full ? 3_600_000 : 120_000)
  let root: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    hosts = { 'reg.corp': server.address }
  })

  async function does(host: Host, args: readonly string[]): Promise<void> {
    const { code, stdout, stderr } = await host.product(args)
    assert.equal(code, 0, `${args.join(' ')}: ${stdout}${stderr}`)
  }

  /** As on a machine where nothing was ever done, so that each run makes the same calls. */
  const forget = (host: Host) => (): Promise<unknown> => host.run(['rm', '-rf', '/var/lib/trust-registry'])

  async function swept(host: Host, scenario: Scenario, options: SweepOptions): Promise<void> {
    const tally = await sweep(host, scenario, options)
    const { points, tried, old } = tally
    console.log(
      `      ${scenario.name}: ${points.length} points, ${tried} runs killed: ${old} times the old state, ${tally.new} the new one`,
    )
    assert.ok(points.length > 20, points.join('\n'))
  }

  it('replace and reload: daemon.json is the old one or the new one, and dockerd goes by the one that is there', async () => {
    const host = await scene.lab.host('client', { hosts, daemonJson: { 'insecure-registries': [registry] } })
    await host.write('/root/ca.pem', root.pem)
    const before = await host.snapshot(watched)
    const look = async (): Promise<unknown> => {
      const info = await host.run(['docker', 'info', '-f', '{{json .RegistryConfig.IndexConfigs}}'])
      return {
        files: [...tree(host, '/etc/docker'), ...tree(host, '/root/.docker')],
        memory: memoryOf(host),
        insecure: info.stdout.includes(`"${registry}":`),
      }
    }
    const fresh = forget(host)
    const scenario = { name: 'replace', there: trust, back: () => does(host, undo), fresh, look }
    const stride = 24
    await swept(host, scenario, full ? {} : { stride, offset: Math.floor(Math.random() * stride) })
    assert.deepEqual(await host.snapshot(watched), before, 'to the byte')
  })

  if (!full) return
  it('refresh and restart: the OS store, its bundle and what docker has read of it', async () => {
    const host = await scene.lab.host('client', { hosts })
    await host.write('/root/ca.pem', root.pem)
    await host.run(['update-ca-certificates', '--fresh'])
    const before = await host.snapshot(watched)
    const look = async (): Promise<unknown> => ({
      files: ['/etc/docker', '/usr/local/share/ca-certificates', '/etc/ssl/certs'].map((path) =>
        tree(host, path),
      ),
      memory: memoryOf(host),
      docker: await askDaemon(host, registry),
    })
    const system = [...trust, '--scope', 'system']
    const fresh = forget(host)
    const trusting = { name: 'system, trust', there: system, back: () => does(host, undo), fresh, look }
    await swept(host, trusting, {})
    await does(host, system)
    await swept(host, { name: 'system, undo', there: undo, back: () => does(host, system), look }, {})
    await does(host, undo)
    assert.deepEqual(await host.snapshot(watched), before, 'to the byte')
  })
})
