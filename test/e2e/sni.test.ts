import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import { createCa, type Certificate, type CertificateAuthority } from '../../fixtures/pki.ts'
import { consumer, daemonMessage, dockerLogin, runJson, users, withLab, type JsonRun } from './scene.ts'

describe('certificates that depend on the name that a client sends', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let fallback: CertificateAuthority
  let ours: Certificate
  let server: Server
  let host: Host

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    fallback = await createCa({ name: 'Default CA', keyKind: 'p-256' })
    server = await scene.lab.server('registry')
    ours = await root.issue({ names: ['reg.corp'] })
    const theirs = await fallback.issue({ names: ['web.corp'] })
    const byAddress = await fallback.issue({ names: ['web.corp'], ips: [server.address] })
    await server.nginx({ port: 5000, chain: [theirs], named: { 'reg.corp': [ours] }, users })
    await server.nginx({ port: 5001, chain: [ours], named: { 'reg.corp': [theirs] }, users })
    await server.nginx({ port: 5002, chain: [byAddress], named: { 'reg.corp': [ours] }, users })
    host = await scene.lab.host('client', {
      hosts: { 'reg.corp': server.address, 'other.corp': server.address },
    })
    await host.write('/root/ca.pem', root.pem)
    await host.write('/root/default.pem', fallback.pem)
  })

  const differs = (run: JsonRun): { message: string; fix?: string } | undefined =>
    run.registry.findings.find(({ code }) => code === 'sni-differs')
  /** Our prediction is what Docker prints, and so is the leaf that it rests on. */
  const seenAsDocker = async (registry: string): Promise<JsonRun> => {
    const run = await runJson(host, ['diagnose', registry])
    const { predictedError } = consumer(run.registry, 'docker')
    assert.equal(predictedError, daemonMessage(await dockerLogin(host, registry)))
    return run
  }
  const leafOf = (run: JsonRun): string | undefined => run.registry.probe?.chain[0]?.subject

  it('the chain of the name is the one that is judged, installed and proven', async () => {
    const seen = await seenAsDocker('reg.corp:5000')
    assert.equal(seen.registry.probe?.chain[0]?.sha256, ours.sha256)
    assert.equal(differs(seen), undefined, 'engines see what we see: nothing to tell')
    const run = await runJson(host, ['reg.corp:5000', '--ca', '/root/ca.pem'])
    assert.deepEqual([run.code, run.registry.verified], [0, true], run.stdout)
    assert.equal((await dockerLogin(host, 'reg.corp:5000')).code, 0)
  })

  it('a fingerprint that was read off without a name is told from a wrong one', async () => {
    const address = server.address
    const read = `openssl s_client -connect ${address}:5000 -showcerts </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256`
    const { stdout } = await host.run(['sh', '-c', read])
    const pin = /=([0-9A-F:]+)/.exec(stdout)?.[1] ?? assert.fail(stdout)
    await runJson(host, ['undo', 'reg.corp:5000', '--yes'])
    const run = await runJson(host, ['reg.corp:5000', '--fingerprint', pin])
    assert.equal(run.code, 5, run.stdout)
    assert.match(run.registry.error?.message ?? '', /only to clients that send no server name \(SNI\)/)
    assert.match(differs(run)?.message ?? '', /"web\.corp".* in the place of "reg\.corp"/)
    assert.match(differs(run)?.fix ?? '', /^openssl s_client -connect reg\.corp:5000 -servername reg\.corp /)
    const wrong = await runJson(host, ['reg.corp:5000', '--fingerprint', '0'.repeat(64)])
    assert.equal(wrong.code, 5)
    assert.doesNotMatch(wrong.registry.error?.message ?? 'none', /SNI/)
  })

  it('a server that has exchanged the two is told which block to mend', async () => {
    const run = await seenAsDocker('reg.corp:5001')
    assert.equal(leafOf(run), 'CN=web.corp')
    const { message = '', fix = '' } = differs(run) ?? {}
    assert.match(message, /another chain: "reg\.corp" .* in the place of "web\.corp"/)
    assert.match(fix, /server_name reg\.corp needs the ssl_certificate of the default one/)
    // A name that it does not know gets what everybody gets.
    assert.equal(differs(await seenAsDocker('other.corp:5000')), undefined)
  })

  it('to an address Go sends no name: the default chain is judged, and trusted where it holds the address', async () => {
    const bare = await seenAsDocker(`${server.address}:5000`)
    assert.equal(leafOf(bare), 'CN=web.corp')
    const fault = bare.registry.findings.find(({ code }) => code === 'ip-without-ip-san')
    assert.match(fault?.message ?? '', /clients send no server name \(SNI\) to an address$/)
    const registry = `${server.address}:5002`
    const seen = await seenAsDocker(registry)
    assert.equal(seen.code, 1, seen.stdout)
    const run = await runJson(host, [registry, '--ca', '/root/default.pem'])
    assert.deepEqual([run.code, run.registry.verified], [0, true], run.stdout)
    assert.equal((await dockerLogin(host, registry)).code, 0)
    assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
  })
})
