import assert from 'node:assert/strict'
import { join } from 'node:path'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import { createCa } from '../../fixtures/pki.ts'
import { dockerLogin, runJson, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const program = `${process.execPath} ${join(repository, 'bin/run.js')}`

/** A daemon with files of its own in the place of one folder, as a snap or a unit with private mounts has. */
describe('what still refuses after one scope is offered the other', function () {
  const scene = withLab(this)
  let pem: string
  let hosts: Record<string, string>

  before(async () => {
    const root = await createCa({ name: 'Corp Root CA' })
    pem = root.pem
    const server = await scene.lab.server('registry')
    hosts = { 'reg.corp': server.address }
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
  })

  async function blindTo(name: string, folder: string): Promise<Host> {
    const host = await scene.lab.host(name, { hosts, docker: false })
    await host.write('/root/ca.pem', pem)
    const wrapper = `#!/bin/sh
exec unshare -m sh -c 'mount --bind /srv/own ${folder} && exec /opt/real/dockerd "$@"' dockerd "$@"
`
    // As the tool itself leaves it, whatever state this machine's own store is in.
    const prepare = `update-ca-certificates --fresh && mkdir -p /opt/real ${folder} /srv && cp -a ${folder} /srv/own && mv /usr/sbin/dockerd /opt/real/`
    const { code, stderr } = await host.run(['sh', '-c', prepare])
    assert.equal(code, 0, stderr)
    await host.write('/usr/sbin/dockerd', wrapper, 0o755)
    await host.startDocker()
    return host
  }

  /** Runs the line of ours that was given, for a person to read. */
  async function paste(host: Host, fix: string | undefined): Promise<{ code: number | null; said: string }> {
    const line = (fix ?? '').split('\n').find((text) => text.startsWith('trust-registry ')) ?? ''
    assert.ok(line, `a line to paste: ${fix ?? 'none'}`)
    await host.write('/usr/local/bin/trust-registry', `#!/bin/sh\nexec ${program} "$@"\n`, 0o755)
    const { code, stdout, stderr } = await host.run(['sh', '-c', line.replace(' --json', '')])
    return { code, said: `${line}: ${stdout}${stderr}` }
  }

  it('a docker that does not see its own directory: rolled back, exit 8, --scope system to paste, which does it', async () => {
    const host = await blindTo('no-directory', '/etc/docker/certs.d')
    const before = await host.snapshot(watched)
    const refused = await runJson(host, [registry, '--ca', '/root/ca.pem', '--yes'])
    assert.equal(refused.code, 8, refused.stdout)
    assert.match(refused.stdout, /docker still refuses the registry; everything was rolled back/)
    assert.match(refused.registry.error?.fix ?? '', /--scope system/)
    assert.deepEqual(await host.snapshot(watched), before)
    const then = await paste(host, refused.registry.error?.fix)
    assert.equal(then.code, 0, then.said)
    assert.equal((await dockerLogin(host, registry)).code, 0)
  })

  it('a docker that does not see the OS store: rolled back, exit 8, its directory to paste, which does it', async () => {
    const host = await blindTo('no-store', '/etc/ssl/certs')
    const before = await host.snapshot(watched)
    const refused = await runJson(host, [registry, '--ca', '/root/ca.pem', '--scope', 'system', '--yes'])
    assert.equal(refused.code, 8, refused.stdout)
    assert.match(refused.registry.error?.fix ?? '', /^trust-registry (?!.*--scope system {2})/)
    assert.deepEqual(await host.snapshot(watched), before)
    const then = await paste(host, refused.registry.error?.fix)
    assert.equal(then.code, 0, then.said)
    assert.equal((await dockerLogin(host, registry)).code, 0)
    assert.match(then.said, /read the OS store alone: trust-registry .*--scope system/, 'for all the others')
  })
})
