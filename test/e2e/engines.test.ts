import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { codes, consumer, daemonMessage, dockerLogin, runJson, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'

describe('machines where the engine is not at hand', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let server: Server
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    hosts = { 'reg.corp': server.address }
  })

  it('no Docker: exit 1 and runtime-not-found; --runtime docker prepares the directory all the same', async () => {
    const host = await scene.lab.host('client', { hosts, withoutDocker: true })
    await host.write('/root/ca.pem', root.pem)
    const before = await host.snapshot(watched)
    for (const args of [
      ['diagnose', registry],
      [registry, '--ca', '/root/ca.pem'],
    ]) {
      const run = await runJson(host, args)
      assert.equal(run.code, 1, run.stdout)
      assert.ok(run.registry.findings.some((finding) => finding.code === 'runtime-not-found'))
    }
    assert.deepEqual(await host.snapshot(watched), before)

    const prepared = await runJson(host, [registry, '--ca', '/root/ca.pem', '--runtime', 'docker'])
    assert.equal(prepared.code, 0, prepared.stdout)
    assert.equal(prepared.registry.verified, false)
    assert.equal(await host.read(prepared.registry.changes[0]?.path ?? ''), root.pem)
    assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
    assert.deepEqual(await host.snapshot(watched), before, 'the directories are gone, too')
  })

  it('a docker program without a daemon is no engine: podman is served; alone it is exit 1, and says so', async () => {
    const install = async (host: Host): Promise<void> => {
      await host.write('/root/ca.pem', root.pem)
      await host.write('/usr/local/bin/docker', '#!/bin/sh\nexec podman "$@"\n', 0o755)
    }
    const podman = await scene.lab.host('client', { hosts, podman: true, withoutDocker: true })
    await install(podman)
    const trusted = await runJson(podman, [registry, '--ca', '/root/ca.pem'])
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.ok(!trusted.registry.consumers.some(({ name }) => name === 'docker'))
    assert.ok(!codes(trusted.registry).includes('daemon-down'))

    const host = await scene.lab.host('client', { hosts, withoutDocker: true })
    await install(host)
    const alone = await runJson(host, [registry, '--ca', '/root/ca.pem'])
    assert.equal(alone.code, 1, alone.stdout)
    const missing = alone.registry.findings.find(({ code }) => code === 'runtime-not-found')
    assert.match(missing?.message ?? alone.stdout, /only the docker program, which asks one/)
    assert.match(missing?.fix ?? '', /--runtime docker/)
  })

  it('--offline --ca prepares without a look', async () => {
    const host = await scene.lab.host('client', { docker: false })
    await host.write('/root/ca.pem', root.pem)
    const run = await runJson(host, ['never.corp:5000', '--offline', '--ca', '/root/ca.pem'])
    assert.equal(run.code, 0, run.stdout)
    assert.equal(run.registry.verified, false)
    assert.equal(run.registry.probe, undefined)
    assert.match(run.registry.changes[0]?.path ?? '', /certs\.d\/never\.corp:5000\//)
  })

  it('a daemon that is down: said so; its directory is prepared, and works once it is up', async () => {
    const host = await scene.lab.host('client', { hosts })
    await host.write('/root/ca.pem', root.pem)
    await host.stopDocker()
    const seen = await runJson(host, ['diagnose', registry])
    assert.equal(seen.code, 1)
    assert.ok(codes(seen.registry).includes('daemon-down'))
    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem'])
    assert.equal(trusted.code, 1)
    assert.equal(trusted.registry.verified, false)
    await host.startDocker()
    assert.equal((await dockerLogin(host, registry)).code, 0)
    assert.equal((await runJson(host, ['diagnose', registry])).code, 0)
  })

  it('without root: diagnose works and marks what it could not see; trust names the line to type, exit 12', async () => {
    const host = await scene.lab.host('client', { hosts })
    await host.write('/tmp/ca.pem', root.pem)
    const before = await host.snapshot([...watched, '/var/lib'])
    const nobody = { user: 'nobody' } as const
    const seen = await runJson(host, ['diagnose', registry], nobody)
    assert.equal(seen.code, 1)
    const docker = consumer(seen.registry, 'docker')
    assert.equal(docker.state, 'unknown')
    assert.equal(docker.assumed, true)
    assert.match(docker.predictedError ?? '', /unknown authority/)
    assert.ok(seen.registry.findings.some((finding) => finding.code === 'runtime-unreachable'))

    const trusted = await runJson(host, [registry, '--ca', '/tmp/ca.pem'], nobody)
    assert.equal(trusted.code, 12)
    assert.equal(trusted.registry.error?.fix, `sudo trust-registry ${registry} --ca /tmp/ca.pem --json`)
    assert.deepEqual(await host.snapshot([...watched, '/var/lib']), before)
  })

  it('what stands wrong in certs.d is found: a stray key stops Docker, other names are ignored', async () => {
    const host = await scene.lab.host('client', { hosts })
    await host.write(`/etc/docker/certs.d/${registry}/domain.key`, 'not a key\n')
    await host.write(`/etc/docker/certs.d/${registry}/ca.pem`, root.pem)
    const refused = await dockerLogin(host, registry)
    const seen = await runJson(host, ['diagnose', registry])
    assert.equal(consumer(seen.registry, 'docker').predictedError, daemonMessage(refused))
    assert.ok(codes(seen.registry).includes('client-key-orphan'))
    assert.ok(seen.registry.findings.some((finding) => finding.code === 'trust-file-ignored'))
  })

  it('a directory for the wrong port is named', async () => {
    const host = await scene.lab.host('client', { hosts })
    await host.write('/etc/docker/certs.d/reg.corp/ca.crt', root.pem)
    const seen = await runJson(host, ['diagnose', registry])
    const finding = seen.registry.findings.find((entry) => entry.code === 'trust-directory-misnamed')
    assert.match(finding?.message ?? '', /certs\.d\/reg\.corp holds/)
  })
})
