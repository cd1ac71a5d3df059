import { readFileSync, writeFileSync } from 'node:fs'
import { scoreOf, verdictOf, type Row } from './model.ts'

const head = ['what', 'measured', 'peer in the same run', 'score', 'budget', '']

/** For a terminal. */
export function textTable(rows: readonly Row[]): string {
  const lines = [head, ...rows.map(cellsOf)]
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => (cells[column] ?? '').length)))
  return lines
    .map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}

export function markdownTable(rows: readonly Row[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |')
  return [line(head), line(head.map(() => '---')), ...rows.map((row) => line(cellsOf(row)))].join('\n')
}

function cellsOf(row: Row): readonly string[] {
  const { what, peer, budget } = row
  const scored = peer !== undefined || row.score !== undefined
  return [
    what,
    amount(row.value, row.unit),
    peer === undefined ? '' : `${peer.name}: ${amount(peer.value, row.unit)}`,
    scored ? scoreOf(row).toFixed(2) : '',
    budget === undefined ? '' : 'atMost' in budget ? `≤ ${budget.atMost}` : `≥ ${budget.atLeast}`,
    verdictOf(row) ?? '',
  ]
}

function amount(value: number, unit: Row['unit']): string {
  if (unit === 'count') return String(value)
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`
}

/** Puts a text between `<!-- bench:NAME -->` and `<!-- /bench -->` of a page. */
export function replaceSection(page: URL, name: string, text: string): void {
  const before = readFileSync(page, 'utf8')
  const start = `<!-- bench:${name} -->`
  const from = before.indexOf(start)
  const to = before.indexOf('<!-- /bench -->', from)
  if (from === -1 || to === -1) throw new Error(`${page.pathname} has no section ${start}`)
  writeFileSync(page, `${before.slice(0, from + start.length)}\n\n${text}\n\n${before.slice(to)}`)
}
