import assert from 'node:assert/strict'
import fc from 'fast-check'
import { breakLogCommands, logSafe, printable, printableLines } from '../../src/report/printable.ts'

const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00a0\u3000]/u
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom('\u001b', '\u202e', '\ud800', '\u200b', '\u{e0041}', '\n', ':', '#', 'a', ' ', '['),
  }),
)

describe('printable', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['ESC', 'a\u001b[2Jb', 'a\\u{1b}[2Jb'],
    ['line feed and carriage return', 'a\r\nb', 'a\\u{d}\\u{a}b'],
    ['DEL and C1', '\u007f\u009b31m', '\\u{7f}\\u{9b}31m'],
    ['bidi controls', '\u202egro.proc\u2066', '\\u{202e}gro.proc\\u{2066}'],
    ['zero width', 'reg\u200b.corp\ufeff', 'reg\\u{200b}.corp\\u{feff}'],
    ['line separators', 'a\u2028b\u2029', 'a\\u{2028}b\\u{2029}'],
    ['a lone surrogate', 'a\ud800b', 'a\\u{d800}b'],
    ['tags', 'a\u{e0041}', 'a\\u{e0041}'],
    ['variation selectors', 'a\ufe0f\u{e0100}', 'a\\u{fe0f}\\u{e0100}'],
    ['blanks that are no blank', 'a\u00a0b\u3164', 'a\\u{a0}b\\u{3164}'],
    ['piles of marks', 'a\u0301\u0301\u0301', 'a\u0301\u0301\\u{301}'],
    ['letters of the world, as they are', 'Bücher 株式会社 Ж', 'Bücher 株式会社 Ж'],
  ]
  for (const [name, text, expected] of cases) {
    it(name, () => {
      assert.equal(printable(text), expected)
    })
  }

  it('lets nothing through that a terminal obeys, hides or reorders', () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, ascii) => {
        const safe = printable(text, { ascii })
        assert.doesNotMatch(safe, FORBIDDEN)
        if (ascii) assert.match(safe, /^[ -~]*$/)
      }),
    )
  })

  it('changes nothing when applied again', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 3, max: 80 }), (text, max) => {
        const once = printable(text, { max })
        assert.equal(printable(once, { max }), once)
      }),
    )
  })

  it('leaves plain ASCII alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 200 }), (text) => {
        assert.equal(printable(text), text)
      }),
    )
  })

  it('bounds the length and never cuts an escape in two', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 3, max: 40 }), (text, max) => {
        const safe = printable(text, { max })
        assert.ok(safe.length <= max, safe)
        assert.doesNotMatch(safe, /\\u\{[0-9a-f]*…$/)
      }),
    )
    assert.equal(printable('x'.repeat(1_000_000), { max: 8 }), 'xxxxxxx…')
    assert.equal(printable('x'.repeat(9), { max: 8, ascii: true }), 'xxxxx...')
    assert.equal(printable('12345678', { max: 8 }), '12345678')
  })

  it('keeps the line feeds that are ours', () => {
    assert.deepEqual(printableLines('one\ntwo\u001b\n'), ['one', 'two\\u{1b}'])
  })
})

describe('logSafe', () => {
  const github = { GITHUB_ACTIONS: 'true' }
  const azure = { TF_BUILD: 'True' }

  it('breaks the commands of the CI that runs it', () => {
    assert.equal(logSafe('::error::x', github), '\\u{3a}:error::x')
    assert.equal(logSafe('name ::set-output name=a::b', github), 'name \\u{3a}:set-output name=a::b')
    assert.equal(logSafe('\n::error::x', github), '\\u{a}\\u{3a}:error::x')
    assert.equal(logSafe('##[error]x', github), '#\\u{23}[error]x')
    assert.equal(logSafe('a ##VSO[task.complete]', azure), 'a #\\u{23}VSO[task.complete]')
  })

  it('changes nothing else, and nothing outside a CI', () => {
    assert.equal(logSafe('dial tcp [fd00::1]:5000: ::', github), 'dial tcp [fd00::1]:5000: ::')
    assert.equal(logSafe('::1   refused', github), '::1   refused')
    assert.equal(logSafe('::error::x', {}), '::error::x')
  })

  it('leaves no command in any text', () => {
    const parts = fc.constantFrom('::', ':', 'error', ' ', '\n', '#', '##[', '##vso[', 'a=b', '\t')
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 20 }), (words) => {
        const safe = breakLogCommands(words.join(''))
        assert.doesNotMatch(safe, /^[^\S\n]*::(?!\d)/m)
        assert.doesNotMatch(safe, /##(vso)?\[/i)
      }),
    )
  })
})
