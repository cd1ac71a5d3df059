import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { LocalMachine } from '../../src/machine/local.ts'
import { parseVersion, readMerged, type MergedConfig } from '../../src/runtimes/containerd-imports.ts'
import { field } from '../../src/runtimes/docker-api.ts'

const CRI = 'io.containerd.grpc.v1.cri'

function table(path: string, more = ''): string {
  return `[plugins."${CRI}"]\nx = "${path}"\n[plugins."${CRI}".registry]\nconfig_path = "${path}"\n${more}`
}

describe('imports of containerd', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trust-registry-'))
  })

  afterEach(() => rm(folder, { recursive: true, force: true }))

  async function put(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    }
  }

  function read(version?: string): Promise<MergedConfig> {
    return readMerged(new LocalMachine({ env: {} }), join(folder, 'config.toml'), parseVersion(version))
  }

  function cri({ value }: MergedConfig, ...keys: string[]): unknown {
    return field(value, 'plugins', CRI, ...keys)
  }

  it('breadth first, each once, the later wins; names in order; nested ones come last', async () => {
    await put({
      'config.toml': `imports = ["d/*.toml"]\n${table('main')}`,
      'd/b.toml': `imports = ["sub/c.toml", "../config.toml"]\n${table('b')}`,
      'd/a.toml': table('a'),
      'd/sub/c.toml': table('c'),
      'd/a.tml': 'damaged',
    })
    for (const version of ['1.7.24', '2.1.9', undefined]) {
      const found = await read(version)
      assert.equal(cri(found, 'registry', 'config_path'), 'c')
      assert.deepEqual(
        found.imported,
        ['d/a.toml', 'd/b.toml', 'd/sub/c.toml'].map((name) => join(folder, name)),
      )
      assert.equal(found.fault, undefined)
    }
  })

  it('1.x takes a table of a plugin whole, 2.x key by key, an empty text as well', async () => {
    await put({
      'config.toml': `imports = ["o.toml"]\n${table('main')}`,
      'o.toml': `[plugins."${CRI}"]\ny = 1\n`,
    })
    assert.equal(cri(await read('1.6.20'), 'registry', 'config_path'), undefined)
    assert.equal(cri(await read('2.1.9'), 'registry', 'config_path'), 'main')
    assert.deepEqual([cri(await read('2.1.9'), 'x'), cri(await read('2.1.9'), 'y')], ['main', 1])
    await put({ 'o.toml': table('') })
    for (const version of ['1.7.24', '2.1.9'])
      assert.equal(cri(await read(version), 'registry', 'config_path'), '')
  })

  it('1.6 takes a relative pattern from where it was started', async () => {
    await put({ 'config.toml': 'imports = ["d/*.toml"]\n', 'd/a.toml': table('a') })
    assert.deepEqual((await read('1.6.20')).imported, [])
    assert.equal((await read('1.7.24')).imported.length, 1)
    await put({ 'config.toml': `imports = ["${folder}/d/*.toml"]\n` })
    assert.equal((await read('1.6.20')).imported.length, 1)
  })

  it('what keeps it from starting is named: a file that is not there before 2.0, damage, too many', async () => {
    await put({ 'config.toml': 'imports = ["no.toml", "d/*"]\n', 'd/x.toml': 'a = 1\nb = \n' })
    assert.deepEqual((await read('1.7.24')).fault, {
      path: join(folder, 'no.toml'),
      why: 'there is no such file',
    })
    const { path, why } = (await read('2.1.9')).fault ?? assert.fail()
    assert.equal(path, join(folder, 'd/x.toml'))
    assert.match(why, /^line 3, column \d+: /)
    await rm(join(folder, 'd'), { recursive: true })
    await put(Object.fromEntries(Array.from({ length: 70 }, (_, index) => [`d/${index}.toml`, 'a = 1\n'])))
    assert.match((await read()).fault?.why ?? '', /^more than 64/)
  })

  it('patterns: stars, questions and classes match as Go has them; hostile ones end', async () => {
    await put({ 'e/a1.toml': table('a'), 'e/a2.toml': table('b'), 'f/a1.toml': table('c') })
    const names = async (pattern: string): Promise<readonly string[]> => {
      await put({ 'config.toml': `imports = [${JSON.stringify(pattern)}]\n` })
      return (await read()).imported.map((path) => path.slice(folder.length + 1))
    }
    assert.deepEqual(await names('*/a1.toml'), ['e/a1.toml', 'f/a1.toml'])
    assert.deepEqual(await names('e/a[2-9]*'), ['e/a2.toml'])
    assert.deepEqual(await names('e/a[^2]*'), ['e/a1.toml'])
    assert.deepEqual(await names('e/a?.*ml'), ['e/a1.toml', 'e/a2.toml'])
    assert.deepEqual(await names('e/a.*'), [])
    assert.deepEqual(await names('e/*(a|b)*'), [])
    await put({ [`g/${'a'.repeat(200)}`]: '' })
    assert.deepEqual(await names(`g/${'*a'.repeat(60)}b`), [])
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[a-z*?[\]\\^-]{0,12}$/), async (pattern) => {
        await put({ 'config.toml': `imports = [${JSON.stringify(`e/${pattern}*`)}]\n` })
        await read()
      }),
      { numRuns: 50 },
    )
  })
})
