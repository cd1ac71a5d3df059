import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Host } from '../../fixtures/lab/host.ts'
import { sshClient, startSshd } from '../../fixtures/lab/sshd.ts'
import { createCa } from '../../fixtures/pki.ts'
import { consumer, credentials, dockerLogin, runJson, users, watched, withLab } from './scene.ts'

describe('e2e: a host with systemd, over ssh and over a Docker context', function () {
  const scene = withLab(this)
  const registry = 'reg.corp:5000'
  const ca = ['--ca', '/root/ca.pem', '--yes'] as const
  let here: Host
  let there: Host

  before('a registry, a host with systemd, and another registry of that name here', async () => {
    const root = await createCa({ name: 'Corp Root CA' })
    const impostor = await createCa({ name: 'Another CA' })
    const [server, other] = await Promise.all([scene.lab.server('registry'), scene.lab.server('other')])
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    await other.dockerRegistry({ port: 5000, chain: [await impostor.issue({ names: ['reg.corp'] })] })
    here = await scene.lab.host('here', { withoutDocker: true, hosts: { 'reg.corp': other.address } })
    there = await scene.lab.host('there', { systemd: true, hosts: { 'reg.corp': server.address } })
    const { hostKey } = await startSshd(there, await sshClient(here))
    await there.run(['update-ca-certificates', '--fresh'])
    await here.write('/root/.ssh/known_hosts', hostKey, 0o600)
    await here.write('/root/ca.pem', root.pem)
    // As `docker context create` has it.
    const url = `ssh://docker@${there.address}`
    const meta = { Name: 'there', Metadata: {}, Endpoints: { docker: { Host: url } } }
    const digest = createHash('sha256').update('there').digest('hex')
    await here.write(`/root/.docker/contexts/meta/${digest}/meta.json`, JSON.stringify(meta))
  })

  /** Of docker's unit: another one after each start by systemd. */
  const invocation = async (): Promise<string> =>
    (await there.run(['systemctl', 'show', '--property=InvocationID,ActiveState', 'docker'])).stdout
  const ways = {
    'ssh://': () => ({ flags: ['--machine', `ssh://root@${there.address}`], env: {}, why: '--machine' }),
    'a Docker context': () => ({
      ...{ flags: [], env: { DOCKER_CONTEXT: 'there' }, why: 'the Docker context "there"' },
    }),
  }

  for (const [way, how] of Object.entries(ways)) {
    for (const scope of ['registry', 'system'] as const) {
      it(`${way}, scope ${scope}: trusted by its own look, proven, unchanged the second time, undone to the byte`, async () => {
        const { flags, env, why } = how()
        const [before, own, started] = [
          await there.snapshot(watched),
          await here.snapshot(watched),
          await invocation(),
        ]
        assert.match(started, /ActiveState=active/)
        const args = [registry, ...flags, '--scope', scope, ...ca]
        const run = await runJson(here, [...args, ...credentials], { env, input: users.testuser })
        assert.equal(run.code, 0, run.stdout + run.stderr)
        assert.deepEqual([run.registry.verified, run.document.machine.why], [true, why], run.stdout)
        assert.match(run.registry.probe?.chain[0]?.issuer ?? '', /Corp Root CA/)
        const login = await dockerLogin(there, registry)
        assert.equal(login.code, 0, login.stderr)
        await there.run(['docker', 'logout', registry])
        const restarted = await invocation()
        if (scope === 'system') {
          assert.equal(consumer(run.registry, 'system').state, 'trusted', run.stdout)
          assert.notEqual(restarted, started, 'systemd has started docker anew')
        } else assert.equal(restarted, started, 'docker went on')

        const installed = await there.snapshot(watched)
        const again = await runJson(here, args, { env })
        assert.deepEqual([again.code, again.document.changed], [0, false], again.stdout)
        assert.deepEqual(await there.snapshot(watched), installed)
        assert.equal(await invocation(), restarted)

        const undo = await runJson(here, ['undo', registry, '--yes', ...flags], { env })
        assert.equal(undo.code, 0, undo.stdout + undo.stderr)
        assert.deepEqual(await there.snapshot(watched), before)
        assert.match((await dockerLogin(there, registry)).stderr, /unknown authority/)
        assert.deepEqual(await here.snapshot(watched), own)
      })
    }
  }

  it('scope system is healed by the next run where the connection itself was cut in the middle', async () => {
    const before = await there.snapshot(watched)
    const args = [registry, '--machine', `ssh://docker@${there.address}`, '--scope', 'system', ...ca]
    // The server's end of the connection dies as the certificate is put into its place; its listener stays.
    const session =
      'p=$PPID; while [ "$p" -gt 1 ]; do n=$(ps -o ppid= -p $p | tr -d " "); [ "$(cat /proc/$p/comm) $(cat /proc/$n/comm)" != "sshd sshd" ] || kill -9 $p; p=$n; done'
    await there.write(
      '/usr/local/bin/ln',
      `#!/bin/sh\ncase "$*" in *trust-registry-*.crt*) ${session};; esac\nexec /usr/bin/ln "$@"\n`,
      0o755,
    )
    const cut = await here.product([...args, '--json'])
    assert.equal(cut.code, 9, cut.stdout + cut.stderr)
    assert.match(cut.stdout, /connection to the machine is lost/)
    await there.run(['rm', '/usr/local/bin/ln'])
    assert.ok(await there.exists('/var/lib/trust-registry/journal.json'), 'the journal is on the machine')
    const healed = await runJson(here, args)
    assert.deepEqual([healed.code, healed.registry.verified], [0, true], healed.stdout + healed.stderr)
    const undo = await runJson(here, ['undo', registry, '--yes', ...args.slice(1, 3)])
    assert.equal(undo.code, 0, undo.stdout)
    assert.deepEqual(await there.snapshot(watched), before)
  })

  it('what is to be typed there is printed as it is typed here, and does it', async () => {
    const wrong = '/etc/docker/certs.d/https:__reg.corp:5000'
    await there.write(`${wrong}/ca.crt`, await here.read('/root/ca.pem'))
    const args = ['diagnose', registry, '--machine', `ssh://docker@${there.address}`]
    const { registry: seen, stdout } = await runJson(here, args)
    const [line = ''] = seen.findings.flatMap(({ code, fix }) =>
      code === 'trust-directory-misnamed' && fix !== undefined ? [fix] : [],
    )
    assert.ok(line.startsWith(`ssh -t docker@${there.address} 'sudo sh -c `), line + stdout)
    const typed = await here.run(['sh', '-c', line])
    assert.equal(typed.code, 0, typed.stderr)
    assert.equal((await runJson(here, args)).code, 0)
    await there.run(['rm', '-r', '/etc/docker/certs.d'])
  })
})
