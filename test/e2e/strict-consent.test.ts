import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import type { RunResult } from '../../fixtures/lab/run.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import type { ResultDocument } from '../../src/report/document.ts'
import { program, typeAt } from './pty.ts'
import { dockerLogin, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const DAEMON_JSON = '/etc/docker/daemon.json'
const askStrict = /Shall it be checked from now on\?/
const askPlan = /Go ahead\?/

describe('the word that an entry of insecure-registries takes to go', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let host: Host
  let untouched: readonly string[]
  let settings: string

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    host = await scene.lab.host('client', {
      hosts: { 'reg.corp': server.address },
      daemonJson: { 'insecure-registries': [registry, 'other.corp:5000'] },
    })
    assert.equal((await host.run(['useradd', '--create-home', '--uid', '1001', 'alice'])).code, 0)
    await host.write('/home/alice/ca.pem', root.pem)
    await host.write('/etc/sudoers.d/alice', `alice ALL=(root) NOPASSWD: ${program} __apply\n`, 0o440)
    settings = await host.read(DAEMON_JSON)
    untouched = await host.snapshot(watched)
  })

  const trust = `${program} ${registry} --ca /home/alice/ca.pem`
  const asAlice = 'setpriv --reuid=1001 --regid=1001 --init-groups env HOME=/home/alice USER=alice'

  /** The entries that the daemon itself goes by. */
  async function unchecked(): Promise<string> {
    return (await host.run(['docker', 'info', '--format', '{{json .RegistryConfig.IndexConfigs}}'])).stdout
  }

  async function holdsChanged(what: string): Promise<void> {
    const now = JSON.parse(await host.read(DAEMON_JSON)) as Record<string, unknown>
    assert.deepEqual(now['insecure-registries'], ['other.corp:5000'], what)
    const info = await unchecked()
    assert.ok(!info.includes(registry) && info.includes('other.corp:5000'), info)
    assert.equal((await dockerLogin(host, registry)).code, 0, what)
    await host.run(['docker', 'logout', registry])
  }

  async function undo(run: Promise<RunResult>): Promise<void> {
    const { code, stdout, stderr } = await run
    assert.equal(code, 0, stdout + stderr)
    await isAsBefore(stdout)
  }

  async function trustsAndUndoes(line: string): Promise<void> {
    const agreed = await typeAt(host, line, [
      [askStrict, 'y\r'],
      [askPlan, 'y\r'],
    ])
    assert.deepEqual([agreed.code, agreed.unanswered], [0, 0], agreed.screen)
    await holdsChanged(agreed.screen)
    await undo(host.product(['undo', registry, '--yes']))
  }

  async function isAsBefore(what: string): Promise<void> {
    assert.deepEqual(await host.snapshot(watched), untouched, what)
    assert.equal(await host.read(DAEMON_JSON), settings, what)
    assert.ok((await unchecked()).includes(registry), what)
  }

  it('root, at a terminal: a no to the plan changes nothing, a no to the entry keeps it; a yes to both, and Docker checks', async () => {
    const refused = await typeAt(host, trust, [
      [askStrict, 'y\r'],
      [askPlan, '\r'],
    ])
    assert.deepEqual([refused.code, refused.unanswered], [4, 0], refused.screen)
    assert.match(refused.screen, /The certificate of reg\.corp:5000 is not checked so far:/)
    await isAsBefore(refused.screen)

    const kept = await typeAt(host, trust, [
      [askStrict, '\r'],
      [askPlan, 'y\r'],
    ])
    assert.deepEqual([kept.code, kept.unanswered], [1, 0], kept.screen)
    assert.equal(await host.read(DAEMON_JSON), settings, kept.screen)
    await undo(host.product(['undo', registry, '--yes']))
    await trustsAndUndoes(trust)
  })

  it('a user who may not ask Docker, through sudo, at a terminal: Ctrl-C changes nothing; a yes to both, and Docker checks', async () => {
    const line = `${asAlice} ${trust}`
    const stopped = await typeAt(host, line, [[askStrict, '\x03']])
    assert.deepEqual([stopped.code, stopped.unanswered], [130, 0], stopped.screen)
    await isAsBefore(stopped.screen)
    await trustsAndUndoes(line)
  })

  it('a user, through sudo, off a terminal: without --yes the entry stays, with it it goes, and root takes it back', async () => {
    const run = async (...more: readonly string[]) => {
      const { code, stdout, stderr } = await host.run([
        'sh',
        '-c',
        `${asAlice} ${trust} --json ${more.join(' ')}`,
      ])
      return { code, said: stdout + stderr, registry: (JSON.parse(stdout) as ResultDocument).registries[0] }
    }
    const without = await run()
    assert.equal(await host.read(DAEMON_JSON), settings, without.said)
    assert.equal(without.code, 1, without.said)
    await undo(host.product(['undo', registry, '--yes']))

    const agreed = await run('--yes')
    assert.deepEqual([agreed.code, agreed.registry?.verified], [0, true], agreed.said)
    assert.ok(
      agreed.registry?.changes.some(({ path }) => path === DAEMON_JSON),
      agreed.said,
    )
    await holdsChanged(agreed.said)
    // What stood in daemon.json before is root's to read, and its half of the run does.
    await undo(host.run(['sh', '-c', `${asAlice} ${program} undo ${registry} --yes`]))
  })
})
