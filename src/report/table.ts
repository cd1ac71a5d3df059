import { pad, width } from './layout.ts'
import type { Style, Tone } from './style.ts'

export interface Cell {
  readonly text: string
  readonly tone?: Tone
}

/** Columns two blanks apart, no borders: easy to read and to grep. Padded first, painted afterwards. */
export function tableLines(rows: readonly (readonly Cell[])[], style: Style): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      // The last cell of a row pushes nobody aside.
      const own = column === row.length - 1 ? 0 : width(cell.text)
      widths[column] = Math.max(widths[column] ?? 0, own)
    })
  }
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const last = column === row.length - 1
        const text = last ? cell.text : pad(cell.text, widths[column] ?? 0)
        return style.paint(cell.tone ?? 'plain', text)
      })
      .join('  ')
      .trimEnd(),
  )
}
