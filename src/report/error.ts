import { wrapAtMost } from './layout.ts'
import { breakLogCommands } from './printable.ts'
import { styleOf, type Style, type TextOptions } from './style.ts'

/** What a `TrustError` and an error document have in common. */
export interface ErrorParts {
  readonly code: string
  readonly message: string
  readonly seen?: string
  readonly fix?: string
}

export interface HeadLayout {
  readonly columns: number
  readonly most: number
}

/** Characters of a line that was seen: a server's page may stand in it whole. JSON and -v have more. */
const MAX_SEEN = 300

/** On stderr, where people search for the sentence. */
const ONE_LINE: HeadLayout = { columns: Number.POSITIVE_INFINITY, most: 1 }

/** What happened, what was seen, how to mend it: in rustc's form, with the command to paste last. */
export function renderError(error: ErrorParts, options: Pick<TextOptions, 'color' | 'unicode'>): string {
  const style = styleOf(options)
  const lines = [
    ...errorLines(error, style),
    ...(error.fix === undefined ? [] : labelled('fix:', error.fix, style)),
  ]
  return breakLogCommands(`${lines.join('\n')}\n`)
}

/** The headline and the facts, without the fix: a report puts that at its end. */
export function errorLines(error: ErrorParts, style: Style, layout: HeadLayout = ONE_LINE): string[] {
  const label = `error[${style.safe(error.code, 60)}]:`
  const head = `${label} ${style.safe(error.message, 1000)}`
  // Wrapped before it is painted: escape codes have no width.
  const [first = '', ...rest] = wrapAtMost(head, layout.columns, layout.most, style.glyph.ellipsis)
  return [
    style.paint('bad', label) + first.slice(label.length),
    ...rest,
    ...(error.seen === undefined
      ? []
      : labelled('seen:', error.seen, style, style.verbose ? undefined : MAX_SEEN)),
  ]
}

function labelled(label: string, text: string, style: Style, max?: number): string[] {
  const [first = '', ...rest] = style.safeLines(text, max)
  return [
    `  ${style.paint('dim', label.padEnd(5))} ${first}`,
    ...rest.map((line) => `        ${line}`.trimEnd()),
  ]
}
