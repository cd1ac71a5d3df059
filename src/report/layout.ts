import { stripVTControlCharacters } from 'node:util'
import { unicodeClass } from './unicode.ts'

const takesNone = unicodeClass(String.raw`\p{M}`)
/** East Asian wide and emoji: two columns (UAX 11, near enough for alignment). */
const takesTwo = unicodeClass(
  String.raw`[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]`,
)

/** Columns that text takes on a terminal; the text is printable and not yet painted. */
export function width(text: string): number {
  let columns = 0
  for (const char of text) {
    if (char <= '~') columns += 1
    else if (!takesNone(char)) columns += takesTwo(char) ? 2 : 1
  }
  return columns
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)))
}

/** Shortens a name to fit its column; never for fingerprints, paths or commands. */
export function clip(text: string, columns: number, ellipsis: string): string {
  if (width(text) <= columns) return text
  let kept = ''
  for (const char of text) {
    if (width(kept + char) + width(ellipsis) > columns) break
    kept += char
  }
  return kept + ellipsis
}

/** The same for what is told by its end as well: a path with a long host name. */
export function clipMiddle(text: string, columns: number, ellipsis: string): string {
  if (width(text) <= columns) return text
  const room = columns - width(ellipsis)
  const [head, tail] = [
    clip(text, Math.ceil(room / 2), ''),
    reversed(clip(reversed(text), Math.floor(room / 2), '')),
  ]
  return head + ellipsis + tail
}

function reversed(text: string): string {
  return Array.from(text).reverse().join('')
}

/** Rows of a screen that a line takes, colours aside. */
export function screenRows(line: string, columns: number): number {
  return Math.max(1, Math.ceil(width(stripVTControlCharacters(line)) / columns))
}

/** Breaks prose between words; a word that is too long gets a line of its own and exceeds. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line === '') line = word
    else if (width(line) + 1 + width(word) <= columns) line += ` ${word}`
    else {
      lines.push(line)
      line = word
    }
  }
  return [...lines, line]
}

/** Wraps and keeps at most `most` lines, the last one ending in the ellipsis. */
export function wrapAtMost(text: string, columns: number, most: number, ellipsis: string): string[] {
  const lines = wrap(text, columns)
  if (lines.length <= most) return lines
  const kept = lines.slice(0, most)
  const last = clip(kept.at(-1) ?? '', columns - width(ellipsis) - 1, '')
  return [...kept.slice(0, -1), `${last} ${ellipsis}`]
}

export function indent(lines: readonly string[], columns: number): string[] {
  return lines.map((line) => (line === '' ? '' : ' '.repeat(columns) + line))
}

/** `a`, `a and b`, `a, b and 2 more`. */
export function sentenceList(words: readonly string[], most = 3): string {
  const shown = words.length > most ? words.slice(0, most - 1) : words
  const rest = words.length - shown.length
  const all = rest > 0 ? [...shown, `${rest} more`] : shown
  const last = all.at(-1) ?? ''
  return all.length < 2 ? last : `${all.slice(0, -1).join(', ')} and ${last}`
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
