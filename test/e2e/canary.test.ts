import assert from 'node:assert/strict'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { sampled } from './descendants.ts'
import { program } from './pty.ts'
import { withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const secret = 'c4nary-pa55word'
/** As it is, in basic auth, in a URL, in JSON. */
const forms = [secret, Buffer.from(`ci:${secret}`).toString('base64'), encodeURIComponent(secret)]

describe('the password as a canary', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    const chain = [await root.issue({ names: ['reg.corp'] })]
    await server.dockerRegistry({ port: 5000, chain, users: { ci: secret } })
    hosts = { 'reg.corp': server.address }
  })

  function assertSilent(output: string, what: string): void {
    for (const form of forms) assert.ok(!output.includes(form), `${what} holds the password`)
  }

  /** Every program that is started, with its arguments and its environment, by the kernel's word. */
  async function traced(host: Host, command: readonly string[], code: number, input = secret): Promise<void> {
    const strace = ['strace', '-f', '-qq', '-v', '-s', '100000', '-e', 'trace=execve', '-o', '/tmp/trace']
    const running = host.run([...strace, ...command], { input, timeout: 60_000 })
    const { value: run, seen } = await sampled(running)
    assert.equal(run.code, code, run.stdout + run.stderr)
    assertSilent(run.stdout, 'stdout')
    assertSilent(run.stderr, 'stderr')
    const started = await host.read('/tmp/trace')
    assert.match(started, /execve\("/)
    assertSilent(started, 'an argument or a variable of a program')
    assert.ok(seen.includes('bin/run.js'), 'the samples of /proc saw the program')
    assertSilent(seen, 'a process in /proc')
    const left = await host.run([
      'grep',
      '-rlF',
      ...forms.flatMap((form) => ['-e', form]),
      '/var/lib/trust-registry',
      '/tmp',
      '/run/lock',
      '/etc',
    ])
    // This very test names it, and may lie below /tmp itself.
    const files = left.stdout.split('\n').filter((file) => file !== '' && !file.startsWith(`${repository}/`))
    assert.deepEqual(files, [], 'a file holds the password')
  }

  it('is in no output, no argument, no variable, no journal and no report; loud, refused, and through sudo', async () => {
    const host = await scene.lab.host('client', { hosts })
    await host.write('/root/ca.pem', root.pem)
    const product = program.split(' ')
    const login = [registry, '--ca', '/root/ca.pem', '-u', 'ci', '--password-stdin']
    await traced(host, [...product, ...login, '-v'], 0)
    await traced(host, [...product, ...login, '--json', '--json-pem'], 0)
    await traced(host, [...product, ...login, '-v'], 10, `${secret}-wrong`)
    await traced(host, [...product, ...login, '--login-required', '--json'], 10, `${secret}-wrong`)
    // A helper that fails, and says all that it was told.
    const helper = '#!/bin/sh\n[ "$1" = get ] && echo not found && exit 1\ncat; cat >&2; exit 1\n'
    await host.write('/usr/local/bin/docker-credential-lab', helper, 0o755)
    await host.write('/root/.docker/config.json', '{"credsStore":"lab"}', 0o600)
    await traced(host, [...product, ...login, '-v'], 10)
    await traced(host, [...product, ...login, '--json'], 10)
    await traced(host, [...product, 'status', '-v'], 0)
    await traced(host, [...product, 'undo', registry, '--yes', '-v'], 0)

    await host.run(['useradd', '--create-home', '--uid', '1001', 'alice'])
    await host.write('/etc/sudoers.d/alice', 'alice ALL=(ALL) NOPASSWD: ALL\n', 0o440)
    await host.run(['chmod', '644', '/root/ca.pem'])
    await host.write('/home/alice/ca.pem', root.pem)
    const asAlice = ['setpriv', '--reuid=1001', '--regid=1001', '--init-groups', 'env', 'HOME=/home/alice']
    const hers = [registry, '--ca', '/home/alice/ca.pem', '-u', 'ci', '--password-stdin', '-v']
    await traced(host, [...asAlice, ...product, ...hers], 0)
    assert.match(await host.read('/tmp/trace'), /"sudo", "-n", "--"/)
  })

  it('would be seen in /proc', async () => {
    const host = await scene.lab.host('control', { hosts, docker: false })
    const { seen } = await sampled(host.run(['sh', '-c', 'sleep 1', 'sh', secret]))
    assert.throws(() => {
      assertSilent(seen, 'a process in /proc')
    }, /a process in \/proc holds the password/)
  })
})
