import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readYaml, withYaml } from '../../../src/runtimes/config/yaml.ts'
import { difference, made } from './edits.ts'

const NAME = 'reg.corp:5000'
const PATH = ['configs', NAME, 'tls', 'ca_file']
const set = (text: string) => withYaml(text, PATH, '/ca.crt')
const BLOCK = `configs:\n  "${NAME}":\n    tls:\n      ca_file: /ca.crt\n`

describe('runtimes/config/yaml', function () {
  this.timeout(60_000)
  const cases: readonly [string, string, string][] = [
    ['an empty file', '', BLOCK],
    ['a file of comments', '# nothing yet\n', `# nothing yet\n${BLOCK}`],
    [
      'a file without configs',
      'mirrors: # ours\n  docker.io:\n    endpoint:\n    - "https://m"\n# end\n',
      `mirrors: # ours\n  docker.io:\n    endpoint:\n    - "https://m"\n${BLOCK}# end\n`,
    ],
    [
      'configs of others, indented by four, before mirrors',
      `configs:\n    "a:1":\n        auth: {username: u, password: p} # theirs\n\nmirrors: {}\n`,
      `configs:\n    "a:1":\n        auth: {username: u, password: p} # theirs\n    "${NAME}":\n      tls:\n        ca_file: /ca.crt\n\nmirrors: {}\n`,
    ],
    [
      'its own entry with a login',
      `configs:\r\n  ${NAME}:\r\n    auth:\r\n      username: u`,
      `configs:\r\n  ${NAME}:\r\n    auth:\r\n      username: u\r\n    tls:\r\n      ca_file: /ca.crt`,
    ],
    [
      'tls with other keys',
      `configs:\n  "${NAME}":\n    tls:\n      cert_file: /c # client\n      key_file: /k\n`,
      `configs:\n  "${NAME}":\n    tls:\n      cert_file: /c # client\n      key_file: /k\n      ca_file: /ca.crt\n`,
    ],
    [
      'a key without a value',
      `configs: # none\nmirrors:\n`,
      `configs: # none\n  "${NAME}":\n    tls:\n      ca_file: /ca.crt\nmirrors:\n`,
    ],
    [
      'a value in its place',
      `configs:\n  "${NAME}":\n    tls:\n      ca_file: '/old' # old\n`,
      `configs:\n  "${NAME}":\n    tls:\n      ca_file: /ca.crt # old\n`,
    ],
  ]
  for (const [what, before, after] of cases) {
    it(`sets a value in ${what}`, async () => {
      assert.equal(made(await set(before)), after)
    })
  }

  const refused: readonly [string, string][] = [
    ['braces', `configs: {"a:1": {}}\n`],
    ['an alias', `x: &x\n  "a:1":\n    tls:\n      ca_file: /a\nconfigs: *x\n`],
    ['a list', '- a\n'],
    ['two documents', '---\na: 1\n---\nb: 2\n'],
    ['a key twice', 'configs:\n  a: 1\nconfigs:\n  b: 1\n'],
    ['a value that says null', 'configs: ~\n'],
  ]
  for (const [what, text] of refused) {
    it(`leaves alone ${what}`, async () => {
      assert.ok('unsafe' in (await set(text)), text)
    })
  }

  it('names the place of a damage', async () => {
    const read = await readYaml('mirrors:\n  a: [1\nconfigs: "x\n')
    assert.ok('damage' in read)
    assert.ok(read.damage.line >= 2, JSON.stringify(read.damage))
    const tab = await readYaml('configs:\n\t"a:1":\n')
    assert.ok('damage' in tab && tab.damage.line === 2, JSON.stringify(tab))
  })

  const bomb = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name, index, names) => {
    const each = index === 0 ? '1' : `*${names[index - 1] ?? ''}`
    return `${name}: &${name} [${Array<string>(9).fill(each).join(', ')}]\n`
  })
  const hostile: readonly [string, string, RegExp][] = [
    ['an alias of nothing', 'configs: *none\n', /^Unresolved alias/],
    ['a bomb of aliases', bomb.join(''), /^Excessive alias count/],
    ['an alias of itself', 'a: &a [*a]\n', /nested too deeply/],
    ['lists without end', `a: ${'['.repeat(500_000)}`, /nested too deeply/],
    ['lists in lists', `a: ${'['.repeat(5000)}${']'.repeat(5000)}\n`, /nested too deeply/],
    ['dashes', '- '.repeat(20_000), /nested too deeply/],
  ]
  for (const [what, text, message] of hostile) {
    it(`takes for damage: ${what}`, async () => {
      const read = await readYaml(text)
      assert.match('damage' in read ? read.damage.message : '', message)
      assert.deepEqual(await set(text), { unsafe: 'it is damaged' })
    })
  }

  it('any tree: one stretch is put in, nothing is taken out', async () => {
    const name = fc.constantFrom('a:1', 'b.corp:5000', '*', 'docker.io')
    const note = fc.constantFrom('', ' # note', '   # "configs":')
    const leaf = fc.constantFrom(
      'plain',
      '"quoted # no"',
      "'single'",
      '{ a: 1 }',
      '[1, 2]',
      '|\n        text\n        # text',
    )
    const entries = (indent: string) =>
      fc
        .uniqueArray(fc.tuple(name, leaf, note), { maxLength: 3, selector: ([key]) => key })
        .map((list) =>
          list
            .map(
              ([key, text, hint]) =>
                `${indent}"${key}":${hint}\n${indent}  v: ${text}${text.includes('\n') ? '' : hint}\n`,
            )
            .join(''),
        )
    const trees = fc.tuple(entries('  '), entries('  '), note, fc.boolean(), fc.constantFrom('\n', '\r\n'))
    await fc.assert(
      fc.asyncProperty(trees, async ([mirrors, configs, hint, first, ending]) => {
        const parts = [`mirrors:${hint}\n${mirrors}`, `configs:${hint}\n${configs}`]
        const text = (first ? parts : parts.reverse()).join('# between\n\n').replaceAll('\n', ending)
        const after = made(await set(text))
        const { out, put } = difference(text, after)
        assert.equal(out, '')
        assert.equal(put.includes('\r'), ending === '\r\n')
      }),
      { numRuns: 25 },
    )
  })
})
