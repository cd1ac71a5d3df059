import assert from 'node:assert/strict'
import fc from 'fast-check'
import { hiddenSchemes, parseChallenges } from '../../src/registry/challenge.ts'

const one = (line: string) => parseChallenges([line])
const parameters = (line: string) => one(line)[0]?.parameters

describe('registry/challenge', () => {
  it('reads a token service and a password file', () => {
    assert.deepEqual(
      parseChallenges([
        'Bearer realm="https://auth.corp/token",service="reg.corp",scope="repository:a:pull"',
        'Basic realm="Registry Realm"',
      ]),
      [
        {
          scheme: 'bearer',
          parameters: { realm: 'https://auth.corp/token', service: 'reg.corp', scope: 'repository:a:pull' },
        },
        { scheme: 'basic', parameters: { realm: 'Registry Realm' } },
      ],
    )
  })

  const lines: readonly (readonly [string, string, Readonly<Record<string, string>> | undefined])[] = [
    ['nothing', '', undefined],
    ['no token for a scheme', '"Basic" realm=x', undefined],
    ['a scheme alone', 'NEGOTIATE', {}],
    ['keys in any case', 'Basic REALM="Corp"', { realm: 'Corp' }],
    ['tokens without quotes', 'Basic realm=corp, charset=UTF-8', { realm: 'corp', charset: 'UTF-8' }],
    ['blanks between pairs', 'Basic \t realm="a" ,\t b="c"', { realm: 'a', b: 'c' }],
    ['escapes', String.raw`Basic realm="say \"hi\" \\ \x"`, { realm: 'say "hi" \\ x' }],
    ['commas and equals signs in quotes', 'Basic realm="a=b, c=\'d\'"', { realm: "a=b, c='d'" }],
    ['the last of two', 'Bearer realm="a",realm="b"', { realm: 'b' }],
    ['two challenges in one line as one', 'Basic realm="a", Bearer realm="b"', { realm: 'a' }],
    ['up to an empty value', 'Bearer a="1",b="",c="3"', { a: '1' }],
    ['up to a missing value', 'Bearer a="1",b,c="3"', { a: '1' }],
    ['up to an open quote', 'Bearer a="1",b="2', { a: '1' }],
    ['up to an open escape', 'Bearer a="1",b="2\\', { a: '1' }],
    [
      'up to a missing comma',
      'Bearer realm="https://evil/" realm="https://reg/"',
      { realm: 'https://evil/' },
    ],
    ['up to a semicolon', 'Bearer realm="a";realm="b"', { realm: 'a' }],
    ['up to a blank that is none', 'Bearer realm="a"\u00a0,realm="b"', { realm: 'a' }],
    ['nothing around an equals sign but the pair', 'Bearer a="1",realm = "b"', { a: '1' }],
    ['a bare address as far as a token goes', 'Bearer realm=https://reg/token,b=c', { realm: 'https' }],
  ]
  for (const [what, line, expected] of lines) {
    it(`reads ${what}, as Docker does`, () => {
      assert.deepEqual(parameters(line), expected)
    })
  }

  it('keeps names that objects have as plain keys', () => {
    const found = parameters('Basic __proto__="x",constructor="y"') ?? {}
    assert.deepEqual(Object.entries(found), [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ])
    assert.equal(Object.getPrototypeOf(found), Object.prototype)
  })

  it('hides none behind others', () => {
    const many = [
      ...Array.from({ length: 40 }, () => 'Bearer realm="https://reg/"'),
      'Bearer realm="https://evil/"',
    ]
    assert.equal(parseChallenges(many).at(-1)?.parameters['realm'], 'https://evil/')
  })

  it('is total, and brings nothing that was not sent', () => {
    const pieces = fc.constantFrom(
      'Bearer',
      ' ',
      ',',
      '=',
      '"',
      '\\',
      'realm',
      'a',
      ';',
      '\t',
      '\u00ff',
      '\n',
    )
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 30 }).map((all) => all.join('')),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), (all) => {
        const found = parseChallenges(all)
        assert.ok(found.length <= all.length)
        const text = all.join('\n').toLowerCase()
        for (const { scheme, parameters: pairs } of found) {
          assert.ok(text.includes(scheme))
          for (const [key, value] of Object.entries(pairs)) {
            assert.ok(text.includes(key))
            assert.ok(value !== '' && value.length <= text.length)
          }
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('reads back any quoted value', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.stringMatching(/^[a-z]{1,8}$/), (value, key) => {
        const quoted = value.replace(/["\\]/g, String.raw`\$&`)
        assert.deepEqual(parameters(`Basic ${key}="${quoted}"`), { [key]: value })
      }),
    )
  })

  const hidden: readonly (readonly [string, readonly string[]])[] = [
    ['Basic realm="a"', []],
    ['Bearer realm="a",service="b, Basic realm=c",scope="d"', []],
    ['Negotiate, Basic realm="x"', ['basic']],
    ['Bearer realm="a", service="b", Basic realm="x", NTLM', ['basic', 'ntlm']],
    ['Bearer realm="a" , error = "x"', []],
    ['Bearer realm="unclosed, Basic realm=x', []],
    ['', []],
  ]
  for (const [line, expected] of hidden) {
    it(`sees ${expected.length} schemes behind a comma in ${line || 'nothing'}`, () => {
      assert.deepEqual(hiddenSchemes([line]), expected)
    })
  }
})
