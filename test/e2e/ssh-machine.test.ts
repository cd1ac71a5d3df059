import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Host } from '../../fixtures/lab/host.ts'
import { sshClient, startSshd, type SshHost } from '../../fixtures/lab/sshd.ts'
import { createCa } from '../../fixtures/pki.ts'
import { consumer, credentials, dockerLogin, runJson, users, watched, withLab } from './scene.ts'

describe('e2e: an engine on another machine, over ssh', function () {
  const scene = withLab(this)
  const registry = 'reg.corp:5000'
  let root: Awaited<ReturnType<typeof createCa>>
  let here: Host
  let vm: Host
  let sshd: SshHost
  let key = ''
  const env = { TRUST_REGISTRY_NO_AIA: '1' }

  before('servers and hosts', async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const leaf = await root.issue({ names: ['reg.corp'] })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [leaf], users })
    const other = await scene.lab.server('another')
    const impostor = await createCa({ name: 'Another CA' })
    await other.dockerRegistry({ port: 5000, chain: [await impostor.issue({ names: ['reg.corp'] })] })
    const middle = await root.intermediate({ name: 'Corp Issuing CA' })
    const short = await middle.issue({ names: ['reg.corp'], aia: 'http://pki.corp/issuing.crt' })
    await server.dockerRegistry({ port: 5001, chain: [short], users })
    await server.httpFiles({ '/issuing.crt': { body: middle.certificate, type: 'application/pkix-cert' } })
    // Nobody but the VM knows the server of the missing issuer.
    vm = await scene.lab.host('vm', { hosts: { 'reg.corp': server.address, 'pki.corp': server.address } })
    // The same name is another server here.
    here = await scene.lab.host('here', { withoutDocker: true, hosts: { 'reg.corp': other.address } })
    key = await sshClient(here)
    sshd = await startSshd(vm, key)
    await here.write('/root/.ssh/known_hosts', sshd.hostKey, 0o600)
    await here.write('/root/ca.pem', root.pem)
  })
  const place = (user: string): string => `ssh://${user}@${vm.address}`

  it('is looked at with its own eyes: its resolver, its files, its daemon', async () => {
    const run = await runJson(here, ['diagnose', registry, '--machine', place('docker')], { env })
    assert.equal(run.code, 1, run.stdout)
    assert.equal(run.document.machine.kind, 'ssh')
    assert.equal(run.document.machine.why, '--machine')
    assert.match(run.registry.probe?.chain[0]?.issuer ?? '', /Corp Root CA/)
    const docker = consumer(run.registry, 'docker')
    assert.match(docker.observedError ?? '', /unknown authority/)
    assert.equal(docker.observedError, docker.predictedError)
  })

  it('fetches a missing issuer from there, and tells its clock from ours', async () => {
    await vm.write(
      '/usr/local/bin/date',
      '#!/bin/sh\n[ "$1" = +%s ] && echo $(($(/usr/bin/date +%s) - 3600)) || exec /usr/bin/date "$@"\n',
      0o755,
    )
    const args = ['diagnose', 'reg.corp:5001', '--ca', '/root/ca.pem', '--machine', place('docker')]
    const { registry: seen, stdout } = await runJson(here, args)
    await vm.run(['rm', '/usr/local/bin/date'])
    const fetched = seen.probe?.chain.find(({ origin }) => origin === 'fetched')
    assert.match(fetched?.subject ?? '', /Corp Issuing CA/, stdout)
    const clock = seen.findings.find(({ code }) => code === 'clock-skew')
    assert.match(clock?.message ?? stdout, /registry is 3\d{3} s ahead; this computer's own agrees with it/)
  })

  for (const user of ['root', 'docker']) {
    it(`is changed there and not here, as ${user}, proven, and taken back to the byte`, async () => {
      const [before, own] = await Promise.all([vm.snapshot(watched), here.snapshot(watched)])
      const args = [registry, '--machine', place(user), '--ca', '/root/ca.pem', ...credentials]
      const run = await runJson(here, args, { env, input: users.testuser })
      assert.equal(run.code, 0, run.stdout)
      assert.deepEqual([run.registry.verified, run.document.changed], [true, true])
      assert.match(await here.read('/root/.docker/config.json'), /reg\.corp:5000/)
      assert.equal((await dockerLogin(vm, registry)).code, 0)
      assert.ok(await vm.exists('/var/lib/trust-registry/records.json'))
      assert.deepEqual(await here.snapshot(watched), own)
      assert.equal(await here.exists('/var/lib/trust-registry'), false)

      const status = await here.product(['status', '--json', '--machine', place(user)])
      assert.equal(status.code, 0, status.stdout)
      const undo = await runJson(here, ['undo', registry, '--yes', '--machine', place(user)])
      assert.equal(undo.code, 0, undo.stdout)
      assert.deepEqual(await vm.snapshot(watched), before)
    })
  }

  it('has its OS store changed, its daemon restarted by its service manager, and all of it taken back', async () => {
    await vm.run(['update-ca-certificates', '--fresh'])
    const [before, daemon] = [await vm.snapshot(watched), vm.dockerPid()]
    const args = ['--machine', place('docker'), '--ca', '/root/ca.pem', '--scope', 'system', '--yes']
    const run = await runJson(here, [registry, ...args], { env })
    assert.equal(run.code, 0, run.stdout + run.stderr)
    assert.equal(consumer(run.registry, 'system').state, 'trusted')
    assert.equal((await vm.run(['curl', '-sS', '-o', '/dev/null', `https://${registry}/v2/`])).code, 0)
    assert.notDeepEqual(vm.dockerPid(), daemon)
    assert.equal((await dockerLogin(vm, registry)).code, 0)
    const undo = await runJson(here, ['undo', registry, '--yes', '--machine', place('docker')])
    assert.equal(undo.code, 0, undo.stdout)
    assert.deepEqual(await vm.snapshot(watched), before)
  })

  it('is found by DOCKER_HOST and by a Docker context, as the Docker CLI finds it', async () => {
    const host = `ssh://docker@${vm.address}`
    const direct = await runJson(here, ['diagnose', registry], { env: { ...env, DOCKER_HOST: host } })
    assert.equal(direct.document.machine.why, 'DOCKER_HOST')
    const meta = { Name: 'vm', Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } }
    const digest = createHash('sha256').update('vm').digest('hex')
    await here.write(`/root/.docker/contexts/meta/${digest}/meta.json`, JSON.stringify(meta))
    await here.write('/root/.docker/config.json', JSON.stringify({ currentContext: 'vm' }))
    const context = await runJson(here, ['diagnose', registry], { env })
    assert.deepEqual(
      [context.document.machine.kind, context.document.machine.why],
      ['ssh', 'the Docker context "vm"'],
    )
    const own = await here.product(['diagnose', registry, '--json'], {
      env: { ...env, DOCKER_CONTEXT: 'none' },
    })
    assert.equal(own.code, 4)
    assert.match(own.stdout, /names no engine/)
    await here.run(['rm', '-r', '/root/.docker'])
  })

  const refusals: readonly (readonly [string, () => Promise<string>, number, string])[] = [
    ['a wrong user', () => Promise.resolve(`ssh://nobody@${vm.address}`), 12, 'machine-refused'],
    ['no sshd', () => Promise.resolve(`ssh://root@${vm.address}:2222`), 7, 'machine-unreachable'],
    ['no such machine', () => Promise.resolve('ssh://root@nowhere.corp'), 7, 'machine-unreachable'],
  ]
  for (const [what, at, code, error] of refusals) {
    it(`ends with a code of its own: ${what}`, async () => {
      const run = await here.product([registry, '--json', '--timeout', '3', '--machine', await at()], { env })
      assert.equal(run.code, code, run.stdout + run.stderr)
      assert.equal((JSON.parse(run.stdout) as { error: { code: string } }).error.code, error)
    })
  }

  it('does not believe a host key that nobody vouched for, nor one that changed', async () => {
    const ask = async (): Promise<string> => {
      const run = await here.product([registry, '--json', '--machine', place('root')], { env })
      return `${run.code} ${(JSON.parse(run.stdout) as { error: { code: string } }).error.code}`
    }
    await here.write('/root/.ssh/known_hosts', '', 0o600)
    assert.equal(await ask(), '4 host-key-unknown')
    const other = (await here.read('/root/.ssh/id_ed25519.pub')).split(' ').slice(0, 2).join(' ')
    await here.write('/root/.ssh/known_hosts', `${vm.address} ${other}\n`, 0o600)
    assert.equal(await ask(), '5 host-key-changed')
    await here.write('/root/.ssh/known_hosts', sshd.hostKey, 0o600)
  })

  it('is left as it is where sudo would want a password', async () => {
    const before = await vm.snapshot(watched)
    const list = await vm.read('/etc/sudoers.d/lab')
    await vm.write('/etc/sudoers.d/lab', 'docker ALL=(ALL) ALL\n', 0o440)
    const run = await runJson(here, [registry, '--machine', place('docker'), '--ca', '/root/ca.pem'], { env })
    assert.equal(run.code, 12, run.stdout)
    await vm.write('/etc/sudoers.d/lab', list, 0o440)
    assert.deepEqual(await vm.snapshot(watched), before)
  })

  it('is healed by the next run where the connection was cut in the middle', async () => {
    const before = await vm.snapshot(watched)
    const argv = ['--machine', place('root'), '--ca', '/root/ca.pem']
    // Its shell dies at the rename that puts the certificate into place.
    await vm.write(
      '/usr/local/bin/ln',
      '#!/bin/sh\ncase "$*" in *.crt*) kill -9 $(ps -o ppid= -p $PPID) $PPID;; esac\nexec /usr/bin/ln "$@"\n',
      0o755,
    )
    const cut = await here.product([registry, '--json', ...argv], { env })
    assert.equal(cut.code, 9, cut.stdout + cut.stderr)
    assert.match(cut.stdout, /connection to the machine is lost/)
    await vm.run(['rm', '/usr/local/bin/ln'])
    assert.ok(await vm.exists('/var/lib/trust-registry/journal.json'), 'the journal is on the machine')
    const healed = await runJson(here, [registry, ...argv], { env })
    assert.equal(healed.code, 0, healed.stdout)
    await runJson(here, ['undo', registry, '--yes', '--machine', place('root')])
    assert.deepEqual(await vm.snapshot(watched), before)
  })
})
