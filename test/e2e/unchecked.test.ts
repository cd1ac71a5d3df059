import assert from 'node:assert/strict'
import { createCa } from '../../fixtures/pki.ts'
import { codes, consumer, credentials, runJson, users, watched, withLab } from './scene.ts'

describe('a registry whose certificate Docker does not check', function () {
  const scene = withLab(this)

  it('a name on loopback: nothing to install, exit 0 with a warning, not verified', async () => {
    const root = await createCa({ name: 'Corp Root CA' })
    const chain = [await root.issue({ names: ['local.corp'] })]
    const host = await scene.lab.host('client', { hosts: { 'local.corp': '127.0.0.1' } })
    await host.write('/root/ca.pem', root.pem)
    await host.write('/root/serve.mjs', serve(chain[0]?.pem ?? '', chain[0]?.key ?? ''))
    const served = host.start([process.execPath, '/root/serve.mjs'])
    try {
      await listening(() => host.run(['bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/5000']))
      const before = await host.snapshot(watched)
      for (const args of [
        ['diagnose', 'local.corp:5000'],
        ['local.corp:5000', '--ca', '/root/ca.pem'],
      ]) {
        const run = await runJson(host, args)
        assert.equal(run.code, 0, run.stdout)
        assert.equal(run.registry.verified, false)
        assert.equal(consumer(run.registry, 'docker').state, 'unchecked')
        assert.equal(consumer(run.registry, 'docker-cli').state, 'unchecked')
        const warning = run.registry.findings.find((finding) => finding.code === 'loopback-insecure')
        assert.equal(warning?.severity, 'warning')
        assert.match(warning.message, /does not check/)
      }
      assert.deepEqual(await host.snapshot(watched), before)
      const client = await host.run(['docker', 'manifest', 'inspect', 'local.corp:5000/app'])
      assert.doesNotMatch(client.stderr, /x509/, 'the docker program makes the same exception')
    } finally {
      served.signal('SIGTERM')
      await served.done
    }
  })

  for (const entry of ['reg.corp:5000', '198.18.0.0/15']) {
    it(`insecure-registries with ${entry}: said, exit 1, no password sent; trust prepares for the day it is gone`, async () => {
      const root = await createCa({ name: 'Corp Root CA' })
      const server = await scene.lab.server('registry')
      const service = await server.dockerRegistry({
        port: 5000,
        chain: [await root.issue({ names: ['reg.corp'] })],
        users,
      })
      const daemonJson = { 'insecure-registries': [entry] }
      const host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address }, daemonJson })
      await host.write('/root/ca.pem', root.pem)
      const seen = await runJson(host, ['diagnose', 'reg.corp:5000'])
      assert.equal(seen.code, 1)
      assert.ok(codes(seen.registry).includes('insecure-registry'))
      assert.equal(consumer(seen.registry, 'docker').state, 'unchecked')
      const trusted = await runJson(host, ['reg.corp:5000', '--ca', '/root/ca.pem', ...credentials], {
        input: users.testuser,
      })
      assert.equal(trusted.code, 10, 'the login is withheld')
      assert.equal(trusted.registry.login?.attempted, false)
      assert.equal(trusted.registry.verified, false)
      assert.ok(trusted.registry.changed)
      assert.ok(!service.log().includes('testuser'), 'the user name reached the registry')
    })
  }
})

function serve(cert: string, key: string): string {
  return `import { createServer } from 'node:https'
const cert = ${JSON.stringify(cert)}, key = ${JSON.stringify(key)}
createServer({ cert, key }, (_, response) => response.end('{}')).listen(5000, '127.0.0.1')
setTimeout(() => process.exit(), 60000)\n`
}

async function listening(attempt: () => Promise<{ readonly code: number | null }>): Promise<void> {
  for (let round = 0; round < 100; round++) {
    if ((await attempt()).code === 0) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail('the registry on loopback does not answer')
}
