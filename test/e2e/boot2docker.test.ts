import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Boot2dockerVm, type Generation } from '../../fixtures/lab/boot2docker.ts'
import type { Host } from '../../fixtures/lab/host.ts'
import { sshClient } from '../../fixtures/lab/sshd.ts'
import { createCa } from '../../fixtures/pki.ts'
import { codes, credentials, dockerLogin, runJson, users, withLab } from './scene.ts'

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

  /** What is on its disk, and in RAM where a daemon and others look. */
  const all = async (vm: Boot2dockerVm): Promise<readonly string[]> => {
    const ram = await vm.host.snapshot(['/etc/docker', '/etc/ssl', '/usr/local'])
    return [...(await vm.disk()), ...ram.filter((line) => !line.includes('key.json '))]
  }

  /** Looked at until the daemon is there and has read what the boot has put together. */
  async function trusts(vm: Boot2dockerVm, when: string): Promise<void> {
    const until = Date.now() + 60_000
    for (;;) {
      const { code, stderr } = await dockerLogin(vm.host, registry)
      if (code === 0) return
      assert.ok(Date.now() < until, `${when}: ${stderr}`)
      await sleep(250)
    }
  }

  /** Scope system is refused, with lines that do it by hand; they are typed into a shell here. */
  async function byHand(vm: Boot2dockerVm, machine: readonly string[]): Promise<void> {
    assert.match((await dockerLogin(vm.host, registry)).stderr, /unknown authority/)
    const before = await all(vm)
    const args = [registry, '--ca', '/root/ca.pem', '--scope', 'system', '--yes', ...machine]
    const refused = await runJson(here, args, { env })
    assert.equal(refused.code, 1, refused.stdout)
    assert.ok(codes(refused.registry).includes('read-only-system'), refused.stdout)
    assert.deepEqual(await all(vm), before)
    const lines = (refused.registry.error?.fix ?? '').split('\n').filter((line) => line.startsWith('ssh '))
    assert.equal(lines.length, 3 - Number(lines.some((line) => line.includes('reboot'))), refused.stdout)
    for (const line of lines.filter((text) => !text.includes('reboot'))) {
      const typed = await here.run(['sh', '-c', line], { cwd: '/root' })
      assert.equal(typed.code, 0, `${line}: ${typed.stderr}`)
    }
    if (lines.length === 3) await trusts(vm, 'after /etc/init.d/docker restart')
    await vm.reboot()
    await trusts(vm, 'after the reboot')
    assert.equal(await vm.host.exists('/etc/docker/certs.d'), false)
  }

  const own = '#!/bin/sh\necho mine > /run/mine\nexit 0\n'
  const kinds: readonly (readonly [Generation, string, Readonly<Record<string, string>>])[] = [
    ['1.5', 'before 1.6, which knows bootlocal.sh alone', {}],
    ['1.8', '1.6 to 1.9, with a bootsync.sh of its owner', { 'bootsync.sh': own }],
  ]
  for (const [generation, what, disk] of kinds) {
    describe(what, () => {
      let vm: Boot2dockerVm
      let machine: readonly string[] = []
      let first: readonly string[] = []

      before('a VM', async () => {
        vm = await Boot2dockerVm.create(scene.lab, {
          ...{ generation, authorized: key, hosts },
          disk: () => Promise.resolve(disk),
        })
        await here.write('/root/.ssh/known_hosts', vm.hostKey, 0o600)
        machine = ['--machine', `ssh://docker@${vm.host.address}`]
        first = await all(vm)
      })
      after(() => vm.host.close())

      it('is trusted, still is after a reboot, is undone, and stays so', async () => {
        const args = [registry, ...machine, '--ca', '/root/ca.pem', ...credentials]
        const run = await runJson(here, args, { env, input: users.testuser })
        assert.equal(run.code, 0, run.stdout + run.stderr)
        assert.deepEqual([run.registry.verified, run.document.machine.os.id], [true, 'boot2docker'])
        assert.equal((await dockerLogin(vm.host, registry)).code, 0)
        assert.equal(await vm.host.exists('/var/lib/trust-registry'), false)

        await vm.reboot()
        const again = await dockerLogin(vm.host, registry)
        assert.equal(again.code, 0, `after the reboot: ${again.stderr}`)
        if ('bootsync.sh' in disk) assert.equal(await vm.host.read('/run/mine'), 'mine\n')
        const status = await here.product(['status', '--json', ...machine])
        assert.equal(status.code, 0, status.stdout)

        const undo = await runJson(here, ['undo', registry, '--yes', ...machine])
        assert.equal(undo.code, 0, undo.stdout + undo.stderr)
        assert.match((await dockerLogin(vm.host, registry)).stderr, /unknown authority/)
        await vm.reboot()
        assert.deepEqual(await all(vm), first)
      })

      if (generation === '1.8')
        it('is whole again after a full RAM disk, and after a reboot in the middle of a change', async () => {
          const args = [registry, '--ca', '/root/ca.pem', ...machine]
          const small = 'mkdir -p /etc/docker && mount -t tmpfs -o size=4k tmpfs /etc/docker'
          await vm.host.run(['sh', '-c', `${small} && head -c 4096 /dev/zero > /etc/docker/full`])
          const full = await here.product([...args, '--json'], { env })
          assert.equal(full.code, 8, full.stdout + full.stderr)
          assert.match(full.stdout, /the disk is full/)
          await vm.host.run(['umount', '/etc/docker'])
          assert.deepEqual(await all(vm), first)

          // Its shell dies once the certificate is in RAM and its copy on the disk; then the power goes.
          const wrapper = 'case "$*" in *boot*sh*) kill -9 $(ps -o ppid= -p $PPID) $PPID;; esac'
          await vm.host.write('/usr/local/bin/mv', `#!/bin/sh\n${wrapper}\nexec /usr/bin/mv "$@"\n`, 0o755)
          const cut = await here.product([...args, '--json'], { env })
          assert.equal(cut.code, 9, cut.stdout + cut.stderr)
          await vm.reboot()
          const again = await runJson(here, args, { env })
          assert.equal(again.code, 0, again.stdout + again.stderr)
          const undo = await runJson(here, ['undo', registry, '--yes', ...machine])
          assert.equal(undo.code, 0, undo.stdout)
          assert.deepEqual(await all(vm), first)
        })

      it('refuses scope system; what it prints for that does it, and outlives a reboot', () =>
        byHand(vm, machine))
    })
  }

  describe('1.10 and later, as docker-machine sets it up', () => {
    let vm: Boot2dockerVm
    let docker: Readonly<Record<string, string>> = {}
    const folder = '/root/.docker/machine/machines/default'
    const args = [registry, '--ca', '/root/ca.pem']

    before('a VM, and what docker-machine knows of it', async function () {
      this.timeout(120_000)
      const ca = await createCa({ name: 'docker-machine' })
      vm = await Boot2dockerVm.create(scene.lab, {
        ...{ generation: '19.03', authorized: key, hosts },
        disk: async (address) => {
          const server = await ca.issue({ names: ['localhost'], ips: [address] })
          const place = '/var/lib/boot2docker'
          const profile = `CACERT=${place}/ca.pem\nSERVERCERT=${place}/server.pem\nSERVERKEY=${place}/server-key.pem\n`
          return { profile, 'ca.pem': ca.pem, 'server.pem': server.pem, 'server-key.pem': server.key }
        },
      })
      const { address } = vm.host
      const client = await ca.issue({ names: ['me'], ekus: ['clientAuth'] })
      const Driver = { IPAddress: address, SSHUser: 'docker', SSHPort: 22, SSHKeyPath: `${folder}/id_rsa` }
      await here.write(
        `${folder}/config.json`,
        JSON.stringify({ ConfigVersion: 3, Driver, DriverName: 'hyperv' }),
      )
      await here.write(`${folder}/id_rsa`, await here.read('/root/.ssh/id_ed25519'), 0o600)
      await here.run(['rm', '/root/.ssh/id_ed25519'])
      await here.write(`${folder}/ca.pem`, ca.pem)
      await here.write(`${folder}/cert.pem`, client.pem)
      await here.write(`${folder}/key.pem`, client.key, 0o600)
      await here.write('/root/.ssh/known_hosts', vm.hostKey, 0o600)
      // As `docker-machine env` has it.
      docker = {
        DOCKER_HOST: `tcp://${address}:2376`,
        ...{ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder, DOCKER_MACHINE_NAME: 'default' },
      }
    })

    it('is found by the variables, asked over TLS, trusted, and still is after a reboot; undone, and stays so', async () => {
      const before = await all(vm)
      // Over ssh nobody could speak to the daemon.
      await vm.host.run(['chmod', '600', '/run/docker.sock'])
      const run = await runJson(here, [...args, ...credentials], {
        env: { ...env, ...docker },
        input: users.testuser,
      })
      assert.equal(run.code, 0, run.stdout + run.stderr)
      assert.deepEqual([run.registry.verified, run.document.machine.kind], [true, 'ssh'])
      assert.equal(run.document.machine.why, 'DOCKER_HOST, which is docker-machine\'s "default"')
      await vm.reboot()
      const again = await dockerLogin(vm.host, registry)
      assert.equal(again.code, 0, `after the reboot: ${again.stderr}`)
      const status = await here.product(['status', '--json', '--machine', 'boot2docker'])
      assert.equal(status.code, 0, status.stdout)
      const undo = await runJson(here, ['undo', registry, '--yes', '--machine', 'boot2docker:default'])
      assert.equal(undo.code, 0, undo.stdout + undo.stderr)
      assert.equal(undo.document.machine.why, '--machine, which is docker-machine\'s "default"')
      assert.match((await dockerLogin(vm.host, registry)).stderr, /unknown authority/)
      await vm.reboot()
      assert.deepEqual(await all(vm), before)
    })

    it('is left as it was where its disk is full, and where nobody knows the way to its files', async () => {
      const before = await all(vm)
      await vm.host.run(['sh', '-c', 'cat /dev/zero > /mnt/sda1/full 2> /dev/null'])
      const full = await here.product([...args, '--json', '--machine', 'boot2docker'], { env })
      assert.equal(full.code, 8, full.stdout + full.stderr)
      assert.match(full.stdout, /the disk is full/)
      await vm.host.run(['rm', '/mnt/sda1/full'])
      assert.deepEqual(await all(vm), before)

      const foreign = { ...env, DOCKER_HOST: `tcp://${scene.lab.nowhere}:2376`, DOCKER_TLS_VERIFY: '1' }
      const elsewhere = await here.product([...args, '--json'], { env: foreign })
      assert.equal(elsewhere.code, 4, elsewhere.stdout)
      assert.match(elsewhere.stdout, /--machine ssh:\/\/root@198\.18\.255\.254/)
      const none = await here.product([...args, '--json', '--machine', 'boot2docker:other'], { env })
      assert.equal(none.code, 4, none.stdout)
    })

    it('refuses scope system; what it prints for that does it, and outlives a reboot', () =>
      byHand(vm, ['--machine', 'boot2docker']))

    it('is said to be down where it is', async () => {
      await vm.host.close()
      const down = await here.product([...args, '--json', '--timeout', '3'], { env: { ...env, ...docker } })
      assert.equal(down.code, 7, down.stdout)
      assert.match(down.stdout, /docker-machine start default/)
    })
  })
})
