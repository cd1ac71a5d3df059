import assert from 'node:assert/strict'
import { isIPv4, isIPv6 } from 'node:net'
import { posix } from 'node:path'
import fc from 'fast-check'
import { TrustError } from '../../src/errors.ts'
import { parseRegistry, type Target } from '../../src/registry/reference.ts'

const word = fc.stringMatching(/^[a-z0-9_][a-z0-9_-]{0,20}$/)
const name = fc
  .tuple(fc.array(word, { maxLength: 4 }), fc.constantFrom('corp', 'example', 'x1'))
  .map(([labels, last]) => [...labels, last].join('.'))
const host = fc.oneof(
  name,
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
)
const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined })
const registries = fc
  .tuple(host, port)
  .map(([text, number]) => (number === undefined ? text : `${text}:${String(number)}`))

describe('registry/reference, for all', () => {
  it('valid registries: the typed form is kept and read again to the same', () => {
    fc.assert(
      fc.property(registries, (text) => {
        const target = parseRegistry(text)
        assert.equal(target.registry, text)
        for (const longer of [`https://${text}/v2/`, ...(/[.:]/.test(text) ? [`${text}/app:1`] : [])]) {
          assert.deepEqual(parseRegistry(longer), { ...target, takenFrom: longer })
        }
      }),
    )
  })

  const pieces = fc.constantFrom(
    '..',
    '.',
    '/',
    ':',
    '[',
    ']',
    '@',
    'reg',
    '5000',
    '::1',
    '-',
    '%',
    '\\',
    '\n',
    '\0',
  )
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 12 }).map((parts) => parts.join('')),
  )

  it('texts: a TrustError or a target that stays in its directory', () => {
    fc.assert(
      fc.property(texts, (text) => {
        let target: Target
        try {
          target = parseRegistry(text)
        } catch (error) {
          assert.ok(error instanceof TrustError, String(error))
          return
        }
        assert.match(target.registry, /^[a-z0-9_.[\]:A-F-]+$/)
        assert.equal(posix.dirname(posix.join('/certs.d', target.registry)), '/certs.d')
        assert.ok(!target.registry.startsWith('-') && !target.registry.startsWith('.'))
        assert.ok(target.port >= 1 && target.port <= 65_535)
        assert.equal(isIPv4(target.host), target.kind === 'ipv4')
        assert.equal(isIPv6(target.host), target.kind === 'ipv6')
      }),
      { numRuns: 2000 },
    )
  })
})
