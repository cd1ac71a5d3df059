import assert from 'node:assert/strict'
import { createCa, rotated, selfSigned } from '../../fixtures/pki.ts'
import { codes, consumer, daemonMessage, dockerLogin, runJson, users, watched, withLab } from './scene.ts'

describe('a server certificate that signed itself', function () {
  const scene = withLab(this)

  for (const isCA of [true, false]) {
    it(`CA:${isCA ? 'TRUE' : 'FALSE'}: named, pinned, trusted for this registry, undone`, async () => {
      const server = await scene.lab.server('registry')
      const certificate = await selfSigned({ names: ['self.corp'], isCA })
      await server.dockerRegistry({ port: 5000, chain: [certificate], users })
      const host = await scene.lab.host('client', { hosts: { 'self.corp': server.address } })
      const before = await host.snapshot(watched)

      const refused = await dockerLogin(host, 'self.corp:5000')
      const seen = await runJson(host, ['diagnose', 'self.corp:5000'])
      assert.equal(seen.code, 1)
      assert.deepEqual(codes(seen.registry), ['self-signed'])
      assert.equal(consumer(seen.registry, 'docker').predictedError, daemonMessage(refused))
      assert.equal(consumer(seen.registry, 'system').predictedError, 'self-signed certificate')

      assert.equal((await runJson(host, ['self.corp:5000'])).code, 4)
      const pinned = await runJson(host, ['self.corp:5000', '--fingerprint', certificate.sha256])
      assert.equal(pinned.code, 0, pinned.stdout)
      assert.equal((await dockerLogin(host, 'self.corp:5000')).code, 0)
      assert.equal((await runJson(host, ['undo', 'self.corp:5000', '--yes'])).code, 0)
      assert.deepEqual(await host.snapshot(watched), before)
    })
  }

  it('a CA with the same name and another key is told apart, and needs a new identity', async () => {
    const old = await createCa({ name: 'Corp Root CA' })
    const renewed = await rotated(old)
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await renewed.issue({ names: ['reg.corp'] })], users })
    const host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address } })
    await host.write('/etc/docker/certs.d/reg.corp:5000/ca.crt', old.pem)
    await host.write('/root/new.pem', renewed.pem)

    const refused = await dockerLogin(host, 'reg.corp:5000')
    const seen = await runJson(host, ['diagnose', 'reg.corp:5000'])
    assert.deepEqual(codes(seen.registry), ['rotated-ca'])
    assert.equal(consumer(seen.registry, 'docker').predictedError, daemonMessage(refused))
    assert.match(daemonMessage(refused), /possibly because of/)

    const trusted = await runJson(host, ['reg.corp:5000', '--ca', '/root/new.pem'])
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal((await runJson(host, ['undo', 'reg.corp:5000', '--yes'])).code, 0)
    assert.equal(
      await host.read('/etc/docker/certs.d/reg.corp:5000/ca.crt'),
      old.pem,
      'what was there before stays',
    )
  })
})
