import assert from 'node:assert/strict'
import { TrustError } from '../../src/errors.ts'
import type { StatusEntry } from '../../src/report/document.ts'
import { renderError } from '../../src/report/error.ts'
import { fit } from '../../src/report/fit.ts'
import { clip, sentenceList, width, wrap } from '../../src/report/layout.ts'
import { renderStatus } from '../../src/report/status.ts'
import { renderText } from '../../src/report/text.ts'
import { NOW, outcome, PLAIN, registry, rootIdentity, sha256 } from './examples.ts'

const fingerprint = sha256('Corp Root CA')

describe('renderError', () => {
  it('says what, what was seen, and the line to paste', () => {
    const error = new TrustError('bad-registry', '"reg:0" is no registry: the port is "0"', {
      seen: 'one\ntwo',
      fix: 'give HOST:PORT',
    })
    assert.equal(
      renderError(error, PLAIN),
      'error[bad-registry]: "reg:0" is no registry: the port is "0"\n' +
        '  seen: one\n        two\n  fix:  give HOST:PORT\n',
    )
  })

  it('shows the beginning of what was seen, not the whole page of a server', () => {
    const parts = { code: 'change-failed', message: 'no', seen: `<html>${'x'.repeat(5000)}\nend` }
    const [, first = '', last] = renderError(parts, PLAIN).split('\n')
    assert.equal(first, `  seen: <html>${'x'.repeat(293)}…`)
    assert.equal(last, '        end')
    const view = outcome('trust', registry({ ok: false, error: parts }))
    const longest = (verbose: boolean): number =>
      Math.max(
        ...renderText(view, { ...PLAIN, verbose })
          .split('\n')
          .map(({ length }) => length),
      )
    assert.ok(longest(false) < 320 && longest(true) > 3000)
  })

  it('lets no control byte and no log command through', () => {
    const text = renderError({ code: 'usage', message: 'a\u001b[2J\nb', fix: 'x\n::error::y\u202e' }, PLAIN)
    assert.equal(text, 'error[usage]: a\\u{1b}[2J\\u{a}b\n  fix:  x\n        \\u{3a}:error::y\\u{202e}\n')
  })
})

describe('renderStatus', () => {
  const entry: StatusEntry = {
    registry: 'reg.corp:5000',
    what: 'file',
    where: '/etc/docker/certs.d/reg.corp:5000/ca.crt',
    runtime: 'docker',
    since: '2026-11-01T08:00:00Z',
    identity: rootIdentity,
    expires: '2034-03-01T00:00:00Z',
    holds: true,
  }
  const drifted: StatusEntry = {
    ...entry,
    registry: 'old:5000',
    expires: '2026-12-04T09:00:00Z',
    holds: false,
    drift: 'the file is gone\u001b',
  }
  const status = (entries: readonly StatusEntry[], more: Partial<typeof PLAIN> = {}): string =>
    renderStatus(outcome('status', registry(), [], { entries }).document, { ...PLAIN, now: NOW, ...more })

  it('tells its commands with what this run was told', () => {
    const text = renderStatus(
      outcome('status', registry(), [], { entries: [{ ...entry, superseded: true }] }).document,
      { ...PLAIN, now: NOW },
      (command) => `${command} --state-dir /srv/memory`,
    )
    assert.match(text, /left behind: trust-registry reg\.corp:5000 --prune --state-dir \/srv\/memory\n/)
    assert.match(text, /To take back: trust-registry undo reg\.corp:5000 --state-dir \/srv\/memory\n/)
  })

  it('is a table of what was done and whether it holds', () => {
    assert.equal(
      status([entry, drifted]),
      [
        'Registry       Runtime  Since       Expires       State',
        'reg.corp:5000  docker   2026-11-01  2034-03-01    ✓ holds',
        '    /etc/docker/certs.d/reg.corp:5000/ca.crt',
        '    accepted by pin: CN=Corp Root CA',
        `      SHA256:${fingerprint}`,
        'old:5000       docker   2026-11-01  12 days left  ✗ the file is gone\\u{1b}',
        '    /etc/docker/certs.d/reg.corp:5000/ca.crt',
        '    accepted by pin: CN=Corp Root CA',
        `      SHA256:${fingerprint}`,
        '',
        '2 entries, 1 not as we left them',
        'To take back: trust-registry undo REGISTRY',
        '',
      ].join('\n'),
    )
  })

  it('says that there is nothing', () => {
    assert.equal(status([]), 'nothing on record\n')
  })

  it('quiet: only what does not hold', () => {
    assert.equal(status([entry], { quiet: true }), '')
    assert.match(status([entry, drifted], { quiet: true }), /old:5000/)
    assert.doesNotMatch(status([entry, drifted], { quiet: true }), /✓ holds/)
  })
})

describe('layout', () => {
  it('measures columns, not characters', () => {
    assert.deepEqual(['abc', 'é', 'e\u0301', '株式', '✗'].map(width), [3, 1, 1, 4, 1])
    assert.equal(clip('株式会社', 5, '…'), '株式…')
  })

  it('wraps between words and leaves long words whole', () => {
    assert.deepEqual(wrap('aa bb cccccc d', 5), ['aa bb', 'cccccc', 'd'])
  })

  it('lists names as people do', () => {
    assert.equal(sentenceList(['a']), 'a')
    assert.equal(sentenceList(['a', 'b']), 'a and b')
    assert.equal(sentenceList(['a', 'b', 'c', 'd']), 'a, b and 2 more')
  })
})

describe('fit', () => {
  const list = (words: string): string[][] => words.split('').map((word) => [word])

  it('leaves out the least important first, and from the middle of a chain', () => {
    const chain = {
      items: list('ABCDE'),
      keep: 2,
      rank: 1,
      drop: 'middle',
      more: (n: number) => `+${n}`,
    } as const
    const other = { items: list('xy'), keep: 1, rank: 2 }
    assert.deepEqual(fit([chain, other], 8, 80), ['A', 'B', 'C', 'D', 'E', '', 'x', 'y'])
    assert.deepEqual(fit([chain, other], 7, 80), ['A', '+2', 'D', 'E', '', 'x', 'y'])
    assert.deepEqual(fit([chain, other], 5, 80), ['A', '+3', 'E', '', 'x'])
  })

  it('counts the rows of the screen, not the lines', () => {
    const wide = '国'.repeat(50)
    const long = { items: [[wide], ['b']], keep: 1, rank: 1 }
    assert.deepEqual(fit([long], 3, 80), [wide, 'b'])
    assert.deepEqual(fit([long], 3, 40), [wide])
  })

  it('gives up the blank lines before it gives up a whole section', () => {
    const a = { items: list('a'), keep: 1, rank: 1 }
    const b = { items: list('b'), keep: 1, rank: 2, vital: true }
    assert.deepEqual(fit([a, b], 2, 80), ['a', 'b'])
    assert.deepEqual(fit([a, b], 1, 80), ['b'])
  })
})
