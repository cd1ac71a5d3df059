import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../../fixtures/lab/host.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { dockerLogin, runJson, users, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const system = [registry, '--scope', 'system', '--ca', '/root/ca.pem'] as const

describe('what is said about restarts', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    hosts = { 'reg.corp': server.address }
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
  })

  async function client(more: { readonly withoutDocker?: boolean } = {}): Promise<Host> {
    const host = await scene.lab.host('client', { hosts, ...more })
    await host.write('/root/ca.pem', root.pem)
    return host
  }

  it('the question names the containers that would stop; without consent none of them does', async () => {
    const host = await client()
    const script =
      "tar -ch -C / bin/sleep $(ldd /bin/sleep | grep -o '/lib[^ ]*' | cut -c2-) | docker import - idle && " +
      'docker run -d --network none --name web idle /bin/sleep 600'
    const started = await host.run(['sh', '-ec', script])
    assert.equal(started.code, 0, started.stderr)
    assert.equal((await host.run(['docker', 'inspect', '-f', '{{.State.Running}}', 'web'])).stdout, 'true\n')
    const asked = await runJson(host, system)
    assert.equal(asked.code, 4)
    assert.match(asked.registry.error?.seen ?? '', /^restart docker \(.*this stops 1 container: web\)$/m)
    const running = await host.run(['docker', 'ps', '--format', '{{.Names}}'])
    assert.equal(running.stdout, 'web\n')
  })

  it('--restart never: what is not done yet, both ways, and the line that does it', async () => {
    const host = await client()
    assert.equal((await dockerLogin(host, registry)).code, 1, 'docker has read the OS store')
    const trusted = await host.product([...system, '--yes', '--restart', 'never'])
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.match(
      trusted.stdout,
      /^reg\.corp:5000 {3}! in the OS store; docker trusts it once it is restarted/,
    )
    await finish(host, trusted.stdout)
    assert.equal((await dockerLogin(host, registry)).code, 0)

    const undone = await host.product(['undo', registry, '--yes', '--restart', 'never'])
    assert.equal(undone.code, 0, undone.stdout)
    assert.match(undone.stdout, /^reg\.corp:5000 {3}! undone, but docker trusts it until it is restarted/)
    assert.equal((await dockerLogin(host, registry)).code, 0, 'it does')
    await finish(host, undone.stdout)
    assert.equal((await dockerLogin(host, registry)).code, 1, 'and then it does not')
  })

  /** Types what the report says, and waits for the daemon. */
  async function finish(host: Host, report: string): Promise<void> {
    const [, line = ''] = /^ To finish: (.*)$/m.exec(report) ?? assert.fail(report)
    const restarted = await host.run(['sh', '-c', line])
    assert.equal(restarted.code, 0, restarted.stdout + restarted.stderr)
    for (let tries = 0; (await host.run(['docker', 'version'])).code !== 0; tries++) {
      assert.ok(tries < 100, 'docker did not come back')
      await sleep(100)
    }
  }

  it('without any engine the OS store is what counts: headline and exit code agree', async () => {
    const host = await client({ withoutDocker: true })
    const alone = await host.product([...system, '--yes'])
    assert.equal(alone.code, 0, alone.stdout)
    assert.match(alone.stdout, /^reg\.corp:5000 {3}✓ system trusts it now\n/)
    assert.match(alone.stdout, /^ ! runtime-not-found/m)
  })
})
