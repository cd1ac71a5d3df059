import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { repository } from '../../fixtures/lab/host.ts'
import { memoryOf } from '../../fixtures/lab/state.ts'
import { createCa } from '../../fixtures/pki.ts'
import { watched, withLab } from './scene.ts'

describe('an interrupted run', function () {
  const scene = withLab(this)

  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    it(`${name} while a registry keeps it waiting: exit 130, nothing is changed`, async () => {
      const root = await createCa({ name: 'Corp Root CA' })
      const server = await scene.lab.server('registry')
      const service = await server.tcp(5000, 'silent')
      const host = await scene.lab.host('client', { docker: false, hosts: { 'reg.corp': server.address } })
      await host.write('/root/ca.pem', root.pem)
      const before = await host.snapshot([...watched, '/var/lib'])
      const program = [process.execPath, join(repository, 'bin/run.js')]
      const run = host.start([...program, 'reg.corp:5000', '--ca', '/root/ca.pem', '--timeout', '60', '-v'])
      await sleep(1500)
      run.signal(name)
      const { code, stdout, stderr } = await run.done
      assert.equal(code, 130, stderr)
      assert.match(stderr, /looking at the chain/, 'it had begun')
      assert.match(stdout, /interrupted: nothing on this machine is changed/)
      assert.deepEqual(await host.snapshot([...watched, '/var/lib']), before)
      await service.stop()
    })
  }

  it('while the daemon owes an answer, before the change and after it: it does not wait for the answer', async () => {
    const root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('secured')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })] })
    const path = `/etc/docker/certs.d/reg.corp:5000/trust-registry-${root.sha256.slice(0, 16).toLowerCase()}.crt`
    for (const moment of ['at once', `while [ ! -e '${path}' ]; do :; done`]) {
      const host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address } })
      await host.write('/root/ca.pem', root.pem)
      const { pid } = host.dockerPid() ?? assert.fail()
      const before = await host.snapshot(watched)
      const freeze = host.run(['sh', '-c', `${moment === 'at once' ? ':' : moment}; kill -STOP ${pid}`])
      if (moment === 'at once') await freeze
      const program = [process.execPath, join(repository, 'bin/run.js')]
      const run = host.start([...program, 'reg.corp:5000', '--ca', '/root/ca.pem', '--timeout', '25'])
      await freeze
      await sleep(1500)
      const began = Date.now()
      run.signal('SIGINT')
      const { code, stdout, stderr } = await run.done
      assert.equal(code, 130, stdout + stderr)
      assert.ok(Date.now() - began < 10_000, `${moment}: it waited for ${Date.now() - began} ms`)
      assert.deepEqual(await host.snapshot(watched), before, moment)
      assert.deepEqual(memoryOf(host).leftOver, [], moment)
      await host.run(['kill', '-CONT', String(pid)])
      await host.close()
    }
  })
})
