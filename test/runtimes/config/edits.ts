import assert from 'node:assert/strict'
import type { Edited } from '../../../src/runtimes/config/edit.ts'

/** The text of an edit that must not be refused. */
export function made(edited: Edited): string {
  assert.ok('text' in edited, `refused: ${'unsafe' in edited ? edited.unsafe : ''}`)
  return edited.text
}

/** What one edit took out and put in, as one stretch: all before it and all behind it is as it was. */
export function difference(before: string, after: string): { readonly out: string; readonly put: string } {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start++
  let end = 0
  const room = Math.min(before.length, after.length) - start
  while (end < room && before.at(-1 - end) === after.at(-1 - end)) end++
  return { out: before.slice(start, before.length - end), put: after.slice(start, after.length - end) }
}
