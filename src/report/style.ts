import { printable, printableLines } from './printable.ts'

export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong' | 'plain'

export interface TextOptions {
  readonly color: boolean
  /** The terminal speaks UTF-8; otherwise nothing but ASCII is printed. */
  readonly unicode: boolean
  readonly columns: number
  readonly verbose: boolean
  /** One line, and the fix, for what is not in order; nothing at all for what is. */
  readonly quiet: boolean
  readonly now?: Date
}

export interface Glyphs {
  readonly good: string
  readonly bad: string
  readonly warn: string
  readonly info: string
  readonly unknown: string
  readonly none: string
  readonly arrow: string
  readonly branch: string
  readonly restart: string
  readonly ellipsis: string
}

const unicodeGlyphs: Glyphs = {
  good: '✓',
  bad: '✗',
  warn: '!',
  info: '·',
  unknown: '?',
  none: '–',
  arrow: '→',
  branch: '└─ ',
  restart: '↻',
  ellipsis: '…',
}

const asciiGlyphs: Glyphs = {
  good: '+',
  bad: 'x',
  warn: '!',
  info: '-',
  unknown: '?',
  none: '-',
  arrow: '->',
  branch: '`- ',
  restart: '~',
  ellipsis: '...',
}

const codes: Readonly<Record<Tone, string>> = {
  good: '32',
  bad: '31',
  warn: '33',
  dim: '2',
  strong: '1',
  plain: '',
}

/** How this terminal is written to: the only place that knows escape codes and glyphs. */
export interface Style {
  readonly glyph: Glyphs
  /** Prose is wrapped here; wider terminals do not make it easier to read. */
  readonly columns: number
  readonly verbose: boolean
  readonly paint: (tone: Tone, text: string) => string
  /** For everything from outside. */
  readonly safe: (text: string, max?: number) => string
  readonly safeLines: (text: string, max?: number) => string[]
}

export function styleOf(
  options: Pick<TextOptions, 'color' | 'unicode'> & Partial<Pick<TextOptions, 'columns' | 'verbose'>>,
): Style {
  const ascii = !options.unicode
  return {
    glyph: options.unicode ? unicodeGlyphs : asciiGlyphs,
    columns: Math.min(Math.max(options.columns ?? 80, 40), 110),
    verbose: options.verbose ?? false,
    paint: (tone, text) =>
      options.color && codes[tone] !== '' && text !== '' ? `\x1b[${codes[tone]}m${text}\x1b[0m` : text,
    safe: (text, max) => printable(text, { ascii, ...(max === undefined ? {} : { max }) }),
    safeLines: (text, max) => printableLines(text, { ascii, ...(max === undefined ? {} : { max }) }),
  }
}
