import { isDeepStrictEqual } from 'node:util'

/** Where a file of settings stops being one. */
export interface Damage {
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
  readonly message: string
}

/** Levels: no file of settings has as many, and what walks them by recursion has a stack for more. */
export const MAX_DEPTH = 100

/** Settings that no reader takes, wherever in them that is. */
export const tooDeep = { damage: { line: 1, column: 1, message: 'it is nested too deeply' } } as const

/** Ends in a circle, too: it has no bottom. */
export function isTooDeep(value: unknown, left = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return false
  return left === 0 || Object.values(value).some((inner) => isTooDeep(inner, left - 1))
}

/** A file of settings with our change in it, or why it cannot be made without guessing. */
export type Edited = { readonly text: string } | { readonly unsafe: string }

/** Other text in the place of a range, in UTF-16 units. */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Every character outside of the ranges stays; the ranges do not overlap. */
export function splice(text: string, ...splices: readonly Splice[]): string {
  return [...splices]
    .sort((a, b) => b.start - a.start)
    .reduce((left, { start, end, text: put }) => left.slice(0, start) + put + left.slice(end), text)
}

/** An edit is believed only once its result was read again and says what was there, our change, and nothing else. */
export async function verified(
  text: string,
  read: (text: string) => Promise<{ readonly value: unknown } | { readonly damage: Damage }>,
  wanted: unknown,
): Promise<Edited> {
  const again = await read(text)
  if ('damage' in again) return { unsafe: 'the change would damage it' }
  return isDeepStrictEqual(again.value, wanted)
    ? { text }
    : { unsafe: 'the change would touch more than it should' }
}

/** The line ending of the file: that of its first line. */
export function lineEnding(text: string): '\n' | '\r\n' {
  return text.indexOf('\r\n') === text.indexOf('\n') - 1 && text.includes('\r\n') ? '\r\n' : '\n'
}

/** What stands before the first character of the line that holds `offset`. */
export function indentation(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? ''
}

/** The end of the line that holds `offset`, before its line ending. */
export function endOfLine(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset)
  if (newline === -1) return text.length
  return newline > offset && text[newline - 1] === '\r' ? newline - 1 : newline
}

/** Lines behind everything else, on lines of their own. */
export function appended(text: string, lines: readonly string[]): string {
  const ending = lineEnding(text)
  const open = text === '' || text.endsWith('\n') ? '' : ending
  return `${text}${open}${lines.map((line) => line + ending).join('')}`
}

/** Line and column of an offset. */
export function placeAt(text: string, offset: number): Pick<Damage, 'line' | 'column'> {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

/** A damage as it is told. */
export function damageText({ line, column, message }: Damage): string {
  return `line ${line}, column ${column}: ${message}`
}

type Step = string | number

/** The same settings, with another value at a place; tables on the way there are made, and arrays where a number is next. */
export function withValue(settings: unknown, path: readonly Step[], value: unknown): unknown {
  const copy = structuredClone(settings) as Record<string, unknown>
  let table = copy
  for (const [depth, key] of path.slice(0, -1).entries()) {
    const next = Object.hasOwn(table, key) ? table[key] : undefined
    const fresh = typeof path[depth + 1] === 'number' ? [] : {}
    if (typeof next === 'object' && next !== null) table = next as Record<string, unknown>
    else table = assign(table, key, fresh) as Record<string, unknown>
  }
  const last = path.at(-1)
  if (last !== undefined) assign(table, last, value)
  return copy
}

/** A plain assignment would take the name `__proto__` for something else. */
function assign(table: object, key: Step, value: unknown): unknown {
  Object.defineProperty(table, key, { value, enumerable: true, writable: true, configurable: true })
  return value
}
