import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readJson, withoutEntries } from '../../../src/runtimes/config/json.ts'
import { made } from './edits.ts'

const KEY = 'insecure-registries'
const without = (text: string, entry = 'reg:5000') => withoutEntries(text, [KEY], (found) => found === entry)

describe('runtimes/config/json', function () {
  this.timeout(60_000)
  const cases: readonly [string, string][] = [
    [`{"${KEY}":["reg:5000"]}`, `{"${KEY}":[]}`],
    [`{"${KEY}":["reg:5000", "b"]}`, `{"${KEY}":["b"]}`],
    [`{"${KEY}":["a" , "reg:5000"]}`, `{"${KEY}":["a"]}`],
    [`{"${KEY}":["reg:5000","a","reg:5000","reg:5000"]}`, `{"${KEY}":["a"]}`],
    [
      `{\n\t"z": 1,\n\t"${KEY}": [\n\t\t"a",\n\t\t"reg:5000",\n\t\t"b"\n\t],\n\t"a": {}\n}\n`,
      `{\n\t"z": 1,\n\t"${KEY}": [\n\t\t"a",\n\t\t"b"\n\t],\n\t"a": {}\n}\n`,
    ],
    [
      `{\r\n  "${KEY}": [\r\n    "a",\r\n    "reg:5000"\r\n  ]\r\n}`,
      `{\r\n  "${KEY}": [\r\n    "a"\r\n  ]\r\n}`,
    ],
    [`{"${KEY}":["a"]}`, `{"${KEY}":["a"]}`],
  ]
  for (const [before, after] of cases) {
    it(`takes an entry out of ${JSON.stringify(before)}`, async () => {
      assert.equal(made(await without(before)), after)
    })
  }

  const refused: readonly [string, RegExp][] = [
    [`{"${KEY}":["reg:5000"],"${KEY}":["reg:5000"]}`, /twice/],
    [`{"${KEY}":"reg:5000"}`, /no list/],
    [`{"${KEY}":[["reg:5000"]]}`, /no list of texts/],
    ['{}', /no list/],
    ['{', /damaged/],
  ]
  for (const [text, why] of refused) {
    it(`leaves ${text} alone`, async () => {
      const edited = await without(text)
      assert.match('unsafe' in edited ? edited.unsafe : '', why)
    })
  }

  for (const [what, value] of [
    ['opened without end', '['.repeat(500_000)],
    ['whole', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['just too deep', '{"a":'.repeat(100) + '1' + '}'.repeat(100)],
  ] as const) {
    it(`takes lists in lists for damage: ${what}`, async () => {
      const text = `{"${KEY}":["reg:5000"],"x":${value}}`
      const message = 'it is nested too deeply'
      assert.deepEqual(await readJson(text), { damage: { line: 1, column: 1, message } })
      assert.deepEqual(await without(text), { unsafe: 'it is damaged' })
    })
  }

  it('any layout: what is left is what was there, in its bytes', async () => {
    const space = fc.stringMatching(/^[ \t\r\n]{0,4}$/)
    const entry = fc.constantFrom('reg:5000', 'other:5000', '10.0.0.0/8', 'ü"\\')
    const list = fc.array(fc.tuple(space, entry, space), { maxLength: 6 })
    const member = fc.tuple(space, fc.string(), space, fc.jsonValue())
    await fc.assert(
      fc.asyncProperty(list, fc.array(member, { maxLength: 3 }), space, async (items, members, gap) => {
        const written = members
          .filter(([, key]) => key !== KEY)
          .map(([a, key, b, value]) => `${a}${JSON.stringify(`k${key}`)}${b}:${JSON.stringify(value)},`)
        if (new Set(members.map(([, key]) => key)).size !== members.length) return
        const head = `{${written.join('')}${gap}"${KEY}"${gap}:[`
        const body = items.map(([a, value, b]) => a + JSON.stringify(value) + b)
        const text = `${head}${body.join(',')}]${gap}}`
        const after = made(await without(text))
        assert.ok(after.startsWith(head) && after.endsWith(`]${gap}}`), after)
        const value = JSON.parse(after) as Record<string, unknown>
        const kept = items.map(([, name]) => name).filter((name) => name !== 'reg:5000')
        assert.deepEqual(value[KEY], kept)
        if (kept.length === items.length) assert.equal(after, text)
      }),
      { numRuns: 25 },
    )
  })

  const damages: readonly [string, number, number, RegExp][] = [
    ['{\n  "a": 1,\n}', 3, 1, /property name expected/],
    ['{\n  // no\n  "a": 1\n}', 2, 3, /comment/],
    ['{"a": 1', 1, 8, /brace expected/],
    ['', 1, 1, /./],
    ["{'a': 1}", 1, 2, /./],
  ]
  for (const [text, line, column, message] of damages) {
    it(`names the place in ${JSON.stringify(text)}`, async () => {
      const read = await readJson(text)
      assert.ok('damage' in read)
      assert.deepEqual([read.damage.line, read.damage.column], [line, column], read.damage.message)
      assert.match(read.damage.message, message)
    })
  }
})
