import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createCa } from '../../../fixtures/pki.ts'
import { main } from '../../../src/cli/main.ts'
import type { ResultDocument } from '../../../src/report/document.ts'
import { fakeIo } from '../fake-io.ts'

const YAML = 'etc/rancher/k3s/registries.yaml'
const TOML = 'etc/buildkit/buildkitd.toml'
const DAEMON = 'etc/docker/daemon.json'

describe('cli/flow/offline: files of settings that a person has to put in order', function () {
  if (process.platform !== 'linux') return
  let image = ''
  let ca = ''

  before(async () => {
    ca = (await createCa({ name: 'Corp Root CA', keyKind: 'p-256' })).pem
  })
  beforeEach(() => {
    image = fs.mkdtempSync(join(tmpdir(), 'trust-registry-image-'))
    fs.chmodSync(image, 0o755)
    put('etc/os-release', 'ID=debian\n')
    put('usr/sbin/dockerd', '')
    fs.chmodSync(join(image, 'usr/sbin/dockerd'), 0o755)
    put('ca.pem', ca)
  })
  afterEach(() => {
    fs.rmSync(image, { recursive: true })
  })

  function put(file: string, text: string): void {
    fs.mkdirSync(dirname(join(image, file)), { recursive: true })
    fs.writeFileSync(join(image, file), text)
  }

  async function run(...more: readonly string[]) {
    const io = fakeIo()
    const argv = ['reg.corp:5000', '--offline', '--ca', join(image, 'ca.pem'), '--machine', image, '--json']
    const code = await main([...argv, ...more], io)
    const [registry] = (JSON.parse(io.out()) as ResultDocument).registries
    assert.ok(registry, io.out())
    return { code, registry }
  }

  for (const [runtime, file, text] of [
    ['k3s', YAML, 'a: ['],
    ['buildkit', TOML, 'a = ['],
  ] as const) {
    it(`${runtime}: a damaged file is exit 1, named with its place, and nothing is written for it`, async () => {
      put(file, text)
      for (const more of [[], ['-n'], ['--check']]) {
        const { code, registry } = await run('--runtime', runtime, ...more)
        assert.deepEqual([code, registry.ok, registry.changed, registry.plan], [1, false, false, []])
        assert.deepEqual(
          registry.findings.map((finding) => finding.code),
          ['config-damaged'],
        )
        assert.match(registry.findings[0]?.message ?? '', /: line 1, column \d+: /)
      }
      assert.equal(fs.readFileSync(join(image, file), 'utf8'), text)
    })
  }

  it('k3s: where another CA is named nothing is written, exit 1, and the lines make one file of both', async () => {
    const other = (await createCa({ name: 'Another CA', keyKind: 'p-256' })).pem
    const theirs = 'configs:\n  "reg.corp:5000":\n    tls:\n      ca_file: /x.pem\n'
    put('x.pem', other)
    put(YAML, theirs)
    const { code, registry } = await run('--runtime', 'k3s')
    assert.deepEqual([code, registry.ok, registry.changes], [1, false, []])
    const [finding, ...others] = registry.findings
    assert.deepEqual([finding?.severity, others], ['error', []])
    assert.match(finding?.message ?? '', /registries\.yaml is left alone.*ca_file names one file/)
    const both = '/etc/rancher/k3s/certs.d/reg.corp:5000/ca.pem'
    const [cat = '', edit = ''] = finding?.fix?.split('\n') ?? []
    assert.match(
      cat,
      /\{ cat \S*\/x\.pem && echo && cat CA\.pem; \} > \S+\/reg\.corp:5000\/ca\.pem {6}# the CA as PEM$/,
    )
    assert.ok(edit.includes(both), edit)
    assert.equal(fs.readFileSync(join(image, YAML), 'utf8'), theirs)
    assert.equal(fs.existsSync(join(image, 'etc/rancher/k3s/certs.d')), false)

    // Another engine is served all the same.
    const half = await run('--runtime', 'k3s', '--runtime', 'buildkit')
    assert.equal(half.code, 1)
    const written = half.registry.changes.map(({ path }) => path)
    assert.ok(written.includes('/etc/buildkit/buildkitd.toml'), written.join())
    assert.ok(!written.some((path) => path.includes('k3s')), written.join())

    // As the lines have it, it is done.
    put(both, `${other}\n${ca}`)
    put(YAML, theirs.replace('/x.pem', both))
    const after = await run('--runtime', 'k3s')
    assert.deepEqual([after.code, after.registry.findings, after.registry.changed], [0, [], false])
  })

  it('docker: a damaged daemon.json is told, with its place; the certificate is written all the same', async () => {
    put(DAEMON, '{"a": ')
    for (const more of [['-n'], []]) {
      const { code, registry } = await run('--runtime', 'docker', ...more)
      assert.deepEqual(
        [code, registry.findings.map((finding) => [finding.code, finding.severity])],
        [0, [['config-damaged', 'warning']]],
      )
      assert.match(registry.findings[0]?.message ?? '', /daemon\.json .*line 1, column \d+/)
    }
  })

  it('files that are good, or not there, are no finding: exit 0', async () => {
    for (const runtime of ['k3s', 'buildkit', 'docker']) {
      const { code, registry } = await run('--runtime', runtime)
      assert.deepEqual([code, registry.findings, registry.changed], [0, [], true])
    }
  })

  it('no engine: runtime-not-found with the line that prepares one, exit 1 in each form, and nothing is on record', async () => {
    fs.rmSync(join(image, 'usr'), { recursive: true })
    for (const more of [['--check'], ['--dry-run'], []]) {
      const { code, registry } = await run(...more)
      assert.deepEqual([code, registry.ok, registry.changed, registry.plan], [1, false, false, []])
      const [finding, ...others] = registry.findings
      assert.deepEqual([finding?.code, finding?.severity, others], ['runtime-not-found', 'error', []])
      assert.match(finding?.fix ?? '', / --runtime docker --offline --ca \S+ca\.pem --machine /)
      assert.equal(fs.existsSync(join(image, 'var/lib/trust-registry/records.json')), false)
    }
  })

  it('an engine that gets something only where it is named: the line that names it', async () => {
    fs.renameSync(join(image, 'usr/sbin/dockerd'), join(image, 'usr/sbin/k3s'))
    const { code, registry } = await run()
    const [finding, ...others] = registry.findings
    assert.deepEqual([code, finding?.code, others], [1, 'runtime-unreachable', []])
    assert.match(finding?.fix ?? '', /^trust-registry reg\.corp:5000 --runtime k3s --offline --ca /)
  })

  it('undo takes either spelling of the port 443 for what is on record', async () => {
    const place = ['--machine', image, '--json']
    const trust = ['reg.corp', '--offline', '--ca', join(image, 'ca.pem'), ...place]
    assert.equal(await main(trust, fakeIo()), 0)
    const io = fakeIo()
    assert.equal(await main(['undo', 'reg.corp:443', '--yes', ...place], io), 0, io.out())
    const { changed, registries } = JSON.parse(io.out()) as ResultDocument
    assert.deepEqual([changed, registries[0]?.registry], [true, 'reg.corp'])
  })
})
