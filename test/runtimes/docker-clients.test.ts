import assert from 'node:assert/strict'
import type { Machine, RunOptions, RunResult } from '../../src/machine/machine.ts'
import { parseRegistry } from '../../src/registry/reference.ts'
import { dockerClients } from '../../src/runtimes/docker-clients.ts'
import { DockerEngine } from '../../src/runtimes/docker.ts'
import type { Engine, EngineAnswer } from '../../src/runtimes/engine.ts'

const target = parseRegistry('certificate.corp:5000')
const image = 'certificate.corp:5000/trust-registry-probe'
const USUAL = '/usr/libexec/docker/cli-plugins/docker-buildx'
const OWN = '/home/bob/.docker/cli-plugins/docker-buildx'
const bob = { uid: 1000, gid: 1000, name: 'bob', home: '/home/bob' }

interface Here {
  readonly files?: Readonly<Record<string, string>>
  readonly kind?: Machine['kind']
  readonly platform?: NodeJS.Platform
  readonly elevated?: boolean
  readonly answer?: Partial<RunResult>
}

/** A machine of a few files, and what was run there. */
function machineOf(here: Here) {
  const { files = { '/usr/bin/docker': '\x7fELF' }, kind = 'local', platform = 'linux' } = here
  const ran: { argv: readonly string[]; options: RunOptions }[] = []
  const made: string[] = []
  const nothing: RunResult = { exitCode: 0, stdout: '', stderr: '', timedOut: false }
  const machine = {
    ...{ kind, platform },
    who: () => ({ uid: 0, privileged: true, invoker: bob, elevated: here.elevated ?? false }),
    which: (name: string) => Promise.resolve(`/usr/bin/${name}` in files ? `/usr/bin/${name}` : undefined),
    stat: (path: string) => Promise.resolve(path in files ? { kind: 'file' } : undefined),
    list: () => Promise.resolve(undefined),
    read: (path: string) => Promise.resolve(path in files ? Buffer.from(files[path] ?? '') : undefined),
    readPart: (path: string, offset: number, length: number) =>
      Promise.resolve(Buffer.from(files[path] ?? '', 'latin1').subarray(offset, offset + length)),
    socket: () => Promise.reject(Object.assign(new Error('nobody'), { code: 'ENOENT' })),
    makeDirectory: (path: string) => Promise.resolve(made.push(path)),
    run: (argv: readonly string[], options: RunOptions) => {
      ran.push({ argv, options })
      return Promise.resolve({ ...nothing, ...(argv[0] === 'rm' ? {} : here.answer) })
    },
  } as unknown as Machine
  return { machine, ran, made }
}

function clients(): readonly [Engine, Engine] {
  const [cli, buildx] = dockerClients(new DockerEngine())
  assert.ok(cli && buildx)
  return [cli, buildx]
}

