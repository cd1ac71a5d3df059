import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { LocalMachine } from '../../src/machine/local.ts'
import { readBuilders, type Builders } from '../../src/runtimes/buildx-builders.ts'
import { linesFor } from '../../src/runtimes/buildx-lines.ts'

const node = { Name: 'b0', Endpoint: 'unix:///var/run/docker.sock' }

describe('builders of buildx', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trust-registry-'))
    await mkdir(join(folder, 'instances'))
  })

  afterEach(() => rm(folder, { recursive: true, force: true }))

  async function put(name: string, content: unknown): Promise<void> {
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    await writeFile(join(folder, name), text)
  }

  function found(env: Record<string, string> = {}): Promise<Builders | undefined> {
    const own = { BUILDX_CONFIG: folder, DOCKER_CONFIG: folder, ...env }
    return readBuilders(new LocalMachine({ env: own }), own, false)
  }

  it('are none where nobody has made one', async () => {
    assert.equal(await found(), undefined)
    assert.equal(await found({ BUILDX_CONFIG: join(folder, 'none') }), undefined)
  })

  it('are read with what they were made with; the driver docker is the daemon', async () => {
    const toml =
      '[registry."reg.corp"]\nca = ["/etc/buildkit/certs/reg.corp/ca.pem"]\n[registry.open]\nhttp = true\n'
    const Files = {
      'buildkitd.toml': Buffer.from(toml).toString('base64'),
      'certs/reg.corp/ca.pem': Buffer.from('PEM').toString('base64'),
    }
    await put('instances/b', { Name: 'b', Driver: 'docker-container', Nodes: [{ ...node, Files }] })
    await put('instances/plain', { Name: 'plain', Driver: 'docker', Nodes: [node] })
    await put('current', { Key: 'unix:///var/run/docker.sock', Name: 'b' })
    await put('buildkitd.default.toml', '[registry."reg.corp"]\nca = ["/ca.pem"]\n')
    const builders = await found()
    assert.deepEqual(
      builders?.all.map(({ name, takes }) => [name, takes]),
      [['b', ['docker buildx build']]],
    )
    const told = builders.all[0]?.nodes[0]?.told
    assert.deepEqual(told?.get('reg.corp'), { ca: [Buffer.from('PEM')], unchecked: false })
    assert.deepEqual(told.get('open'), { ca: [], unchecked: true })
    assert.deepEqual(builders.defaults.registries?.get('reg.corp'), { ca: true })

    await put('config.json', { aliases: { builder: 'buildx' } })
    assert.deepEqual((await found())?.all[0]?.takes, ['docker buildx build', 'docker build'])
    assert.deepEqual((await found({ BUILDX_BUILDER: 'other' }))?.all[0]?.takes, [])
    await put('buildkitd.default.toml', '[registry')
    assert.equal((await found())?.defaults.registries, undefined)
  })

  it('hostile files are passed over: names, sizes, kinds, any JSON', async () => {
    await put('instances/--privileged', { Driver: 'remote', Nodes: [node] })
    await put('instances/x;rm', { Driver: 'remote', Nodes: [node] })
    await put('instances/nodes', { Driver: 'remote', Nodes: 'none' })
    await put('instances/driver', { Driver: 'a b', Nodes: [node] })
    await put('instances/node', { Driver: 'remote', Nodes: [{ ...node, Name: '$(id)' }] })
    await put('instances/large', `{"Driver":"remote","Nodes":[],"x":"${'x'.repeat(1024 * 1024)}"}`)
    await put('instances/toml', {
      Driver: 'remote',
      Nodes: [{ ...node, Files: { 'buildkitd.toml': 'W1s=' } }],
    })
    await mkdir(join(folder, 'instances/directory'))
    await symlink('/dev/zero', join(folder, 'instances/zero'))
    await put('instances/closed', {})
    await chmod(join(folder, 'instances/closed'), 0)
    assert.deepEqual(
      (await found())?.all.map(({ name }) => name),
      ['toml'],
    )
    for (let index = 0; index < 40; index++)
      await put(`instances/a${index}`, { Driver: 'remote', Nodes: [node] })
    assert.equal((await found())?.all.length, 16)
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.jsonValue(), async (text, value) => {
        await put('instances/any', text)
        await put('instances/some', {
          Driver: 'remote',
          Nodes: [{ ...node, DriverOpts: value, Flags: value, Files: value }],
        })
        await put('current', text)
        await found()
      }),
      { numRuns: 50 },
    )
  })

  it('a value that cannot stand in a line is not printed; others are quoted', () => {
    const builder = (option: string, flag = '--debug', endpoint = node.Endpoint): string =>
      linesFor(
        [
          {
            ...{ name: 'b', driver: 'docker-container', takes: [] },
            nodes: [{ name: 'b0', endpoint, platforms: [], options: [['env.A', option]], flags: [flag] }],
          },
        ],
        'reg.corp',
        ['/ca.pem'],
        undefined,
      ).join('\n')
    assert.match(
      builder("it's"),
      /--driver-opt 'env\.A=it'\\''s' --buildkitd-flags --debug --buildkitd-config/,
    )
    for (const bad of [
      builder('a\nb'),
      builder('\u{202e}'),
      builder('x', '\u{1b}['),
      builder('x'.repeat(3000)),
    ])
      assert.match(
        bad,
        /\ndocker buildx inspect b .*\ntest -f buildkitd\.toml && docker buildx rm --keep-state b$/,
      )
    assert.doesNotMatch(builder('x', '--debug', '--driver=x'), /docker buildx create/)
  })

  it('where the default file speaks of the registry already, it is not given a second table', () => {
    const all = [{ name: 'b', driver: 'kubernetes', takes: [], nodes: [] }]
    const lines = (registries?: ReadonlyMap<string, { ca: boolean }>): string =>
      linesFor(all, 'reg.corp:5000', ['/ca.pem'], {
        path: '/d.toml',
        ...(registries ? { registries } : {}),
      })[0] ?? ''
    const known = (ca: boolean): ReadonlyMap<string, { ca: boolean }> => new Map([['reg.corp:5000', { ca }]])
    assert.match(
      lines(new Map()),
      /^printf '\\n%s\\n%s\\n' '\[registry\."reg\.corp:5000"\]' ' {2}ca = \["\/ca\.pem"\]' >> \/d\.toml$/,
    )
    assert.match(lines(known(false)), /^# in \/d\.toml, below \[registry\."reg\.corp:5000"\]: ca = /)
    assert.match(lines(), /^# in \/d\.toml/)
    assert.equal(lines(known(true)), 'docker buildx rm b')
  })
})
