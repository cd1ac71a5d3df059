import assert from 'node:assert/strict'
import { Boot2dockerVm, type Generation } from '../../fixtures/lab/boot2docker.ts'
import type { Host } from '../../fixtures/lab/host.ts'
import { sshClient } from '../../fixtures/lab/sshd.ts'
import { createCa } from '../../fixtures/pki.ts'
import { credentials, dockerLogin, runJson, users, withLab } from './scene.ts'

describe('e2e: boot2docker, whose root is in RAM', function () {
  const scene = withLab(this)
  const registry = 'reg.corp:5000'
  const env = { TRUST_REGISTRY_NO_AIA: '1' }
  let here: Host
  let key = ''
  let hosts: Readonly<Record<string, string>> = {}

  before('a registry, and the computer that the command is typed on', async () => {
    const ca = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await ca.issue({ names: ['reg.corp'] })], users })
    hosts = { 'reg.corp': server.address }
    here = await scene.lab.host('here', { withoutDocker: true })
    key = await sshClient(here)
    await here.write('/root/ca.pem', ca.pem)
  })

  const own = '#!/bin/sh\necho mine > /run/mine\nexit 0\n'
  const kinds: readonly (readonly [Generation, string, Readonly<Record<string, string>> | undefined])[] = [
    ['1.5', 'before 1.6, which knows bootlocal.sh alone', undefined],
    ['1.8', '1.6 to 1.9, with a bootsync.sh of its owner', { 'bootsync.sh': own }],
    ['19.03', '1.10 and later, which keeps /etc/docker on its disk', undefined],
  ]
  for (const [generation, what, disk] of kinds) {
    it(`is trusted, still is after a reboot, is undone, and stays so: ${what}`, async () => {
      const vm = await Boot2dockerVm.create(scene.lab, {
        ...{ generation, authorized: key, hosts },
        ...(disk ? { disk } : {}),
      })
      await here.write('/root/.ssh/known_hosts', vm.hostKey, 0o600)
      const machine = ['--machine', `ssh://docker@${vm.host.address}`]
      const all = async (): Promise<unknown> => [
        await vm.disk(),
        (await vm.host.snapshot(['/etc/docker', '/etc/ssl', '/usr/local'])).filter(
          (line) => !line.includes('key.json '),
        ),
      ]
      const before = await all()
      const args = [registry, ...machine, '--ca', '/root/ca.pem', ...credentials]
      const run = await runJson(here, args, { env, input: users.testuser })
      assert.equal(run.code, 0, run.stdout + run.stderr)
      assert.deepEqual([run.registry.verified, run.document.machine.os.id], [true, 'boot2docker'])
      assert.equal((await dockerLogin(vm.host, registry)).code, 0)
      assert.equal(await vm.host.exists('/var/lib/trust-registry'), false)

      await vm.reboot()
      assert.equal((await dockerLogin(vm.host, registry)).code, 0, 'trusted after the reboot')
      if (disk) assert.equal(await vm.host.read('/run/mine'), 'mine\n')
      const status = await here.product(['status', '--json', ...machine])
      assert.equal(status.code, 0, status.stdout)

      const undo = await runJson(here, ['undo', registry, '--yes', ...machine])
      assert.equal(undo.code, 0, undo.stdout + undo.stderr)
      const refused = await dockerLogin(vm.host, registry)
      assert.match(refused.stderr, /unknown authority/)

      await vm.reboot()
      assert.deepEqual(await all(), before)
      await vm.host.close()
    })
  }
})
