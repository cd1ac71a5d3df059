import { unicodeClass } from './unicode.ts'

export interface PrintableOptions {
  /** The most characters of output, the ellipsis included. */
  readonly max?: number
  /** For terminals that do not speak UTF-8, where the bytes of a letter may be a control sequence. */
  readonly ascii?: boolean
}

/**
 * What a terminal obeys, hides or reorders: controls (C0, DEL, C1), format characters (bidi, zero-width,
 * tags), lone surrogates, private and unassigned code points, variation selectors and fillers
 * (Default_Ignorable), line separators, and every space that is not the plain one.
 */
const isForbidden = unicodeClass(String.raw`[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}`)
const isMark = unicodeClass(String.raw`\p{M}`)
/** More marks on one letter than any script needs would paint over the lines above and below. */
const MARKS_PER_LETTER = 2
const DEFAULT_MAX = 4096

/** Makes text from outside harmless on a terminal: one line, nothing hidden, bounded. */
export function printable(text: string, options: PrintableOptions = {}): string {
  const max = options.max ?? DEFAULT_MAX
  const ascii = options.ascii === true
  // A code point has at most two units, so the slice is long enough to tell whether something was cut.
  const pieces = escapePieces(text.slice(0, 2 * max + 2), ascii)
  const whole = pieces.join('')
  if (whole.length <= max && text.length <= 2 * max + 2) return whole

  const ellipsis = ascii ? '...' : '…'
  let kept = ''
  for (const piece of pieces) {
    if (kept.length + piece.length + ellipsis.length > max) break
    kept += piece
  }
  return kept + ellipsis
}

/** The same for text of several lines whose line feeds are ours, such as a fix to paste. */
export function printableLines(text: string, options: PrintableOptions = {}): string[] {
  return text
    .replace(/\n+$/, '')
    .split('\n')
    .map((line) => printable(line, options))
}

function escapePieces(text: string, ascii: boolean): string[] {
  let marks = 0
  return Array.from(text, (char) => {
    if (char >= ' ' && char <= '~') {
      marks = 0
      return char
    }
    marks = isMark(char) ? marks + 1 : 0
    const bad = isForbidden(char) || marks > MARKS_PER_LETTER || (ascii && char > '~')
    return bad ? escaped(char) : char
  })
}

function escaped(char: string): string {
  return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`
}

type Environment = Readonly<Record<string, string | undefined>>

/** GitHub Actions and Azure Pipelines obey commands that they find in a job's output. */
export function readsLogCommands(env: Environment): boolean {
  return env['GITHUB_ACTIONS'] === 'true' || env['TF_BUILD'] !== undefined
}

/**
 * Breaks log commands in finished output: `::` where a line begins or a whole `::name …::` stands
 * (GitHub), `##[` and `##vso[` anywhere (Azure, and GitHub's first syntax). `[fd00::1]` and a `::1` that begins a line stay as they are:
 * no command's name begins with a digit.
 */
export function breakLogCommands(text: string): string {
  return text
    .replace(/^([^\S\n]*)::(?!\d)/gm, '$1\\u{3a}:')
    .replace(/::(?=[a-z][\w-]*(?:[^\S\n][^\n]*)?::)/gi, '\\u{3a}:')
    .replace(/##(?=(?:vso)?\[)/gi, '#\\u{23}')
}

/** `printable`, and where the output is a CI log no command survives either. */
export function logSafe(text: string, env: Environment, options: PrintableOptions = {}): string {
  const line = printable(text, options)
  return readsLogCommands(env) ? breakLogCommands(line) : line
}
