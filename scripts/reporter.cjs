'use strict'
// mocha's own report, and beside it the counts and what was left out, for scripts/test.js.
const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const { env } = require('node:process')
const { reporters } = require('mocha')

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    const titles = []
    const repeated = []
    runner.on('pending', (test) => titles.push(test.fullTitle()))
    runner.on('retry', (test, error) =>
      repeated.push({ title: test.fullTitle(), reason: error?.message ?? '' }),
    )
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats
      const notes = readNotes()
      const leftOut = titles.map((title) => ({ title, reason: reasonOf(title, notes) }))
      const result = { passes, failures, pending, leftOut, repeated }
      writeFileSync(env.TRUST_REGISTRY_TEST_RESULT, JSON.stringify(result))
    })
  }
}

/** What test/support/left-out.ts noted, in whatever process the test ran. */
function readNotes() {
  const file = env.TRUST_REGISTRY_LEFT_OUT
  if (file === undefined || !existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** Of the test itself, or of a suite around it. */
function reasonOf(title, notes) {
  return notes.find((note) => title === note.title || title.startsWith(`${note.title} `))?.reason
}
