import assert from 'node:assert/strict'
import { undoNotes } from '../../../src/cli/flow/undo-notes.ts'

const done = (registry: string, changed = true) => ({ registry, ok: true, changed, plan: [] })

describe('what is said of a registry that was to be undone', () => {
  it('not on record: the nearest that is, with the line for it', () => {
    const recorded = ['reg.corp:5000', 'other.corp']
    for (const typed of ['reg.corp:500', 'reg.corp', 'erg.corp:5000']) {
      const [note, ...others] = undoNotes(done(typed, false), recorded, [typed])
      assert.deepEqual([note?.code, note?.severity, others], ['not-on-record', 'warning', []], typed)
      assert.equal(note?.message, `${typed} is not on record here; reg.corp:5000 is`)
      assert.equal(note.fix, 'trust-registry undo reg.corp:5000')
    }
  })

  it('nothing where nothing is near, where it is on record, was undone, or has failed', () => {
    assert.deepEqual(undoNotes(done('example.net', false), ['reg.corp:5000'], ['example.net']), [])
    assert.deepEqual(undoNotes(done('reg.corp:1', false), ['reg.corp:1', 'reg.corp:2'], ['reg.corp:1']), [])
    assert.deepEqual(undoNotes(done('reg.corp:1'), ['reg.corp:2'], ['reg.corp:1']), [])
    assert.deepEqual(undoNotes({ ...done('reg.corp:1', false), ok: false }, ['reg.corp:2'], []), [])
  })

  it('the other name of port 443 that stays trusted, unless this run takes it back as well', () => {
    for (const [one, other] of [
      ['reg.corp', 'reg.corp:443'],
      ['[fd00::1]:443', '[fd00::1]'],
    ] as const) {
      const [note] = undoNotes(done(one), [other], [one])
      assert.equal(note?.code, 'other-name-on-record')
      assert.match(note.message, /trusted by itself: engines go on trusting both names$/)
      assert.match(note.fix ?? '', /^trust-registry undo (?:reg\.corp:443|'\[fd00::1\]')$/)
      assert.deepEqual(undoNotes(done(one), [other], [one, other]), [])
    }
  })
})
