import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { planInstall } from '../../../src/change/index.ts'
import { clientFiles } from '../../../src/cli/flow/client.ts'
import { withClosed } from '../../../src/cli/flow/closed.ts'
import type { Context } from '../../../src/cli/flow/context.ts'
import { filesFor } from '../../../src/cli/flow/files.ts'
import { defaultOptions, type Options } from '../../../src/cli/options.ts'
import { TrustError } from '../../../src/errors.ts'
import type { Finding } from '../../../src/judge/index.ts'
import type { Engine } from '../../../src/runtimes/engine.ts'
import { parseRegistry } from '../../../src/registry/reference.ts'
import { containersEngines } from '../../../src/runtimes/containers-programs.ts'
import { CrioEngine } from '../../../src/runtimes/crio.ts'
import { DockerEngine } from '../../../src/runtimes/docker.ts'
import { preparedEngines } from '../../../src/runtimes/prepared.ts'
import type { Certificate } from '../../../src/x509/index.ts'
import { approved, commit, undo, worlds, type World } from '../../change/world.ts'
import { ca, read } from '../../judge/evidence.ts'

const REGISTRY = 'reg.corp:5000'
const FOLDER = `/etc/docker/certs.d/${REGISTRY}`

describe('cli/flow/client: the client certificate, year after year', () => {
  const world = worlds()
  let root: Certificate
  before(async () => {
    root = read(await ca('Root'))
  })

  async function place(here: World, year: number): Promise<void> {
    const client = { certificatePem: `certificate ${year}\n`, keyPem: `key ${year}\n` }
    const context = { client, machine: here.machine, state: here.state } as unknown as Context
    const wanted = await clientFiles(context, new DockerEngine(), parseRegistry(REGISTRY))
    await commit(here, await planInstall(here, REGISTRY, approved(root), wanted))
  }
  const content = (here: World, name: string): string => readFileSync(here.at(`${FOLDER}/${name}`), 'utf8')

  it('ours is renewed, for its owner alone; undo leaves nothing, for nothing was there before us', async () => {
    const here = await world()
    const before = here.snapshot()
    for (const year of [1, 2, 3]) await place(here, year)
    assert.deepEqual(
      [content(here, 'client.cert'), content(here, 'client.key')],
      ['certificate 3\n', 'key 3\n'],
    )
    assert.equal(statSync(here.at(`${FOLDER}/client.key`)).mode & 0o777, 0o600)
    assert.deepEqual(here.memory(), ['lock', 'records.json'], 'no earlier key is kept')
    await undo(here, REGISTRY)
    assert.deepEqual(here.snapshot(), before)
  })

  it("for another person's podman: the line for Docker, and those that the person types, in full", async () => {
    const here = await world()
    const { machine, state } = here
    const invoker = { uid: 1001, gid: 1001, name: 'alice', home: '/home/alice' }
    machine.who = () => ({ uid: 0, privileged: true, elevated: true, invoker })
    const podman = { name: 'podman', asCaller: true } as unknown as Engine
    const fixFor = async (files: Options['client']): Promise<readonly string[]> => {
      const given = files === undefined ? {} : { client: files }
      const options = {
        ...defaultOptions,
        command: 'trust',
        registries: [REGISTRY],
        ca: ['ca.pem'],
        ...given,
      }
      const context = { client: {}, machine, state, options } as unknown as Context
      const error: unknown = await clientFiles(context, podman, parseRegistry(REGISTRY)).catch(
        (thrown: unknown) => thrown,
      )
      assert.ok(error instanceof TrustError)
      assert.match(error.message, /podman runs as alice, who cannot read a key of root's/)
      return error.fix?.split('\n') ?? []
    }
    assert.deepEqual(await fixFor({ certificate: 'my cert.pem', key: 'key.pem' }), [
      `trust-registry ${REGISTRY} --ca ca.pem --runtime docker --client-cert 'my cert.pem' --client-key key.pem`,
      '# and for podman, as alice:',
      `install -D -m 600 'my cert.pem' ~/.config/containers/certs.d/${REGISTRY}/client.cert`,
      `install -D -m 600 key.pem ~/.config/containers/certs.d/${REGISTRY}/client.key`,
    ])
    const [, , ...lines] = await fixFor({ p12: 'both.p12' })
    assert.deepEqual(lines, [
      `mkdir -p ~/.config/containers/certs.d/${REGISTRY}`,
      `openssl pkcs12 -in both.p12 -clcerts -nokeys -out ~/.config/containers/certs.d/${REGISTRY}/client.cert`,
      `openssl pkcs12 -in both.p12 -nocerts -nodes -out ~/.config/containers/certs.d/${REGISTRY}/client.key`,
    ])
  })

  it("somebody else's, or one that was changed since, is left alone", async () => {
    const here = await world()
    here.write(`${FOLDER}/client.cert`, 'theirs\n')
    await assert.rejects(place(here, 1), { code: 'change-failed' })
    assert.equal(content(here, 'client.cert'), 'theirs\n')

    const changed = await world()
    await place(changed, 1)
    writeFileSync(changed.at(`${FOLDER}/client.key`), 'edited\n')
    await assert.rejects(place(changed, 2), { code: 'change-failed' })
    assert.deepEqual(
      [content(changed, 'client.cert'), content(changed, 'client.key')],
      ['certificate 1\n', 'edited\n'],
    )
  })

  const client = { certificatePem: 'certificate\n', keyPem: 'key\n' }
  const settings: readonly [string, string, string, (pair: string) => string][] = [
    [
      'buildkit',
      '/etc/buildkit/buildkitd.toml',
      `debug = true # for now\n\n[registry."${REGISTRY}"]\n  ca = ["/theirs.pem"] # theirs\n`,
      (pair) => `\n[[registry."${REGISTRY}".keypair]]\nkey = "${pair}.key"\ncert = "${pair}.cert"\n`,
    ],
    ...(['k3s', 'rke2'] as const).map((name): (typeof settings)[number] => [
      name,
      `/etc/rancher/${name}/registries.yaml`,
      `# of this node\nconfigs:\n  "${REGISTRY}":\n    tls:\n      ca_file: /theirs.pem # theirs\n`,
      (pair) => `      cert_file: "${pair}.cert"\n      key_file: "${pair}.key"\n`,
    ]),
  ]
  for (const [name, file, before, added] of settings) {
    it(`${name}: its settings name the pair, comments and order kept; undone to the byte`, async () => {
      const here = await world()
      here.write(file, before)
      const was = here.snapshot()
      const engines = preparedEngines().filter((engine) => engine.name === name)
      const options = { ca: [] }
      const place = { machine: here.machine, state: here.state }
      const context = { client, engines, options, ...place } as unknown as Context
      const required = [{ survey: { name }, required: true }]
      const wanted = await filesFor(context, required, parseRegistry(REGISTRY), [])
      await commit(here, await planInstall(here, REGISTRY, approved(root), wanted))
      const pair = `${dirname(file)}/certs.d/${REGISTRY}/client`
      assert.equal(readFileSync(here.at(file), 'utf8'), before + added(pair))
      assert.equal(readFileSync(here.at(`${pair}.key`), 'utf8'), 'key\n')
      const again = await filesFor(context, required, parseRegistry(REGISTRY), [])
      assert.deepEqual(
        again.map(({ path }) => path),
        [`${pair}.cert`, `${pair}.key`],
      )
      await undo(here, REGISTRY)
      assert.deepEqual(here.snapshot(), was)
    })
  }

  it("where podman's family would come upon root's key first: a warning, with the lines for each person", async () => {
    const named = {
      command: 'trust' as const,
      registries: [REGISTRY],
      client: { certificate: 'me.pem', key: 'me.key' },
    }
    const options = { ...defaultOptions, ...named }
    const told = async (programs: readonly string[], there?: string): Promise<readonly Finding[]> => {
      const here = await world()
      if (there !== undefined) here.write(`${there}/ca.crt`, '')
      const which = (name: string) =>
        Promise.resolve(programs.includes(name) ? `/usr/bin/${name}` : undefined)
      const machine = Object.assign(here.machine, { which })
      const context = { client, options, machine, state: here.state } as unknown as Context
      const files = await clientFiles(context, new DockerEngine(), parseRegistry(REGISTRY))
      const plan = await planInstall(here, REGISTRY, approved(root), files)
      return (await withClosed(context, parseRegistry(REGISTRY), files, plan)).findings ?? []
    }
    const [finding, ...others] = await told(['podman', 'skopeo'])
    assert.deepEqual(
      [finding?.code, finding?.severity, others],
      ['trust-directory-unreadable', 'warning', []],
    )
    assert.match(
      finding?.message ?? '',
      /^\/etc\/docker\/certs\.d\/reg\.corp:5000 holds a key .*: podman, skopeo of /,
    )
    const own = `~/.config/containers/certs.d/${REGISTRY}`
    assert.deepEqual(finding?.fix?.split('\n'), [
      '# as each person who uses them:',
      `mkdir -p ${own} && cp ${FOLDER}/*.crt ${own}/`,
      `install -D -m 600 me.pem ${own}/client.cert`,
      `install -D -m 600 me.key ${own}/client.key`,
    ])
    assert.deepEqual(await told([]), [])
    // A place that comes before Docker's is the one that they read.
    assert.deepEqual(await told(['podman'], `/etc/containers/certs.d/${REGISTRY}`), [])
  })

  it('under sudo: a daemon reads root’s key whoever called; what runs as the person does not', async () => {
    const here = await world()
    const who = { ...here.machine.who(), elevated: true }
    const invoker = { ...who.invoker, name: 'alice', uid: 1001 }
    const machine = Object.assign(here.machine, { who: () => ({ ...who, invoker }) })
    const options = { ...defaultOptions, command: 'trust', registries: [REGISTRY] }
    const context = { client, machine, state: here.state, options } as unknown as Context
    const target = parseRegistry(REGISTRY)
    for (const engine of [...preparedEngines(), new CrioEngine(), new DockerEngine()])
      assert.equal((await clientFiles(context, engine, target)).length, 2, engine.name)
    for (const engine of containersEngines())
      await assert.rejects(clientFiles(context, engine, target), { code: 'policy' }, engine.name)
  })
})
