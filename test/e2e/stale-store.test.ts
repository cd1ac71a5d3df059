import assert from 'node:assert/strict'
import { createCa } from '../../fixtures/pki.ts'
import { codes, consumer, dockerLogin, runJson, users, watched, withLab } from './scene.ts'

describe('a root that came into the OS store after dockerd had read it', function () {
  const scene = withLab(this)

  it('is named as restart-needed; trust mends it without a restart and without a pin', async () => {
    const root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    const host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address } })
    const daemon = host.dockerPid()
    assert.equal((await dockerLogin(host, 'reg.corp:5000')).code, 1)
    await host.installSystemCa(root.pem)
    assert.equal((await dockerLogin(host, 'reg.corp:5000')).code, 1, 'dockerd reads the store once')

    const before = await host.snapshot(watched)
    const seen = await runJson(host, ['diagnose', 'reg.corp:5000'])
    assert.equal(seen.code, 1)
    assert.deepEqual(codes(seen.registry), ['restart-needed'])
    assert.equal(consumer(seen.registry, 'docker').state, 'refused')
    assert.equal(consumer(seen.registry, 'system').state, 'trusted')

    const trusted = await runJson(host, ['reg.corp:5000'])
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal(trusted.registry.identity?.how, 'proven')
    assert.equal((await dockerLogin(host, 'reg.corp:5000')).code, 0)
    assert.deepEqual(host.dockerPid(), daemon)
    assert.equal((await runJson(host, ['undo', 'reg.corp:5000', '--yes'])).code, 0)
    assert.deepEqual(await host.snapshot(watched), before)
  })
})
