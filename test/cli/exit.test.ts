import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { combine, exitCodes, exitOf } from '../../src/cli/exit.ts'
import type { ExitCode } from '../../src/cli/exit.ts'
import { renderHelp } from '../../src/cli/help.ts'
import { TrustError } from '../../src/errors.ts'

const codes = Object.keys(exitCodes).map(Number) as ExitCode[]

describe('exit codes', () => {
  it('stand in the root help', async () => {
    const { root } = await renderHelp()
    for (const [code, meaning] of Object.entries(exitCodes)) {
      assert.match(root, new RegExp(`^ {2}${code} +${meaning.replaceAll(/[-.:]/g, '\\$&')}$`, 'm'))
    }
  })

  it('stand in the README, each with a row', () => {
    const readme = new URL('../../README.md', import.meta.url)
    const text = readFileSync(readme, 'utf8')
    for (const code of codes)
      assert.match(text, new RegExp(`^\\|\\s*\`?${code}\`?\\s*\\|`, 'm'), `exit ${code}`)
  })

  it('belong to errors', () => {
    assert.equal(exitOf(new TrustError('bad-registry', '')), 2)
    assert.equal(exitOf(new TrustError('identity-mismatch', '')), 5)
    assert.equal(exitOf(new TrustError('interrupted', '')), 130)
    assert.equal(exitOf(new TypeError('x')), 70)
    assert.equal(exitOf('x'), 70)
  })

  it('combine to the first of the order, whatever their own order', () => {
    assert.equal(combine([]), 0)
    assert.equal(combine([0, 3, 1]), 1)
    assert.equal(combine([6, 7, 12, 4]), 4)
    assert.equal(combine([2, 130, 70]), 130)
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...codes), { minLength: 1 }), (some) => {
        const one = combine(some)
        assert.ok(some.includes(one))
        assert.equal(combine([...some].reverse()), one)
        assert.equal(combine([one, ...some]), one)
      }),
    )
  })
})
