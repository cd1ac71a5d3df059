import assert from 'node:assert/strict'
import fc from 'fast-check'
import { allFlags } from '../../src/cli/flags.ts'
import { editDistance, nearest } from '../../src/cli/nearest.ts'
import { route } from '../../src/cli/route.ts'
import { commandNames, flagTable, shortFlags } from '../../src/cli/words.ts'

const run = (command: string, ...argv: string[]) => ({ kind: 'run', command, argv })

const namesOf = (kind: 'value' | 'switch'): string[] =>
  Object.entries(flagTable).flatMap(([name, its]) => (its === kind ? [name] : []))

describe('route', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['reg:5000', run('trust', 'reg:5000')],
    ['trust reg', run('trust', 'reg')],
    ['reg.corp', run('trust', 'reg.corp')],
    ['[::1]:5000', run('trust', '[::1]:5000')],
    ['reg/team/image', run('trust', 'reg/team/image')],
    ['--json reg:5000', run('trust', '--json', 'reg:5000')],
    ['--ca x.pem reg:5000', run('trust', '--ca', 'x.pem', 'reg:5000')],
    ['--ca=x.pem status', run('status', '--ca=x.pem')],
    ['--ca status reg:5000', run('trust', '--ca', 'status', 'reg:5000')],
    ['-u status reg:5000', run('trust', '-u', 'status', 'reg:5000')],
    ['-nu status reg:5000', run('trust', '-nu', 'status', 'reg:5000')],
    ['-uci status', run('status', '-uci')],
    ['--json diagnose reg:5000', run('diagnose', '--json', 'reg:5000')],
    ['diagnose status', run('diagnose', 'status')],
    ['-- status', run('trust', '--', 'status')],
    ['status -- --help', run('status', '--', '--help')],
    ['-oX', run('trust', '-oX')],
    ['$(id)', run('trust', '$(id)')],
    ['--jsom foo', run('trust', '--jsom', 'foo')],
    ['reg:5000 undo --yes', { kind: 'late-command', word: 'undo', first: 'reg:5000' }],
    ['--ca x.pem reg.corp a.corp status', { kind: 'late-command', word: 'status', first: 'reg.corp' }],
    ['trust reg.corp undo', run('trust', 'reg.corp', 'undo')],
    ['reg.corp undo:443', run('trust', 'reg.corp', 'undo:443')],
    ['reg.corp -- undo', run('trust', 'reg.corp', '--', 'undo')],
    ['--version', { kind: 'version' }],
    ['-V', { kind: 'version' }],
    ['--help', { kind: 'help' }],
    ['help', { kind: 'help' }],
    ['help diagnose', { kind: 'help', command: 'diagnose' }],
    ['undo --help', { kind: 'help', command: 'undo' }],
    ['-h undo', { kind: 'help', command: 'undo' }],
    ['reg:5000 --help', { kind: 'help', command: 'trust' }],
    ['undo --state-dir --help', { kind: 'help', command: 'undo' }],
    ['help dignose', { kind: 'unknown-command', word: 'dignose', nearest: 'diagnose' }],
    ['stauts', { kind: 'unknown-command', word: 'stauts', nearest: 'status' }],
    ['--json reg', { kind: 'unknown-command', word: 'reg' }],
    ['help nonsense', { kind: 'unknown-command', word: 'nonsense' }],
    ['nonsense --help', { kind: 'unknown-command', word: 'nonsense' }],
  ]
  for (const [line, expected] of cases) {
    it(line, () => {
      assert.deepEqual(route(line.split(' ')), expected)
    })
  }

  it('nothing', () => {
    assert.deepEqual(route([]), { kind: 'nothing' })
  })

  it('an empty word goes to the registry grammar', () => {
    assert.deepEqual(route(['']), run('trust', ''))
  })

  it('a first word with . : [ or / is always a registry', () => {
    const word = fc
      .tuple(fc.string(), fc.constantFrom('.', ':', '[', '/'), fc.string())
      .map((parts) => parts.join(''))
      .filter((text) => !text.startsWith('-'))
    fc.assert(
      fc.property(word, (text) => {
        assert.deepEqual(route([text]), run('trust', text))
      }),
    )
  })

  it('flags before the command word change nothing about it', () => {
    const value = fc.constantFrom('x', 'a.b', 'reg:1', 'status', '', '0')
    const switches = namesOf('switch').map((name) => `--${name}`)
    const values = namesOf('value').map((name) => `--${name}`)
    const flag: fc.Arbitrary<string[]> = fc.oneof(
      fc.tuple(fc.constantFrom(...switches)),
      fc.tuple(fc.constantFrom(...values), value),
    )
    fc.assert(
      fc.property(fc.array(flag, { maxLength: 6 }), fc.constantFrom(...commandNames), (flags, command) => {
        assert.deepEqual(route([...flags.flat(), command, 'x']), run(command, ...flags.flat(), 'x'))
      }),
    )
  })

  it('is total, and runs nothing but commands', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (argv) => {
        const way = route(argv)
        if (way.kind === 'run') assert.ok(commandNames.includes(way.command))
      }),
    )
  })

  it("the table of flags is oclif's", () => {
    const kinds = Object.entries(allFlags).map(([name, { type }]) => [
      name,
      type === 'option' ? 'value' : 'switch',
    ])
    assert.deepEqual(Object.fromEntries(kinds), { ...flagTable })
    const letters = Object.entries(allFlags).flatMap(([name, { char }]) =>
      char === undefined ? [] : [[char, name]],
    )
    assert.deepEqual(Object.fromEntries(letters), { ...shortFlags })
  })

  it('no command holds what a registry may hold', () => {
    for (const name of commandNames) assert.match(name, /^[a-z]+$/)
  })
})

describe('nearest', () => {
  it('counts a swap as one', () => {
    assert.equal(editDistance('stauts', 'status'), 1)
    assert.equal(editDistance('', 'undo'), 4)
  })

  it('is near: a slip of the fingers, or a word cut short', () => {
    const words = ['status', 'undo', 'state-dir', 'json', 'fingerprint']
    const cases = {
      stauts: 'status',
      undoo: 'undo',
      jsom: 'json',
      stat: 'status',
      st: undefined,
      fing: 'fingerprint',
    }
    for (const [word, expected] of Object.entries(cases)) assert.equal(nearest(word, words), expected, word)
    for (const far of ['x', 'harbor', 'registry', '', 'u']) assert.equal(nearest(far, words), undefined, far)
    assert.equal(nearest('x'.repeat(1000), words), undefined)
  })

  it('is a distance', () => {
    const word = fc.string({ maxLength: 8 })
    fc.assert(
      fc.property(word, word, (a, b) => {
        assert.equal(editDistance(a, b), editDistance(b, a))
        assert.equal(editDistance(a, b) === 0, a === b)
        assert.ok(editDistance(a, b) <= Math.max(a.length, b.length))
      }),
    )
  })
})