describe('runtimes/docker-clients', () => {
  const found = async (here: Here): Promise<readonly string[]> => {
    const { machine } = machineOf(here)
    const surveys = await Promise.all(clients().map((client) => client.survey(machine, 1000)))
    return surveys.filter(({ installed }) => installed).map(({ name }) => name)
  }

  it('are there where their programs are, on this very computer', async () => {
    const docker = { '/usr/bin/docker': '\x7fELF' }
    assert.deepEqual(await found({}), ['docker-cli'])
    assert.deepEqual(await found({ files: {} }), [])
    assert.deepEqual(await found({ files: { [USUAL]: '' } }), [], 'a plugin without its program')
    for (const path of [USUAL, OWN])
      assert.deepEqual(await found({ files: { ...docker, [path]: '' } }), ['docker-cli', 'buildx'], path)
    for (const elsewhere of [{ kind: 'ssh' }, { kind: 'root' }, { platform: 'darwin' }] as const)
      assert.deepEqual(await found({ files: { ...docker, [USUAL]: '' }, ...elsewhere }), [])
  })

  it("podman's script of that name is none", async () => {
    assert.deepEqual(await found({ files: { '/usr/bin/docker': '#!/bin/sh\n' } }), [])
  })

  it('are shown and needed for nothing, and are asked only to prove a change', async () => {
    const { machine } = machineOf({ files: { '/usr/bin/docker': '\x7fELF', [USUAL]: '' } })
    for (const client of clients()) {
      const { needed, kind, state } = await client.survey(machine, 1000)
      assert.deepEqual([needed, kind, state], [false, 'program', 'running'])
      assert.deepEqual([client.proofOnly, client.runtime], [true, 'docker'])
      assert.equal((await client.login(machine, target, { username: 'a', password: 'b' }, 1)).ok, false)
    }
  })

  it('the docker program reads certs.d of this computer, buildx no directory', async () => {
    const { machine } = machineOf({})
    const [cli, buildx] = clients()
    assert.deepEqual(await cli.trustDirectories(machine, parseRegistry('reg.corp')), [
      '/etc/docker/certs.d/reg.corp',
      '/etc/docker/certs.d/reg.corp:443',
    ])
    assert.deepEqual(await buildx.trustDirectories(machine, target), [])
    const survey = await buildx.survey(machine, 1000)
    assert.equal(survey.loader, 'store')
    assert.equal((await buildx.readTrust(machine, target, survey)).pool.size, 0)
  })

  const ask = async (index: 0 | 1, here: Here): Promise<EngineAnswer & ReturnType<typeof machineOf>> => {
    const files = { '/usr/bin/docker': '\x7fELF', [OWN]: '', [USUAL]: '' }
    const world = machineOf({ files, ...here })
    const client = clients()[index]
    await client.survey(world.machine, 1000)
    return { ...world, ...(await client.ask(world.machine, target, 1000)) }
  }

  it('are called by their paths, with nothing of the person’s, as that person', async () => {
    for (const [index, argv] of [
      [0, ['/usr/bin/docker', 'manifest', 'inspect', image]],
      [1, [OWN, 'imagetools', 'inspect', image]],
    ] as const) {
      const { ran, made } = await ask(index, { elevated: true })
      const [scratch] = made
      assert.deepEqual(ran[0]?.argv, argv)
      assert.deepEqual(ran[0].options.env, { HOME: scratch, DOCKER_CONFIG: scratch })
      assert.deepEqual([ran[0].options.as, ran[0].options.timeoutMs], [bob, 1000])
      assert.deepEqual(ran[1]?.argv, ['rm', '-rf', '--', scratch])
      assert.equal((await ask(index, {})).ran[0]?.options.as, undefined)
    }
  })

  it('go out as what the person starts does; nobody waits long for them', async () => {
    const world = machineOf({})
    const proxy = { https: 'http://proxy.corp:3128', no: '.corp' }
    for (const client of dockerClients(new DockerEngine(), proxy)) {
      await client.survey(world.machine, 1000)
      await client.ask(world.machine, target, 60_000)
      const { env, timeoutMs } = world.ran.at(-2)?.options ?? assert.fail()
      assert.deepEqual([env?.['HTTPS_PROXY'], env?.['NO_PROXY']], [proxy.https, proxy.no])
      assert.equal(timeoutMs, 5000)
    }
  })

  const X509 = 'tls: failed to verify certificate: x509: certificate signed by unknown authority'
  const PING =
    'failed to configure transport: error pinging v2 registry: Get "https://certificate.corp:5000/v2/": '
  const HEAD = `failed to do request: Head "https://certificate.corp:5000/v2/trust-registry-probe/manifests/latest": `
  const answers: readonly [0 | 1, string, EngineAnswer['outcome']][] = [
    [0, `${PING}${X509}`, 'refused'],
    [0, 'missing client certificate x.cert for key x.key', 'refused'],
    [0, `${PING}dial tcp 10.0.0.1:5000: connect: connection refused`, 'unclear'],
    [0, `no such manifest: ${image}:latest`, 'accepted'],
    [0, 'Get "https://certificate.corp:5000/v2/x/manifests/latest": no basic auth credentials', 'accepted'],
    [0, `Get "https://certificate.corp:5000/v2/x": Get "https://auth.corp/token": ${X509}`, 'accepted'],
    [1, `ERROR: ${HEAD}${X509}`, 'refused'],
    [1, `ERROR: ${image}:latest: not found`, 'accepted'],
    [1, 'ERROR: pull access denied, or may require authorization: no basic auth credentials', 'accepted'],
    [1, `ERROR: ${HEAD}dial tcp: lookup certificate.corp: no such host`, 'unclear'],
  ]
  for (const [index, line, outcome] of answers) {
    it(`${outcome}: ${line}`, async () => {
      const said = await ask(index, { answer: { exitCode: 1, stderr: `\n${line}\n\n` } })
      assert.deepEqual([said.outcome, said.message], [outcome, line.replace(/^ERROR: /, '')])
    })
  }

  it('that end well accept; that come to no end, or do not start, have said nothing', async () => {
    assert.equal((await ask(0, { answer: { exitCode: 0 } })).outcome, 'accepted')
    const late = await ask(0, { answer: { exitCode: undefined, timedOut: true, stderr: '' } })
    assert.deepEqual([late.outcome, late.message], ['unclear', 'no answer in time'])
    const none = await ask(1, { answer: { exitCode: undefined, spawnError: 'spawn EACCES' } })
    assert.deepEqual([none.outcome, none.message], ['unclear', 'spawn EACCES'])
  })
})
