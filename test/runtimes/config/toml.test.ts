import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readToml, withToml, type TomlPath, type TomlValue } from '../../../src/runtimes/config/toml.ts'
import { difference, made } from './edits.ts'

const HOST = 'https://reg.corp:5000'

describe('runtimes/config/toml', function () {
  this.timeout(60_000)
  const cases: readonly [string, string, TomlPath, TomlValue, string][] = [
    [
      'a value in place, with the comment behind it',
      '[[registry]]\nlocation = "reg"\ninsecure = true # for now\n',
      ['registry', 0, 'insecure'],
      false,
      '[[registry]]\nlocation = "reg"\ninsecure = false # for now\n',
    ],
    [
      'a key behind the last one of its table, indented alike, before what follows',
      `server = "x"\n\n[host."${HOST}"] # ours\n  capabilities = ["pull"] # all\n\n# next\n[host."b"]\n`,
      ['host', HOST, 'ca'],
      ['/ca.crt'],
      `server = "x"\n\n[host."${HOST}"] # ours\n  capabilities = ["pull"] # all\n  ca = ["/ca.crt"]\n\n# next\n[host."b"]\n`,
    ],
    [
      'a list of pairs, and one more pair',
      `[host."${HOST}"]\nclient = [["a.cert", "a.key"]] # theirs\n`,
      ['host', HOST, 'client'],
      [
        ['a.cert', 'a.key'],
        ['/b.cert', '/b.key'],
      ],
      `[host."${HOST}"]\nclient = [["a.cert", "a.key"], ["/b.cert", "/b.key"]] # theirs\n`,
    ],
    [
      'a key in a table without one',
      `[host."${HOST}"] # ] empty\r\n`,
      ['host', HOST, 'ca'],
      ['/ca.crt'],
      `[host."${HOST}"] # ] empty\r\nca = ["/ca.crt"]\r\n`,
    ],
    [
      'a table at the end, where the last line has no ending',
      'debug = true',
      ['registry', 'reg:5000', 'ca'],
      ['/ca.crt'],
      'debug = true\n\n[registry."reg:5000"]\nca = ["/ca.crt"]\n',
    ],
    [
      'an entry behind those of a list',
      'ca = ["/a.crt"] # old\n',
      ['ca'],
      ['/a.crt', '/b.crt'],
      'ca = ["/a.crt", "/b.crt"] # old\n',
    ],
    [
      'an entry in a list of lines with a trailing comma',
      "ca = [\n  '/a.crt',\n  '/b.crt', # the second\n]\n",
      ['ca'],
      ['/a.crt', '/b.crt', '/c.crt'],
      "ca = [\n  '/a.crt',\n  '/b.crt',\n  \"/c.crt\", # the second\n]\n",
    ],
    [
      'a dotted key and an inline table',
      'host."b" = { skip_verify = true, x = 1 }\n',
      ['host', 'b', 'skip_verify'],
      false,
      'host."b" = { skip_verify = false, x = 1 }\n',
    ],
    [
      'what stands in no table',
      'server = "x" # s\n\n[host."b"]\n',
      ['ca'],
      ['/a'],
      'server = "x" # s\nca = ["/a"]\n\n[host."b"]\n',
    ],
    [
      'the same where nothing does',
      '# host b\n[host."b"]\n',
      ['ca'],
      ['/a'],
      'ca = ["/a"]\n# host b\n[host."b"]\n',
    ],
    [
      'a key of the next table in an array of them',
      '[[a.b]]\nx = 1\n',
      ['a', 'b', 1, 'key'],
      '/k',
      '[[a.b]]\nx = 1\n\n[[a.b]]\nkey = "/k"\n',
    ],
    [
      'a key of a table that is there in an array of them',
      '[[a.b]] # first\n  x = 1\n[c]\n',
      ['a', 'b', 0, 'key'],
      '/k',
      '[[a.b]] # first\n  x = 1\n  key = "/k"\n[c]\n',
    ],
    ['an array of tables', '', ['r', 'reg:1', 'p', 0, 'key'], '/k', '[[r."reg:1".p]]\nkey = "/k"\n'],
    ['an empty file', '', ['registry', 'r:1', 'ca'], ['/a'], '[registry."r:1"]\nca = ["/a"]\n'],
  ]
  for (const [what, before, path, value, after] of cases) {
    it(`sets ${what}`, async () => {
      assert.equal(made(await withToml(before, path, value)), after)
    })
  }

  const refused: readonly [string, string, TomlPath][] = [
    ['what is damaged', '[a', ['a', 'ca']],
    ['a table that is closed in braces', 'host = { b = { x = 1 } }\n', ['host', 'b', 'ca']],
    ['an array that is written on one line', 'a = [{ x = 1 }]\n', ['a', 1, 'ca']],
    ['a value where a table should be', 'host = 1\n', ['host', 'b', 'ca']],
  ]
  for (const [what, text, path] of refused) {
    it(`leaves alone ${what}`, async () => {
      assert.ok('unsafe' in (await withToml(text, path, ['/ca.crt'])))
    })
  }

  const key = fc.constantFrom('a', 'b-c', 'd_e', '"q.r"', "'s t'")
  const value = fc.oneof(
    fc.boolean().map(String),
    fc.integer().map(String),
    fc.string().map((text) => JSON.stringify(text.replaceAll('\x7f', ''))),
    fc.constantFrom(
      '[1, 2]',
      '[\n "x", # in\n]',
      '1979-05-27T07:32:00Z',
      '{ i = 1 }',
      "'''\n# no comment\n'''",
    ),
  )
  const comment = fc.constantFrom('', ' # note', '  # [host] = "x"')
  const lines = fc
    .uniqueArray(fc.tuple(key, value, comment, fc.constantFrom('', '  ', '\t')), {
      maxLength: 4,
      selector: ([name]) => name,
    })
    .map((entries) =>
      entries.map(([name, text, note, indent]) => `${indent}${name} = ${text}${note}\n`).join(''),
    )
  const document = fc
    .tuple(lines, fc.boolean(), lines, comment, lines, fc.constantFrom('\n', '\r\n'))
    .map(([top, own, inside, note, after, ending]) =>
      `${top}\n${own ? `[registry."reg:5000"]${note}\n${inside}` : ''}\n# behind\n[z]\n${after}`.replace(
        /\r?\n/g,
        ending,
      ),
    )

  for (const [what, text] of [
    ['lists, far too deep', `a = ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`],
    ['lists that would overflow a walk only', `a = ${'['.repeat(1500)}${']'.repeat(1500)}\n`],
    ['keys', `a${'.a'.repeat(20_000)} = 1\n`],
  ] as const) {
    it(`takes too many levels for damage: ${what}`, async () => {
      const message = 'it is nested too deeply'
      assert.deepEqual(await readToml(text), { damage: { line: 1, column: 1, message } })
      assert.deepEqual(await withToml(text, ['b'], 'x'), { unsafe: 'it is damaged' })
    })
  }

  it('any document: one stretch is put in, nothing is taken out', async () => {
    await fc.assert(
      fc.asyncProperty(document, async (text) => {
        const read = await readToml(text)
        assert.ok('value' in read, text)
        const after = made(await withToml(text, ['registry', 'reg:5000', 'ca'], ['/ca.crt']))
        const { out, put } = difference(text, after)
        assert.equal(out, '')
        assert.match(put, /ca = \["\/ca\.crt"\]/)
        assert.ok(text.includes('\r') === put.includes('\r'), JSON.stringify(put))
      }),
      { numRuns: 25 },
    )
  })
})
