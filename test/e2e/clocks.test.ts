import assert from 'node:assert/strict'
import { join } from 'node:path'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import type { ResultDocument } from '../../src/report/document.ts'
import { codes, consumer, daemonMessage, dockerLogin, runJson, watched, withLab } from './scene.ts'

const YEAR_MS = 365 * 86_400_000
const soon = new Date(Date.now() + 3 * YEAR_MS)

describe('clocks that are wrong by years', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let server: Server
  let host: Host

  before(async () => {
    root = await createCa({ name: 'Corp Root CA', notAfter: new Date(Date.now() + 10 * YEAR_MS) })
    server = await scene.lab.server('registry')
    const headers = {
      'docker-distribution-api-version': 'registry/2.0',
      'www-authenticate': 'Basic realm="r"',
    }
    const later = { notBefore: soon, notAfter: new Date(soon.getTime() + YEAR_MS / 4) }
    await server.web({
      port: 5000,
      chain: [await root.issue({ names: ['reg.corp'], ...later })],
      routes: {
        '*': { status: 401, headers: { ...headers, date: new Date(soon.getTime() + 1e9).toUTCString() } },
      },
    })
    await server.web({
      port: 5001,
      chain: [await root.issue({ names: ['reg.corp'] })],
      routes: { '*': { status: 401, headers } },
    })
    host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address } })
    await host.write('/root/ca.pem', root.pem)
  })

  it('this machine is three years behind: its clock is at fault, nobody else; nothing is written', async () => {
    const registry = 'reg.corp:5000'
    const before = await host.snapshot(watched)
    for (const args of [['diagnose', registry], [registry]]) {
      const run = await runJson(host, [...args, '--ca', '/root/ca.pem'])
      assert.equal(run.code, 1, run.stdout)
      const named = codes(run.registry)
      assert.ok(named.includes('not-yet-valid') && named.includes('clock-skew'), run.stdout)
      const fault = run.registry.findings.find(({ code }) => code === 'not-yet-valid')
      assert.equal(fault?.owner, 'machine')
      assert.match(fault.fix ?? '', /timedatectl/)
    }
    assert.deepEqual(await host.snapshot(watched), before)
    // With the CA in place Docker says so itself.
    await host.write(`/etc/docker/certs.d/${registry}/ca.crt`, root.pem)
    const seen = await runJson(host, ['diagnose', registry])
    const said = daemonMessage(await dockerLogin(host, registry))
    assert.match(said, /x509: certificate has expired or is not yet valid: current time \S+ is before/)
    assert.match(consumer(seen.registry, 'docker').observedError ?? '', /is before/)
    assert.equal(seen.registry.findings.find(({ first }) => first)?.code, 'not-yet-valid')
  })

  it('our own clock is twelve years ahead, the daemon has the right one: its word counts, and ours does no harm', async () => {
    const registry = 'reg.corp:5001'
    const ahead = async (args: readonly string[]): Promise<ResultDocument> => {
      const program = [process.execPath, join(repository, 'bin/run.js')]
      const { stdout, stderr } = await host.run(['faketime', '-f', '+4380d', ...program, ...args, '--json'])
      assert.match(stdout, /^\{/, stderr)
      return JSON.parse(stdout) as ResultDocument
    }
    const before = await host.snapshot(watched)
    const refused = await ahead([registry, '--ca', '/root/ca.pem'])
    assert.equal(refused.exitCode, 1, JSON.stringify(refused))
    assert.ok(codes(refused.registries[0] ?? assert.fail()).includes('clock-skew'))
    assert.deepEqual(await host.snapshot(watched), before)

    assert.equal((await runJson(host, [registry, '--ca', '/root/ca.pem'])).code, 0)
    const trusted = await ahead(['diagnose', registry])
    const [seen = assert.fail()] = trusted.registries
    assert.equal(consumer(seen, 'docker').state, 'trusted', JSON.stringify(seen))
    assert.ok(
      seen.findings.some(({ code }) => code === 'clock-skew'),
      JSON.stringify(seen.findings),
    )
    const undone = await ahead(['undo', registry, '--yes'])
    assert.equal(undone.exitCode, 0)
    assert.deepEqual(await host.snapshot(watched), before)
  })
})
