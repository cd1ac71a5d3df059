import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../../fixtures/lab/host.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import type { ResultDocument } from '../../src/report/document.ts'
import { program, typeAt } from './pty.ts'
import { runJson, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'

describe('somebody else answers the second time', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let other: CertificateAuthority
  let server: Server

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    // The same name, so that nothing but the key tells them apart.
    other = await createCa({ name: 'Corp Root CA' })
    server = await scene.lab.server('registry')
  })

  /** Holds the lock, so that a run waits between its look and its change. */
  async function held<T>(host: Host, work: (release: () => Promise<void>) => Promise<T>): Promise<T> {
    await host.run(['mkdir', '-p', '/var/lib/trust-registry'])
    // No fork: the one that gets the signal is the one that holds the lock.
    const holder = host.start(['flock', '--no-fork', '/var/lib/trust-registry/lock', 'sleep', '60'])
    return work(async () => {
      holder.signal('SIGKILL')
      await holder.done
    })
  }

  async function serve(ca: CertificateAuthority) {
    const chain = [await ca.issue({ names: ['reg.corp'] }), ca]
    return server.dockerRegistry({ port: 5000, chain, users })
  }

  it('between look and change: only the approved bytes are installed, the proof fails, all is rolled back, exit 8', async () => {
    const first = await serve(root)
    const host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address } })
    const before = await host.snapshot(watched)
    const args = [registry, '--trust-on-first-use', '--timeout', '30', '--json']
    const trace = ['strace', '-f', '-qq', '-e', 'trace=write,pwrite64', '-s', '4096', '-o', '/tmp/trace']
    const [node = '', script = ''] = program.split(' ')
    const document = await held(host, async (release) => {
      const running = host.start([...trace, node, script, ...args], { timeout: 60_000 })
      for (let tries = 0; first.requests().length === 0 && tries < 200; tries++) await sleep(50)
      await sleep(1500)
      await first.stop()
      const second = await serve(other)
      await release()
      const { code, stdout, stderr } = await running.done
      assert.equal(code, 8, stdout + stderr)
      await second.stop()
      return JSON.parse(stdout) as ResultDocument
    })
    const [seen] = document.registries
    assert.match(seen?.error?.message ?? '', /still refuses the registry; everything was rolled back/)
    assert.match(seen?.error?.seen ?? '', /x509: certificate signed by unknown authority/)
    assert.ok(seen?.probe?.chain.some(({ sha256 }) => sha256 === root.sha256))
    const written = (await host.read('/tmp/trace')).replaceAll('\\n', '\n')
    // Of the key: names and dates are the same.
    const line = (pem: string): string => pem.split('\n')[9] ?? ''
    assert.ok(written.includes(line(root.pem)), 'what was approved was written')
    assert.ok(!written.includes(line(other.pem)), 'and nothing else')
    assert.deepEqual(await host.snapshot(watched), before)
    const records = (await host.run(['cat', '/var/lib/trust-registry/records.json'])).stdout
    assert.ok(!records.includes('reg.corp'), records)
  })

  it('between the question and the answer: what was shown is what is installed, or nothing', async () => {
    const first = await serve(root)
    const host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address } })
    const before = await host.snapshot(watched)
    const session = typeAt(
      host,
      `${program} ${registry}`,
      [
        [/Paste the fingerprint/, `${root.sha256}\r`],
        [/Go ahead\?/, 'y\r'],
      ],
      4000,
    )
    for (let tries = 0; first.requests().length === 0 && tries < 200; tries++) await sleep(50)
    await sleep(500)
    await first.stop()
    const second = await serve(other)
    const { code, screen } = await session
    assert.equal(code, 8, screen)
    assert.deepEqual(await host.snapshot(watched), before)
    await second.stop()
  })

  it('and a run after that sees another identity than before: nothing was recorded on the way', async () => {
    const service = await serve(root)
    const host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address } })
    const run = await runJson(host, [registry, '--fingerprint', other.sha256])
    assert.equal(run.code, 5)
    assert.equal((await runJson(host, [registry, '--fingerprint', root.sha256])).code, 0)
    await service.stop()
  })
})
