'use strict'
// mocha's own report, and beside it the counts and what was left out, for scripts/test.js.
const { writeFileSync } = require('node:fs')
const { env } = require('node:process')
const { reporters } = require('mocha')

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    const leftOut = []
    runner.on('pending', (test) => leftOut.push({ title: test.fullTitle(), reason: reasonOf(test) }))
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats
      writeFileSync(env.TRUST_REGISTRY_TEST_RESULT, JSON.stringify({ passes, failures, pending, leftOut }))
    })
  }
}

/** As test/support/left-out.ts noted it: on the test, or on a suite around it. */
function reasonOf(runnable) {
  for (let at = runnable; at !== undefined; at = at.parent) if (at.leftOut !== undefined) return at.leftOut
  return undefined
}
