import assert from 'node:assert/strict'
import { createCa } from '../../fixtures/pki.ts'
import { runJson, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const YAML = '/etc/rancher/k3s/registries.yaml'

describe('engines that are prepared and asked by nobody', function () {
  const scene = withLab(this)

  it('k3s: registries.yaml names the CA, exit 0 and not verified, undone to the byte; another CA there is left alone', async () => {
    const root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })] })
    const host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address }, docker: false })
    await host.write('/root/ca.pem', root.pem)
    const before = '# of this node\nmirrors:\n  docker.io: # first\n'
    await host.write(YAML, before)
    const snapshot = await host.snapshot(watched)
    const args = [registry, '--ca', '/root/ca.pem', '--runtime', 'k3s']
    const trusted = await runJson(host, args)
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.equal(trusted.registry.verified, false)
    const file = trusted.registry.changes.find(({ path }) => path.endsWith('.crt'))?.path ?? ''
    const added = `configs:\n  "${registry}":\n    tls:\n      ca_file: "${file}"\n`
    assert.equal(await host.read(YAML), before + added)
    assert.equal(await host.read(file), root.pem)
    assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
    assert.deepEqual(await host.snapshot(watched), snapshot)

    const theirs = `configs:\n  "${registry}":\n    tls:\n      ca_file: /root/other.pem\n`
    await host.write('/root/other.pem', (await createCa({ name: 'Another CA' })).pem)
    await host.write(YAML, theirs)
    const edited = await host.snapshot(watched)
    assert.equal((await runJson(host, [...args, '--dry-run'])).code, 1)
    const left = await runJson(host, args)
    assert.equal(left.code, 1, left.stdout)
    assert.deepEqual([left.registry.changed, left.registry.changes], [false, []], left.stdout)
    const patch = left.registry.findings.find(({ code }) => code === 'trust-file-ignored')?.fix ?? left.stdout
    assert.match(
      patch,
      /\{ cat \/root\/other\.pem && echo && cat \/root\/ca\.pem; \} > \S+\/ca\.pem {6}# the CA as PEM\n/,
    )
    assert.equal(await host.read(YAML), theirs)
    assert.deepEqual(await host.snapshot(watched), edited)

    // What the lines make is enough.
    const [join = ''] = patch.split('\n')
    assert.equal((await host.run(['sh', '-c', join])).code, 0, join)
    await host.write(YAML, theirs.replace('/root/other.pem', `/etc/rancher/k3s/certs.d/${registry}/ca.pem`))
    const joined = await runJson(host, args)
    assert.deepEqual([joined.code, joined.registry.changes], [0, []], joined.stdout)
    // The file that is in use is never written over.
    const third = await createCa({ name: 'Third CA' })
    await host.write('/root/third.pem', third.pem)
    const pinned = ['--ca', '/root/third.pem', '--fingerprint', `SHA256:${third.sha256}`]
    const next = await runJson(host, [registry, '--runtime', 'k3s', '--offline', ...pinned])
    assert.match(next.stdout, /\{ cat (\S+)\/ca\.pem && echo && cat \/root\/third\.pem; \} > \1\/ca-2\.pem /)

    // The one is prepared, the other's file is damaged: it gets nothing, and that is no success.
    await host.write(YAML, 'configs: [\n')
    const half = await runJson(host, [...args, '--runtime', 'buildkit'])
    assert.equal(half.code, 1, half.stdout)
    const written = half.registry.changes.map(({ path }) => path)
    assert.ok(written.includes('/etc/buildkit/buildkitd.toml'), half.stdout)
    const finding = half.registry.findings.find(({ code }) => code === 'config-damaged')
    assert.match(finding?.message ?? half.stdout, /registries\.yaml is damaged.*line 2, column 1: /)
    assert.equal(await host.read(YAML), 'configs: [\n')
  })
})
