import assert from 'node:assert/strict'
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { findingCodes, type Finding } from '../../src/judge/judgement.ts'
import { width } from '../../src/report/layout.ts'
import * as examples from './examples.ts'
import { consumer, link, outcome, registry } from './examples.ts'
import { text } from './plain-text.ts'

describe('report: bounds', () => {
  for (const [name, example] of Object.entries(examples.everyOutcome)) {
    it(`${name}: a screen, and 80 columns but for what is pasted or quoted`, () => {
      const lines = text(example).split('\n').slice(0, -1)
      assert.ok(lines.length <= 24, `${lines.length} lines`)
      if (name === 'hostile') return
      const long = lines.filter((line) => width(line) > 80)
      for (const line of long) assert.match(line, /SHA256:[0-9A-F]{64}|prints?: /)
    })

    it(`${name}: no control bytes, in ASCII nothing else, and colour changes nothing but colour`, () => {
      for (const verbose of [false, true]) {
        const plain = text(example, { verbose })
        assert.doesNotMatch(plain, /(?!\n)[\p{C}\p{Zl}\p{Zp}]/u)
        assert.match(text(example, { verbose, unicode: false }), /^[ -~\n]*$/)
        assert.equal(stripVTControlCharacters(text(example, { verbose, color: true })), plain)
        assert.doesNotMatch(plain, /^\s*::|##\[|##vso\[/m)
        assert.doesNotMatch(plain, / $/m)
      }
    })
  }

  it('keeps to a screen whatever there is to say, and -v says all of it', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 })
    const finding: fc.Arbitrary<Finding> = fc.record({
      code: fc.constantFrom(...findingCodes),
      severity: fc.constantFrom('error', 'warning', 'info'),
      owner: fc.constantFrom('registry', 'machine', 'network'),
      message: word,
      fix: fc.array(word, { maxLength: 30 }).map((lines) => lines.join('\n')),
    })
    const changed = (one: Finding): Finding => ({ ...one, code: 'identity-changed', severity: 'warning' })
    const many = fc.integer({ min: 0, max: 15 })
    const stop = fc.option(
      fc.record({ code: fc.constantFrom('policy', 'locked'), message: word, seen: word, fix: word }),
      { nil: undefined },
    )
    fc.assert(
      fc.property(
        fc.array(fc.oneof(finding, finding.map(changed)), { maxLength: 30 }),
        many,
        many,
        stop,
        fc.boolean(),
        (findings, a, b, error, ok) => {
          const document = registry({
            ok,
            exitCode: ok ? 0 : 1,
            findings,
            consumers: Array.from({ length: a }, (_, i) =>
              consumer(`c${i}`, 'refused', { predictedError: 'no' }),
            ),
            changes: Array.from({ length: b }, (_, i) => ({ path: `/etc/f${i}`, state: 'written' as const })),
            plan: Array.from({ length: b }, (_, i) => ({
              action: 'restart' as const,
              target: `unit${i}`,
              reason: 'because',
              privileged: true,
            })),
            identity: examples.rootIdentity,
            login: { attempted: true, ok: false, message: 'no' },
            ...(error === undefined ? {} : { error }),
          })
          const path = Array.from({ length: a }, (_, i) =>
            link(`ca${i}`, i === 0 ? 'leaf' : 'intermediate', 'sent'),
          )
          for (const command of ['trust', 'diagnose', 'undo']) {
            const one = outcome(command, document, path, { takenFrom: 'https://reg.corp:5000/v2/' })
            const short = text(one)
            assert.ok(short.split('\n').length - 1 <= 24)
            if (findings.some(({ code }) => code === 'identity-changed'))
              assert.ok(short.includes('identity-changed'), short)
            const all = text(one, { verbose: true })
            for (const { code } of findings) assert.ok(all.includes(code))
            assert.doesNotMatch(all, /-v shows/)
          }
        },
      ),
      { numRuns: 60 },
    )
  }).timeout(60_000)

  it('lists the first findings and counts the others', () => {
    const findings = findingCodes.slice(0, 20).map((code) => ({ ...examples.expiresSoon, code }))
    const many = outcome('diagnose', registry({ findings, consumers: [consumer('docker', 'trusted')] }))
    assert.match(text(many), /^ \+1\d more findings, -v shows them$/m)
  })

  it('that it may be somebody else is never among those that are only counted', () => {
    const findings = findingCodes.map((code) => ({
      ...examples.expiresSoon,
      code,
      severity: code === 'identity-changed' ? ('warning' as const) : ('error' as const),
    }))
    for (const error of [undefined, { code: 'policy', message: 'no'.repeat(300), seen: 'a\n'.repeat(30) }]) {
      const more = error === undefined ? {} : { error }
      const shown = text(outcome('diagnose', registry({ ok: false, findings, ...more })))
      assert.match(shown, /^ ! identity-changed/m)
    }
  })

  it('says how to see the rest of a long fix instead of half a command', () => {
    const fix = Array.from({ length: 20 }, (_, i) => `line ${i}`).join('\n')
    const long = outcome(
      'diagnose',
      registry({ ok: false, findings: [{ ...examples.unknownAuthority, fix }] }),
    )
    assert.match(text(long), /\(12 more lines of it: -v\)/)
    assert.match(text(long, { verbose: true }), /line 19/)
  })
})
