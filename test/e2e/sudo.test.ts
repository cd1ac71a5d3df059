import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import type { RunOptions, RunResult } from '../../fixtures/lab/run.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import type { ResultDocument } from '../../src/report/document.ts'
import { program, typeAt } from './pty.ts'
import { credentials, dockerLogin, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const argv = [process.execPath, join(repository, 'bin/run.js')] as const
/** Unlike runuser it becomes what it runs, so that a signal reaches that. */
const toAlice = ['setpriv', '--reuid=1001', '--regid=1001', '--init-groups'] as const
const touched = [...watched, '/var/lib/trust-registry', '/home/alice']

describe('a user without privilege, and sudo', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    const chain = [await root.issue({ names: ['reg.corp'] }), root]
    await server.dockerRegistry({ port: 5000, chain, users })
    hosts = { 'reg.corp': server.address }
  })

  async function freshHost(sudoers: string, hide: readonly string[] = []): Promise<Host> {
    const host = await scene.lab.host('client', { hosts, hide })
    assert.equal((await host.run(['useradd', '--create-home', '--uid', '1001', 'alice'])).code, 0)
    await host.write('/home/alice/ca.pem', root.pem)
    if (sudoers !== '') await host.write('/etc/sudoers.d/alice', `${sudoers}\n`, 0o440)
    return host
  }

  function asAlice(host: Host, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const env = { HOME: '/home/alice', USER: 'alice', ...options.env }
    return host.run([...toAlice, ...argv, ...args], { ...options, env })
  }

  const free = 'alice ALL=(ALL) NOPASSWD: ALL'

  it('one who may: only the apply step runs as root; trust, proof, login in her own files, undo', async () => {
    const host = await freshHost(free)
    const before = await host.snapshot(touched)
    const run = await asAlice(host, [registry, '--ca', 'ca.pem', ...credentials, '--json'], {
      input: users.testuser,
      cwd: '/home/alice',
    })
    assert.equal(run.code, 0, run.stdout + run.stderr)
    const document = JSON.parse(run.stdout) as ResultDocument
    const [seen] = document.registries
    assert.equal(seen?.verified, true)
    assert.equal(seen.identity?.how, 'ca-file')
    assert.equal(seen.login?.ok, true)
    assert.equal(await host.read(seen.changes[0]?.path ?? ''), root.pem)
    assert.equal(
      (await host.run(['stat', '-c', '%U %a', '/home/alice/.docker/config.json'])).stdout,
      'alice 600\n',
    )
    assert.equal(await host.exists('/root/.docker/config.json'), false)
    assert.equal((await dockerLogin(host, registry)).code, 0)
    await host.run(['rm', '-r', '/root/.docker', '/home/alice/.docker'])

    const again = await asAlice(host, [registry, '--ca', '/home/alice/ca.pem', '--json'])
    assert.equal(again.code, 0, again.stdout)
    const refused = await asAlice(host, ['undo', registry])
    assert.equal(refused.code, 4, 'undo wants --yes off a terminal')
    const undone = await asAlice(host, ['undo', registry, '--yes'])
    assert.equal(undone.code, 0, undone.stdout + undone.stderr)
    assert.deepEqual(
      (await host.snapshot(touched)).filter((line) => !line.includes('/var/lib/trust-registry')),
      before,
    )
  })

  /** Nothing may have changed, and the answer names the way. */
  async function forbidden(host: Host, args: readonly string[], fix: RegExp, options: RunOptions = {}) {
    const before = await host.snapshot(touched)
    const run = await asAlice(host, [...args, '--json'], options)
    assert.equal(run.code, 12, run.stdout + run.stderr)
    const document = JSON.parse(run.stdout) as ResultDocument
    assert.match(document.registries[0]?.error?.fix ?? '', fix)
    assert.deepEqual(await host.snapshot(touched), before)
    return document.registries[0]?.error
  }
  const plain = [registry, '--ca', '/home/alice/ca.pem']
  const again = /^sudo trust-registry reg\.corp:5000 --ca \/home\/alice\/ca\.pem/

  it('the right to the apply step alone is enough, and lets nothing else run', async () => {
    const host = await freshHost(`alice ALL=(root) NOPASSWD: ${argv.join(' ')} __apply`)
    const run = await asAlice(host, [registry, '--ca', '/home/alice/ca.pem'])
    assert.equal(run.code, 0, run.stdout + run.stderr)
    const wider =
      /read the OS store alone: trust-registry reg\.corp:5000 --ca \/home\/alice\/ca\.pem --scope system\n/
    assert.match(run.stdout, wider, 'the line that she would type, not root')
    const more = await host.run([...toAlice, 'sudo', '-n', ...argv, 'undo', '--all', '--yes'])
    assert.equal(more.code, 1, more.stdout)
    assert.match(more.stderr, /a password is required/)
    assert.equal((await asAlice(host, ['undo', registry, '--yes'])).code, 0)
  })

  it('one who needs a password, off a terminal: exit 12 with the line, nothing is asked', async () => {
    const host = await freshHost('alice ALL=(ALL) ALL')
    const error = await forbidden(host, plain, again)
    assert.match(error?.seen ?? '', /password is required/)
  })

  it('one who may not: exit 12', async () => {
    const host = await freshHost('')
    await forbidden(host, plain, again)
  })

  it('no sudo at all: exit 12 before any question, with a line for su', async () => {
    const host = await freshHost('', ['/usr/bin/sudo'])
    await forbidden(host, plain, /^su -c 'trust-registry reg\.corp:5000/)
    const run = await typeAt(host, `runuser -u alice -- ${program} ${registry}`, [])
    assert.equal(run.code, 12, run.screen)
    assert.doesNotMatch(run.screen, /Paste the fingerprint/)
  })

  it('paths of the user never cross: another state directory, another socket', async () => {
    const host = await freshHost(free)
    await forbidden(host, [...plain, '--state-dir', '/tmp/state'], /^sudo .* --state-dir \/tmp\/state/)
    await forbidden(host, plain, again, { env: { DOCKER_HOST: 'unix:///tmp/docker.sock' } })
  })

  it('at a terminal: identity, plan, then sudo asks for its password, which is not echoed', async () => {
    const host = await freshHost('alice ALL=(ALL) ALL')
    await host.run(['chpasswd'], { input: 'alice:open sesame\n' })
    const command = `runuser -u alice -- ${program} ${registry} --ca /home/alice/ca.pem`
    const run = await typeAt(host, command, [
      [/Go ahead\?/, 'y\r'],
      [/password for alice/, 'open sesame\r'],
    ])
    assert.equal(run.code, 0, run.screen)
    assert.equal(run.unanswered, 0)
    assert.ok(!run.screen.includes('sesame'), run.screen)
    assert.equal((await dockerLogin(host, registry)).code, 0)
  })

  it('at a terminal, Ctrl-C at the password of sudo: exit 130, nothing is changed', async () => {
    const host = await freshHost('alice ALL=(ALL) ALL')
    const before = await host.snapshot(watched)
    const command = `${toAlice.join(' ')} env HOME=/home/alice ${program} ${registry} --ca /home/alice/ca.pem`
    // script(1) ends at once, with 0, where Ctrl-C comes while sudo is still setting the terminal.
    const run = await typeAt(
      host,
      command,
      [
        [/Go ahead\?/, 'y\r'],
        [/password for alice/, '\x03'],
      ],
      400,
    )
    assert.equal(run.code, 130, run.screen)
    assert.deepEqual(await host.snapshot(watched), before)
  })

  it('a failed login that was required takes the trust back; a link in the place of her file is hers to follow', async () => {
    const host = await freshHost(free)
    const before = await host.snapshot(watched)
    const login = [...plain, ...credentials, '--login-required', '--json']
    const refused = await asAlice(host, login, { input: 'wrong' })
    assert.equal(refused.code, 10, refused.stdout)
    assert.deepEqual(await host.snapshot(watched), before)

    await host.run([
      'sh',
      '-c',
      'mkdir /home/alice/.docker; ln -s /etc/passwd /home/alice/.docker/config.json',
    ])
    await host.run(['chown', '-R', 'alice', '/home/alice/.docker'])
    const kept = await asAlice(host, login, { input: users.testuser })
    assert.equal(kept.code, 10, 'what she may not write is not written for her')
    assert.deepEqual(await host.snapshot(watched), before)
  })

  it('interrupted while root waits for the lock: exit 130, and root has stopped too', async () => {
    const host = await freshHost(free)
    await host.run(['mkdir', '-p', '/var/lib/trust-registry'])
    const holder = host.start(['flock', '/var/lib/trust-registry/lock', 'sleep', '20'])
    const env = { HOME: '/home/alice' }
    const running = host.start([...toAlice, ...argv, ...plain, '--json'], { env })
    for (let tries = 0; (await applying(host)) === '' && tries < 100; tries++) await sleep(50)
    running.signal('SIGTERM')
    const run = await running.done
    holder.signal('SIGKILL')
    assert.equal(run.code, 130, run.stdout + run.stderr)
    assert.equal(await applying(host), '')
    assert.equal(await host.exists('/etc/docker/certs.d'), false)
  })

  it('a change that was cut off is rolled back through sudo as well', async () => {
    const host = await freshHost(free)
    const steps = [{ do: 'make-directory', path: '/etc/docker/certs.d/x.corp', mode: 0o755 }]
    const journal = { version: 1, id: 'a-b-c', command: 'trust x.corp', startedAt: '2026-01-01', steps }
    await host.write('/var/lib/trust-registry/journal.json', JSON.stringify(journal), 0o600)
    await host.run(['mkdir', '-p', '/etc/docker/certs.d/x.corp'])
    const run = await asAlice(host, ['undo', registry, '--yes', '--json'])
    assert.equal(run.code, 0, run.stdout + run.stderr)
    assert.equal(await host.exists('/etc/docker/certs.d/x.corp'), false)
    assert.equal(await host.exists('/var/lib/trust-registry/journal.json'), false)
  })

  it('the privileged half believes no order: nothing of these is carried out', async () => {
    const host = await freshHost(free)
    const leaf = await root.issue({ names: ['reg.corp'] })
    const der = root.certificate.toString('base64')
    const order = {
      ...{
        version: 1,
        do: 'trust',
        registry,
        scope: 'registry',
        timeoutMs: 10_000,
        offline: true,
        aia: false,
      },
      ...{ standing: [], prune: false, strict: false, restart: 'auto', keepAppended: false, resolve: [] },
      ...{ agreed: [], runtimes: ['docker'], how: 'ca-file', anchor: der, install: [der] },
    }
    const before = await host.snapshot(touched)
    for (const [what, line] of Object.entries({
      'not agreed to': JSON.stringify(order),
      'another host': JSON.stringify({ ...order, registry: '../../../tmp' }),
      'a leaf': JSON.stringify({ ...order, install: [leaf.certificate.toString('base64')] }),
      'no certificate': JSON.stringify({ ...order, install: [Buffer.from('hello').toString('base64')] }),
      'another scope': JSON.stringify({ ...order, scope: 'planet' }),
      'another engine': JSON.stringify({ ...order, runtimes: ['sh'] }),
      'no JSON': '{',
      nothing: '',
      endless: 'x'.repeat(2 * 1024 * 1024),
    })) {
      // The caller stays: its going would end the privileged half by itself.
      const script = `{ cat; sleep ${what === 'not agreed to' ? 4 : 1}; } | "$@"`
      const run = await host.run(['sh', '-c', script, 'caller', ...argv, '__apply'], { input: `${line}\n` })
      assert.ok([2, 4].includes(run.code), `${what}: ${run.code} ${run.stdout}`)
      assert.match(run.stdout, /"(?:policy|consent-missing|bad-registry)"/, what)
    }
    const unlike = (await host.snapshot(touched)).filter((line) => !line.includes('/var/lib/trust-registry'))
    assert.deepEqual(unlike, before)
    const alone = await asAlice(host, ['__apply'], { input: '{}\n' })
    assert.equal(alone.code, 4)
  })

  it('a set-uid program refuses to run', async () => {
    const host = await freshHost('')
    await host.run(['cp', process.execPath, '/usr/local/bin/rootnode'])
    await host.run(['chmod', '4755', '/usr/local/bin/rootnode'])
    const before = await host.snapshot(touched)
    for (const args of [plain, ['diagnose', registry], ['undo', '--all', '--yes'], ['status']]) {
      const run = await host.run([
        'runuser',
        '-u',
        'alice',
        '--',
        '/usr/local/bin/rootnode',
        argv[1],
        ...args,
      ])
      assert.equal(run.code, 4, run.stdout + run.stderr)
      assert.match(run.stderr, /does not run set-uid/)
    }
    assert.deepEqual(await host.snapshot(touched), before)
  })
})

/** The privileged half, where it runs. */
async function applying(host: Host): Promise<string> {
  return (await host.run(['pgrep', '-f', '__apply'])).stdout
}
