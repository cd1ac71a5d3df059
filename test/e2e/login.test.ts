import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { consumer, credentials, runJson, users, watched, withLab } from './scene.ts'

const password = { input: users.testuser }

describe('the login after the trust', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let server: Server

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    server = await scene.lab.server('registry')
    const chain = [await root.issue({ names: ['reg.corp'] })]
    await server.nginx({ port: 5000, chain, users })
    await server.nginx({ port: 5001, chain, users, versionHeader: false })
    const realm = 'Bearer realm="https://auth.elsewhere.example/token",service="reg"'
    const route = { status: 401, headers: { 'www-authenticate': realm } }
    await server.web({ port: 5002, chain, routes: { '*': route } })
  })

  async function freshHost(): Promise<Host> {
    const host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address } })
    await host.write('/root/ca.pem', root.pem)
    return host
  }

  for (const port of [5000, 5001]) {
    it(`nginx with basic auth in front, ${port === 5000 ? 'with' : 'without'} the version header`, async () => {
      const host = await freshHost()
      const run = await runJson(host, [`reg.corp:${port}`, '--ca', '/root/ca.pem', ...credentials], password)
      assert.equal(run.code, 0, run.stdout)
      assert.equal(run.registry.login?.ok, true)
      assert.equal(run.registry.probe?.ping?.apiVersion, port === 5000 ? 'registry/2.0' : undefined)
    })
  }

  it('a wrong password: exit 10 and trust is kept, or taken back with --login-required', async () => {
    const host = await freshHost()
    const before = await host.snapshot(watched)
    const args = ['reg.corp:5000', '--ca', '/root/ca.pem', ...credentials]
    const required = await runJson(host, [...args, '--login-required'], { input: 'wrong' })
    assert.equal(required.code, 10, required.stdout)
    assert.deepEqual(await host.snapshot(watched), before)
    const kept = await runJson(host, args, { input: 'wrong' })
    assert.equal(kept.code, 10)
    assert.equal(kept.registry.verified, true)
    assert.match(kept.registry.login?.message ?? '', /401 Unauthorized/)
    assert.equal(await host.exists('/root/.docker/config.json'), false)
    assert.ok(!kept.stdout.includes('wrong'), 'the password is not in the output')
  })

  it('a token service on another host gets no password: exit 10', async () => {
    const host = await freshHost()
    const run = await runJson(host, ['reg.corp:5002', '--ca', '/root/ca.pem', ...credentials], password)
    assert.equal(run.code, 10, run.stdout)
    assert.equal(run.registry.login?.attempted, false)
    assert.match(run.registry.login.message ?? '', /auth\.elsewhere\.example/)
  })

  it('a credential helper gets the password on stdin, and config.json keeps what it had', async () => {
    const host = await freshHost()
    const helper = '#!/bin/sh\necho "$@" > /root/helper.argv\ncat > /root/helper.stdin\n'
    await host.write('/usr/local/bin/docker-credential-lab', helper, 0o755)
    const config =
      '{\n\t"HttpHeaders": {"X-Corp": "1"},\n\t"credHelpers": {"reg.corp:5000": "lab"},\n\t"unknown": [1]\n}'
    await host.write('/root/.docker/config.json', config, 0o600)
    const run = await runJson(host, ['reg.corp:5000', '--ca', '/root/ca.pem', ...credentials], password)
    assert.equal(run.code, 0, run.stdout)
    assert.equal(await host.read('/root/helper.argv'), 'store\n')
    assert.deepEqual(JSON.parse(await host.read('/root/helper.stdin')), {
      ServerURL: 'reg.corp:5000',
      Username: 'testuser',
      Secret: 'testpassword',
    })
    const stored = JSON.parse(await host.read('/root/.docker/config.json')) as Record<string, unknown>
    assert.deepEqual(Object.keys(stored), ['HttpHeaders', 'credHelpers', 'unknown', 'auths'])
    assert.deepEqual(stored['auths'], { 'reg.corp:5000': {} })
  })

  it('a damaged config.json is named with line and column, left untouched, and the engine served', async () => {
    const host = await freshHost()
    const damaged = '{\n  "auths": oops-secret\n}\n'
    await host.write('/root/.docker/config.json', damaged, 0o600)
    const run = await runJson(host, ['reg.corp:5000', '--ca', '/root/ca.pem', ...credentials], password)
    assert.equal(run.code, 10)
    assert.match(run.registry.login?.message ?? '', /config\.json is damaged \(line 2, column 12: /)
    const finding = run.registry.findings.find(({ code }) => code === 'config-damaged')
    assert.match(finding?.message ?? run.stdout, /config\.json is damaged \(line 2, column 12: /)
    assert.equal(consumer(run.registry, 'docker').state, 'trusted', run.stdout)
    assert.doesNotMatch(run.stdout, /oops/)
    assert.equal(await host.read('/root/.docker/config.json'), damaged)
  })

  it('under sudo the login belongs to the person who called', async () => {
    const host = await freshHost()
    await host.run(['useradd', '--create-home', '--uid', '4242', 'tester'])
    const sudo = { SUDO_UID: '4242', SUDO_GID: '4242', SUDO_USER: 'tester', HOME: '/root' }
    const run = await runJson(host, ['reg.corp:5000', '--ca', '/root/ca.pem', ...credentials], {
      ...password,
      env: sudo,
    })
    assert.equal(run.code, 0, run.stdout)
    assert.equal(await host.exists('/root/.docker/config.json'), false)
    const { stdout } = await host.run([
      'stat',
      '-c',
      '%U %a',
      '/home/tester/.docker',
      '/home/tester/.docker/config.json',
    ])
    assert.equal(stdout, 'tester 700\ntester 600\n')
  })

  it('under sudo a link in the place of config.json is not followed', async () => {
    const host = await freshHost()
    await host.run(['useradd', '--create-home', '--uid', '4242', 'tester'])
    await host.write('/root/precious', 'precious\n')
    await host.run(['mkdir', '/home/tester/.docker'])
    await host.run(['ln', '-s', '/root/precious', '/home/tester/.docker/config.json'])
    const sudo = { SUDO_UID: '4242', SUDO_GID: '4242', SUDO_USER: 'tester', HOME: '/root' }
    const run = await runJson(host, ['reg.corp:5000', '--ca', '/root/ca.pem', ...credentials], {
      ...password,
      env: sudo,
    })
    assert.equal(run.code, 10)
    assert.equal(await host.read('/root/precious'), 'precious\n')

    // Nor is a link in the place of the folder: what root keeps for itself would become the caller's to read.
    const roots = JSON.stringify({ auths: { 'other.corp': { auth: 'c2VjcmV0' } } })
    await host.write('/root/.docker/config.json', roots, 0o600)
    await host.run(['rm', '-r', '/home/tester/.docker'])
    await host.run(['ln', '-s', '/root/.docker', '/home/tester/.docker'])
    const led = await runJson(host, ['reg.corp:5000', '--ca', '/root/ca.pem', ...credentials], {
      ...password,
      env: sudo,
    })
    assert.equal(led.code, 10, led.stdout)
    assert.match(led.registry.login?.message ?? '', /does not belong to tester/)
    assert.equal(await host.read('/root/.docker/config.json'), roots)
  })
})
