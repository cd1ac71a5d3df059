import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../../fixtures/lab/host.ts'
import { labRoot, type Suite } from '../../fixtures/lab/root.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { pullByCri } from '../../src/runtimes/cri.ts'
import { codes, consumer, runJson, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const config = '/etc/containerd/config.toml'
const base = '/etc/containerd/certs.d'
const right = `${base}/${registry}`
const image = `${registry}/trust-registry-probe@sha256:${'0'.repeat(64)}`

/** By port: without logins, with, and nobody at all. */
const mirrors = { 5001: undefined, 5002: users }

const generations: readonly [string, Suite | undefined, RegExp, string][] = [
  ['1.6', undefined, /^1\.6/, 'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\n'],
  ['1.7', 'trixie', /^1\.7/, 'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\n'],
  ['2.1 or later', 'sid', /^2\.[1-9]/, 'version = 3\n[plugins."io.containerd.cri.v1.images".registry]\n'],
]

describe('containerd with a hosts directory', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let hosts: Record<string, string>
  const roots = new Map<Suite, string>()

  before('fetch the other suites', async function () {
    this.timeout(660_000)
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })] })
    for (const [port, asked] of Object.entries(mirrors)) {
      await server.dockerRegistry({ port: Number(port), ...(asked && { users: asked }) })
    }
    hosts = { 'reg.corp': server.address }
    for (const suite of ['trixie', 'sid'] as const) roots.set(suite, await labRoot(suite))
  })

  const freshHost = async (suite: Suite | undefined, toml: string): Promise<Host> => {
    const path = suite === undefined ? undefined : roots.get(suite)
    const host = await scene.lab.host('client', {
      ...{ hosts, docker: false },
      ...(path === undefined ? {} : { root: path }),
    })
    await host.write('/root/ca.pem', root.pem)
    await host.write(config, toml)
    await startContainerd(host)
    return host
  }
  const until = async (what: string, done: () => Promise<boolean>): Promise<void> => {
    const deadline = Date.now() + 20_000
    while (!(await done())) {
      assert.ok(Date.now() < deadline, what)
      await sleep(50)
    }
  }
  const startContainerd = async (host: Host): Promise<void> => {
    void host.start(['containerd', '--log-level', 'error'], { timeout: 120_000 }).done.catch(() => undefined)
    await until('containerd answers', async () => (await host.run(['ctr', 'version'])).code === 0)
  }
  const pull = async (host: Host): Promise<string> => {
    const { stderr } = await host.run(['ctr', 'images', 'pull', '--hosts-dir', base, image])
    return (
      stderr
        .trimEnd()
        .split('\n')
        .findLast((line) => line.startsWith('ctr: ')) ?? ''
    ).slice(5)
  }
  const named = ['--runtime', 'containerd'] as const
  /** Its CRI, asked by the very call that kubelet makes. */
  const criRefuses = async (host: Host): Promise<boolean> => {
    const { status, message } = await pullByCri(
      host.outside('/run/containerd/containerd.sock'),
      image,
      10_000,
    )
    assert.notEqual(status, 0, 'nobody has that image')
    assert.match(message, /x509: |not found$/)
    return message.includes('x509: ')
  }
  const restart = async (host: Host): Promise<void> => {
    const { stdout } = await host.run(['sh', '-c', 'grep -l "^containerd$" /proc/[0-9]*/comm'])
    const [, pid = ''] = /^\/proc\/(\d+)\/comm$/m.exec(stdout) ?? []
    assert.equal((await host.run(['kill', pid])).code, 0)
    await until('containerd ends', async () => (await host.run(['test', '-e', `/proc/${pid}`])).code !== 0)
    await startContainerd(host)
  }

  for (const [title, suite, version, start] of generations) {
    it(`${title}: foreseen to the letter, mended, proven, undone to the byte`, async () => {
      const host = await freshHost(suite, `${start}  config_path = "${base}"\n`)
      const before = await host.snapshot(watched)
      const seen = await runJson(host, ['diagnose', registry, ...named])
      assert.equal(seen.code, 1, seen.stdout)
      assert.match(seen.document.machine.runtimes[0]?.version ?? '', version)
      const { predictedError, observedError, trustLocation } = consumer(seen.registry, 'containerd')
      assert.deepEqual([predictedError, trustLocation], [await pull(host), right])
      assert.equal(observedError, predictedError)

      const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem', ...named])
      assert.equal(trusted.code, 0, trusted.stdout)
      assert.equal(trusted.registry.verified, true)
      assert.ok(
        trusted.registry.changes.every(({ path }) => path.startsWith(`${right}/`) && path.endsWith('.crt')),
      )
      assert.match(await pull(host), /not found$/)
      assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
      assert.deepEqual(await host.snapshot(watched), before)

      // Its CRI, asked as kubelet asks it, is of the same mind.
      const cri = await host.run(['ctr', 'plugins', 'ls'])
      assert.match(cri.stdout, /cri .* ok/, 'the CRI is up, so that it was asked')

      // Mirrors, of which one has nothing, one lets nobody in, and one does not answer, vouch for nobody but themselves.
      for (const port of [...Object.keys(mirrors), 5003]) {
        const toml = `[host."http://reg.corp:${port}"]\n  capabilities = ["pull", "resolve"]\n`
        await host.write(`${right}/hosts.toml`, toml)
        const mirrored = await runJson(host, ['diagnose', registry, ...named])
        const {
          state,
          predictedError: foreseen,
          observedError: said,
        } = consumer(mirrored.registry, 'containerd')
        assert.deepEqual([state, said], ['refused', foreseen], `the mirror at ${port}`)
      }
      const behind = await runJson(host, [registry, '--ca', '/root/ca.pem', ...named])
      assert.equal(behind.code, 0, behind.stdout)
      assert.equal(behind.registry.verified, true)
      assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
      await host.run(['rm', '-rf', right])

      // Without being named it counts, too: somebody has told it of the directory.
      const all = await runJson(host, ['diagnose', registry])
      assert.equal(consumer(all.registry, 'containerd').required, true)
    }).timeout(120_000)

    // 1.7 reads as 1.6 does.
    if (title === '1.7') continue
    it(`${title}: the traps of its directory`, async () => {
      const host = await freshHost(suite, `${start}  config_path = "${base}"\n`)
      const table = `[host."https://${registry}"]\n`
      const traps: readonly [string, Record<string, string>, string][] = [
        ['garbage', { 'ca.crt': root.pem, 'x.crt': 'x' }, 'trust-file-damaged'],
        [
          'hosts.toml without a CA',
          { 'ca.crt': root.pem, 'hosts.toml': `${table}# theirs\n` },
          'hosts-toml-overrides',
        ],
        [
          'hosts.toml that names nothing',
          { 'hosts.toml': `${table}ca = "no.pem"\n` },
          'trust-directory-unreadable',
        ],
        [
          'hosts.toml without a table',
          { 'ca.crt': root.pem, 'hosts.toml': `server = "https://${registry}"\nca = "ca.crt"\n` },
          '',
        ],
        [
          'hosts.toml with a CA',
          { 'it.pem': root.pem, 'hosts.toml': `server = "https://${registry}"\n${table}ca = "it.pem"\n` },
          '',
        ],
      ]
      for (const [what, files, code] of traps) {
        await host.run(['rm', '-rf', right])
        for (const [name, content] of Object.entries(files)) await host.write(`${right}/${name}`, content)
        const seen = await runJson(host, ['diagnose', registry, ...named])
        const { predictedError, state } = consumer(seen.registry, 'containerd')
        assert.equal(state, code === '' ? 'trusted' : 'refused', what)
        if (code !== '') {
          assert.equal(predictedError, await pull(host), what)
          assert.ok(codes(seen.registry).includes(code), `${what}: ${codes(seen.registry).join()}`)
          const before = await host.snapshot(watched)
          const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem', ...named])
          if (code === 'hosts-toml-overrides') {
            assert.equal(trusted.code, 0, `${what}: ${trusted.stdout}`)
            const edited = await host.read(`${right}/hosts.toml`)
            assert.equal(edited.replace(/^ca = \[".*\.crt"\]\n/gm, ''), `${table}# theirs\n`)
            assert.match(await pull(host), /not found$/)
            assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
          } else {
            assert.equal(trusted.code, 1, `${what}: ${trusted.stdout}`)
          }
          assert.deepEqual(await host.snapshot(watched), before, 'more files would not help')
        }
      }
      // A byte order mark is read over up to 1.7; since then the file is passed over, and what lies beside it counts.
      await host.run(['rm', '-rf', right])
      await host.write(`${right}/it.pem`, root.pem)
      const marked = `\uFEFF${table.trim()}\r\n  ca = "it.pem"\r\n`
      await host.write(`${right}/hosts.toml`, marked)
      const passes = title !== '1.6'
      const seen = await runJson(host, ['diagnose', registry, ...named])
      assert.equal(consumer(seen.registry, 'containerd').state, passes ? 'refused' : 'trusted', seen.stdout)
      const damage = seen.registry.findings.find(({ code }) => code === 'config-damaged')
      assert.equal(
        damage?.message.includes('line 1, column 1: it begins with a byte order mark') ?? false,
        passes,
      )
      assert.equal((await runJson(host, [registry, '--ca', '/root/ca.pem', ...named])).code, 0)
      assert.equal(await host.read(`${right}/hosts.toml`), marked)
      await host.write(`${right}/hosts.toml`, marked.slice(1))
      const lined = await runJson(host, ['diagnose', registry, ...named])
      assert.deepEqual([lined.code, codes(lined.registry)], [0, []], lined.stdout)
      if (passes) assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
      await host.run(['rm', '-rf', right])
      const lax = `${table}  capabilities = ["pull"] # all\n  skip_verify = true # for now\n`
      await host.write(`${right}/hosts.toml`, lax)
      const unchecked = await runJson(host, ['diagnose', registry, ...named])
      assert.ok(codes(unchecked.registry).includes('insecure-registry'), unchecked.stdout)
      const checked = await runJson(host, [registry, '--ca', '/root/ca.pem', '--yes', ...named])
      assert.equal(checked.code, 0, checked.stdout)
      assert.match(
        await host.read(`${right}/hosts.toml`),
        /# all\n {2}skip_verify = false # for now\n {2}ca = \[/,
      )
      assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
      assert.equal(await host.read(`${right}/hosts.toml`), lax)
      await host.run(['rm', '-rf', right])
      await host.write(`${base}/reg.corp_5000_/old.crt`, (await createCa({ name: 'Old CA' })).pem)
      const flat = await runJson(host, [registry, '--ca', '/root/ca.pem', ...named])
      assert.equal(flat.code, 0, flat.stdout)
      assert.match(flat.registry.changes[0]?.path ?? '', /reg\.corp_5000_/)
    }).timeout(120_000)
  }

  for (const [title, suite, , start] of generations) {
    if (title === '1.7') continue
    it(`${title}: settings that keep the CRI from the directory are named, and mended by the line that is given`, async () => {
      const host = await freshHost(suite, start)
      const before = await host.snapshot(watched)
      const blind = await runJson(host, [registry, '--ca', '/root/ca.pem', ...named])
      assert.deepEqual([blind.code, blind.registry.verified], [1, false], blind.stdout)
      assert.deepEqual(await host.snapshot(watched), before, 'a person has to put it in order first')
      const lacking = blind.registry.findings.find(({ code }) => code === 'trust-file-ignored')
      assert.match(lacking?.message ?? '', /names no config_path/)
      assert.equal(await criRefuses(host), true, 'its CRI knows no directory')
      const [line = 'false'] = (lacking?.fix ?? '').split('\n')
      const mended = await host.run(['sh', '-c', line])
      assert.equal(mended.code, 0, `${line}: ${mended.stderr}`)
      await restart(host)
      const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem', ...named])
      assert.deepEqual([trusted.code, trusted.registry.verified], [0, true], trusted.stdout)
      assert.equal(await criRefuses(host), false, await host.read(config))
      const seeing = await runJson(host, ['diagnose', registry, ...named])
      assert.deepEqual([seeing.code, codes(seeing.registry)], [0, []], seeing.stdout)
      assert.ok(!seeing.stdout.includes('config_path'), seeing.stdout)

      // Tables of old beside it: the CRI does not come up.
      const table = /^\[(.*)\]$/m.exec(await host.read(config))?.[1] ?? ''
      const old = `\n[${table}.mirrors."docker.io"]\n  endpoint = ["https://mirror.corp"]\n`
      await host.write(config, (await host.read(config)) + old)
      await restart(host)
      const plugins = await host.run(['ctr', 'plugins', 'ls'])
      assert.match(plugins.stdout, /cri.* error/, plugins.stdout)
      const torn = await runJson(host, ['diagnose', registry, ...named])
      const conflict = torn.registry.findings.find(({ code }) => code === 'trust-file-ignored')
      assert.match(conflict?.message ?? '', /registry\.mirrors beside config_path/, torn.stdout)
      assert.match(conflict?.fix ?? '', /hosts\.toml/)
      assert.deepEqual([torn.code, consumer(torn.registry, 'containerd').state], [1, 'unknown'], torn.stdout)

      // What imported files say counts, and of several directories the first that has one for the registry.
      const [version = '', head = ''] = start.split('\n')
      const several = `/etc/containerd/own:${base}`
      await host.write(config, `${version}\nimports = ["/etc/containerd/conf.d/*.toml"]\n`)
      const dirs = '/etc/containerd/conf.d/10-dirs.toml'
      await host.write(dirs, `${version}\n${head}\n  config_path = "${several}"\n`)
      await restart(host)
      const list = await runJson(host, ['diagnose', registry, ...named])
      const asOne = title !== '1.6'
      assert.equal(await criRefuses(host), asOne, 'since 2.1 its CRI takes the list for one directory')
      assert.equal(list.stdout.includes('names several directories in config_path'), asOne, list.stdout)
      assert.equal(list.code, asOne ? 1 : 0, list.stdout)
      if (asOne) {
        await host.write(dirs, `${version}\n${head}\n  config_path = "${base}"\n`)
        await restart(host)
        assert.equal(await criRefuses(host), false)
      } else {
        assert.equal(consumer(list.registry, 'containerd').trustLocation, right)
        await host.write(`/etc/containerd/own/${registry}/old.crt`, (await createCa({ name: 'Old CA' })).pem)
        assert.equal(await criRefuses(host), true, 'the first directory that is there counts')
        const hiding = await runJson(host, [registry, '--ca', '/root/ca.pem', ...named])
        assert.equal(hiding.code, 0, hiding.stdout)
        assert.match(hiding.registry.changes[0]?.path ?? '', /^\/etc\/containerd\/own\//)
        assert.equal(await criRefuses(host), false)
      }
      const imported = await runJson(host, ['diagnose', registry, ...named])
      assert.deepEqual([imported.code, codes(imported.registry)], [0, []], imported.stdout)

      // Before 2.0 a later file that has the plugin's table takes the place of the whole.
      const plugin = head.replace('.registry]', ']')
      await host.write(
        '/etc/containerd/conf.d/20-other.toml',
        `${version}\n${plugin}\nmax_concurrent_downloads = 2\n`,
      )
      await restart(host)
      const lost = title === '1.6'
      assert.equal(await criRefuses(host), lost)
      const over = await runJson(host, ['diagnose', registry, ...named])
      assert.equal(over.stdout.includes('names no config_path'), lost, over.stdout)

      await host.write('/etc/containerd/conf.d/30-broken.toml', `${version}\nx = \n`)
      const broken = await runJson(host, ['diagnose', registry, ...named])
      const damage = broken.registry.findings.find(({ code }) => code === 'config-damaged')
      assert.match(damage?.message ?? broken.stdout, /30-broken\.toml is damaged.*line 3, column 1: /)
    }).timeout(120_000)
  }

  it('a damaged hosts.toml is passed over and named with its place; a link is followed; what _default says is not lost unseen', async () => {
    const host = await freshHost(undefined, `${generations[0]?.[3] ?? ''}  config_path = "${base}"\n`)
    const damaged = '[host."x"\n'
    await host.write(`${right}/ca.crt`, root.pem)
    await host.write(`${right}/hosts.toml`, damaged)
    const seen = await runJson(host, ['diagnose', registry, ...named])
    assert.equal(consumer(seen.registry, 'containerd').state, 'trusted', seen.stdout)
    assert.match(await pull(host), /not found$/)
    const finding = seen.registry.findings.find(({ code }) => code === 'config-damaged')
    assert.match(finding?.message ?? '', /line 2, column 1: /)
    assert.equal((await runJson(host, [registry, '--ca', '/root/ca.pem', ...named])).code, 0)
    assert.equal(await host.read(`${right}/hosts.toml`), damaged)
    await host.run([
      'sh',
      '-c',
      `mv ${right} /root/elsewhere; ln -s /root/elsewhere ${right}; rm ${right}/hosts.toml`,
    ])
    const linked = await runJson(host, ['diagnose', registry])
    assert.equal(consumer(linked.registry, 'containerd').state, 'trusted', linked.stdout)
    assert.match(await pull(host), /not found$/)

    await host.run(['rm', '-rf', right])
    await host.write(
      `${base}/_default/hosts.toml`,
      `# for all\n[host."https://${registry}"]\n  capabilities = ["pull", "resolve"]\n`,
    )
    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem', ...named])
    assert.equal(trusted.code, 0, trusted.stdout)
    const hidden = trusted.registry.findings.find(({ code }) => code === 'trust-directory-shadowed')
    assert.match(hidden?.message ?? '', /_default holds hosts\.toml for all registries/, trusted.stdout)
    const copied = await host.run(['sh', '-c', hidden?.fix ?? 'false'])
    assert.equal(copied.code, 0, copied.stderr)
    const again = await runJson(host, [registry, '--ca', '/root/ca.pem', ...named])
    assert.equal(again.code, 0, again.stdout)
    assert.match(await host.read(`${right}/hosts.toml`), /^ca = \[".*\.crt"\]$/m)
    assert.match(await pull(host), /not found$/)
    assert.ok(!again.registry.findings.some(({ code }) => code === 'trust-directory-shadowed'), again.stdout)
    assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)

    // The next CA goes in while _default has the one that serves, which a directory of the registry's own hides.
    await host.run(['rm', '-rf', base])
    await host.write(`${base}/_default/ca.crt`, root.pem)
    await host.write('/root/both.pem', root.pem + (await createCa({ name: 'Next CA' })).pem)
    const rotated = await runJson(host, [registry, '--ca', '/root/both.pem', ...named])
    assert.deepEqual([rotated.code, rotated.registry.changes.length], [0, 2], rotated.stdout)
    assert.match(await pull(host), /not found$/)
  }).timeout(120_000)

  it('scope system: who has read the OS store before is named with its restart, and nothing is rolled back', async () => {
    const host = await freshHost(undefined, `${generations[0]?.[3] ?? ''}  config_path = "${base}"\n`)
    for (const start of [await host.read(config), 'version = 2\n']) {
      await host.write(config, start)
      await restart(host)
      // It reads the store when it first verifies.
      assert.equal(await criRefuses(host), true)
      const trusted = await runJson(host, [
        registry,
        '--ca',
        '/root/ca.pem',
        '--scope',
        'system',
        '--yes',
        ...named,
      ])
      assert.deepEqual([trusted.code, trusted.registry.verified], [1, false], trusted.stdout)
      assert.equal(trusted.registry.changed, true, trusted.stdout)
      const stale = trusted.registry.findings.find(({ code }) => code === 'restart-needed')
      assert.match(stale?.fix ?? trusted.stdout, /^systemctl restart containerd /)
      await restart(host)
      assert.equal(await criRefuses(host), false)
      const seen = await runJson(host, ['diagnose', registry, ...named])
      assert.deepEqual([seen.code, codes(seen.registry)], [0, []], seen.stdout)
      assert.equal((await runJson(host, ['undo', registry, '--yes'])).code, 0)
    }
  }).timeout(120_000)

  it('that comes with Docker alone is nobody’s runtime; named, it is told what its CRI lacks', async () => {
    const host = await freshHost(undefined, 'version = 2\n')
    const seen = await runJson(host, ['diagnose', registry])
    assert.ok(!seen.registry.consumers.some(({ name }) => name === 'containerd'))
    const asked = await runJson(host, ['diagnose', registry, ...named])
    const ignored = asked.registry.findings.find(({ code }) => code === 'trust-file-ignored')
    assert.match(ignored?.message ?? '', /names no config_path/)

    // Docker's package leaves the CRI out: then ctr's word is the proof.
    await host.write(config, 'disabled_plugins = ["io.containerd.grpc.v1.cri"]\nversion = 2\n')
    await restart(host)
    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem', ...named])
    assert.deepEqual([trusted.code, trusted.registry.verified], [0, true], trusted.stdout)
    assert.match(await pull(host), /not found$/)
  })

  it('a damaged config.toml is named with its line, and left as it is', async () => {
    const host = await freshHost(undefined, 'version = 2\n')
    const damaged = 'version = 2\nconfig_path = \n'
    await host.write(config, damaged)
    const seen = await runJson(host, [registry, '--ca', '/root/ca.pem', ...named])
    assert.equal(seen.code, 1, seen.stdout)
    const finding = seen.registry.findings.find(({ code }) => code === 'config-damaged')
    assert.match(finding?.message ?? '', /config\.toml is damaged.*line \d+, column \d+/)
    assert.equal(await host.read(config), damaged)
  })
})
