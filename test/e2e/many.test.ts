import assert from 'node:assert/strict'
import { join } from 'node:path'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import type { Service } from '../../fixtures/lab/service.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { codes, runJson, watched, withLab } from './scene.ts'

const program = join(repository, 'bin/run.js')
const COUNT = 60
const names = Array.from({ length: COUNT }, (_, index) => `reg${index}.corp`)
const programs = ['podman', 'skopeo', 'buildah'].map((name) => `/usr/bin/${name}`)

describe('many registries in one run', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let service: Service
  let hosts: Record<string, string | readonly string[]>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    const chain = [await root.issue({ names: ['*.corp'] }), root]
    service = await server.dockerRegistry({ port: 5000, chain })
    await server.tcp(7000, 'drips')
    hosts = Object.fromEntries(names.map((name) => [name, server.address]))
    hosts = { ...hosts, 'slow.corp': server.address, 'dead.corp': ['198.18.255.1', '198.18.255.2'] }
  })

  async function freshHost(): Promise<Host> {
    const host = await scene.lab.host('client', { hosts, hide: programs })
    await host.write('/root/ca.pem', root.pem)
    // Packets to these addresses go nowhere, and nothing says so: what a firewall does.
    for (const address of ['198.18.255.1', '198.18.255.2']) {
      const dead = ['ip', 'neigh', 'add', address, 'lladdr', '02:00:00:00:00:01', 'dev', 'eth0']
      assert.equal((await host.run(dead)).code, 0)
    }
    return host
  }

  it('keeps the order of the list, asks each once, and is held up by none, with 256 descriptors', async () => {
    const host = await freshHost()
    const [first = '', second = '', ...others] = names
    const list = [
      '# ours',
      `${first}:5000   # the old one`,
      '',
      'dead.corp:5000',
      'slow.corp:7000',
      'not a registry',
      `${second}:5000`,
      `${first}:5000`,
      'bob:secret@reg.corp',
      ...others.map((name) => `${name}:5000`),
    ]
    await host.write('/root/list', list.join('\r\n'))
    const before = service.requests().length
    const limited = ['sh', '-c', 'ulimit -n 256; exec "$@"', 'sh', process.execPath, program]
    const args = ['diagnose', '--file', '/root/list', '--timeout', '4', '--json']
    const { code, stdout } = await host.run([...limited, ...args])
    const { registries } = JSON.parse(stdout) as Awaited<ReturnType<typeof runJson>>['document']
    assert.equal(code, 2, 'a wrong line weighs more than what is wrong with a registry')
    assert.deepEqual(
      registries.map(({ registry }) => registry),
      [
        `${first}:5000`,
        'dead.corp:5000',
        'slow.corp:7000',
        ...[second, ...others].map((name) => `${name}:5000`),
        'line 6 of "/root/list"',
        'line 9 of "/root/list"',
      ],
    )
    const of = (name: string) => registries.find(({ registry }) => registry.startsWith(name))
    const [dead, slow] = [of('dead.corp'), of('slow.corp')]
    assert.ok(dead && slow)
    assert.deepEqual([codes(dead), dead.exitCode], [['timeout'], 7])
    // Two addresses share one timeout, of which a busy machine's look-up of the name has taken its part.
    assert.match(dead.findings[0]?.message ?? '', /within (?:2|[01](?:\.\d+)?) s/)
    assert.deepEqual([codes(slow), slow.exitCode], [['timeout'], 7])
    for (const name of names) {
      const seen = of(`${name}:`)
      assert.ok(seen)
      assert.deepEqual([codes(seen), seen.exitCode], [['unknown-authority'], 1], name)
      assert.equal(seen.consumers[0]?.state, 'refused', name)
    }
    assert.equal(service.requests().length - before, COUNT, 'one request each: the engine refuses before')
    assert.doesNotMatch(stdout, /secret|EMFILE/)
  })

  it('trusts them in order under one lock, and takes all of it back', async () => {
    const host = await freshHost()
    const before = await host.snapshot(watched)
    const ours = names.slice(0, 12).map((name) => `${name}:5000`)
    const trusted = await runJson(host, [...ours, '--ca', '/root/ca.pem'])
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.deepEqual(
      trusted.document.registries.map(({ registry, verified, changed }) => [registry, verified, changed]),
      ours.map((registry) => [registry, true, true]),
    )
    const undone = await runJson(host, ['undo', '--all', '--yes'])
    assert.equal(undone.code, 0, undone.stdout)
    assert.deepEqual(await host.snapshot(watched), before)
  })
})
