import assert from 'node:assert/strict'
import { renderText } from '../../src/report/text.ts'
import { PLAIN } from './examples.ts'

export const text = (one: Parameters<typeof renderText>[0], more: Partial<typeof PLAIN> = {}): string =>
  renderText(one, { ...PLAIN, ...more })

/** Inline snapshots are indented like the code around them. */
export function assertReport(actual: string, expected: string): void {
  const lines = expected.replace(/^\n/, '').replace(/\n *$/, '\n').split('\n')
  const margin = Math.min(...lines.filter((line) => line !== '').map((line) => line.search(/\S/)))
  assert.equal(actual, lines.map((line) => line.slice(margin)).join('\n'))
}
