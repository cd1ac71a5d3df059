import assert from 'node:assert/strict'
import { newestGo } from '../../src/x509/index.ts'
import { domainNameValid, parseMailbox, reverseLabels } from '../../src/x509/domain.ts'
import { go } from './pki.ts'

// What mutations showed to be held by the comparison with real Go alone.

describe('domains and mailboxes', () => {
  it('are of printable ASCII, with a period in front for constraints', () => {
    const verdicts: readonly (readonly [string, boolean, boolean])[] = [
      ['', true, true],
      ['a.b', true, true],
      ['.a', false, true],
      ['..a', false, false],
      ['a.', false, false],
      ['a b', false, false],
      ['é', false, false],
      ['aé', false, false],
    ]
    for (const [domain, name, constraint] of verdicts) {
      assert.deepEqual(
        [domainNameValid(domain, false), domainNameValid(domain, true)],
        [name, constraint],
        domain,
      )
    }
    assert.deepEqual(reverseLabels('', newestGo), [])
    assert.deepEqual(reverseLabels('a.b', newestGo), ['b', 'a'])
    assert.deepEqual(reverseLabels('.a', go('1.22')), ['a'])
    for (const bad of ['.a', 'a..b', 'a b', ' a', 'a '])
      assert.equal(reverseLabels(bad, newestGo), undefined, bad)
  })

  it('quoted local parts', () => {
    const local = (written: string): string | undefined => parseMailbox(`${written}@c`, newestGo)?.local
    assert.equal(local('"a\u0001\u007f"'), 'a\u0001\u007f')
    assert.equal(local('"a\\\\\\\t"'), 'a\\\t')
    for (const bad of [
      '"a\t"',
      '"\0"',
      '"\u0080"',
      '"\r"',
      '"\n"',
      '"a\\\n"',
      '"a\\\r"',
      '"a\\\0"',
      '"a\\',
      '"',
    ]) {
      assert.equal(local(bad), undefined, JSON.stringify(bad))
    }
  })
})
