import type { AST } from 'toml-eslint-parser'
import {
  appended,
  endOfLine,
  indentation,
  isTooDeep,
  lineEnding,
  splice,
  tooDeep,
  verified,
  withValue,
} from './edit.ts'
import type { Damage, Edited } from './edit.ts'

export type { Damage } from './edit.ts'

export interface TomlDocument {
  readonly value: Readonly<Record<string, unknown>>
}

/** TOML 1.0 (toml.io), with the place of the first fault. */
export async function readToml(text: string): Promise<TomlDocument | { readonly damage: Damage }> {
  // Loaded when there is something to read: most machines have no such file.
  const { getStaticTOMLValue, parseTOML, ParseError } = await import('toml-eslint-parser')
  try {
    const value = getStaticTOMLValue(parseTOML(text))
    return isTooDeep(value) ? tooDeep : { value }
  } catch (error) {
    // It descends by recursion.
    if (error instanceof RangeError) return tooDeep
    if (!(error instanceof ParseError)) throw error
    return { damage: { line: error.lineNumber, column: error.column + 1, message: error.message } }
  }
}

/** A table by its keys, or a value in it; a number is the place in an array of tables. */
export type TomlPath = readonly (string | number)[]
export type TomlValue = string | boolean | readonly (string | readonly string[])[]

/**
 * Sets one value and keeps every other character: in the place of the value that is there, else behind the last key of
 * its table, else in a table of its own at the end; what stands in no table, above all of them.
 */
export async function withToml(text: string, path: TomlPath, value: TomlValue): Promise<Edited> {
  const before = await readToml(text)
  if ('damage' in before) return { unsafe: 'it is damaged' }
  const { parseTOML } = await import('toml-eslint-parser')
  const top = parseTOML(text).body[0]
  const wanted = withValue(before.value, path, value)
  return verified(insert(text, top, path, value), readToml, wanted)
}

function insert(text: string, top: AST.TOMLTopLevelTable, path: TomlPath, value: TomlValue): string {
  const present = valueAt(top, [], path)
  if (present) return replace(text, present, value)
  const line = `${tomlKey(path.at(-1) ?? '')} = ${tomlValue(value)}`
  if (path.length === 1) return aboveTables(text, top, line)
  const table = top.body.find(
    (node): node is AST.TOMLTable => node.type === 'TOMLTable' && same(node.resolvedKey, path.slice(0, -1)),
  )
  if (table === undefined) {
    const header = headerOf(path.slice(0, -1))
    return appended(text, text === '' ? [header, line] : ['', header, line])
  }
  const last = table.body.at(-1)
  // A header stands on one line: what follows its bracket is a comment.
  const at = endOfLine(text, last ? last.range[1] : headerEnd(text, table))
  const indent = indentation(text, (last ?? table).range[0])
  return splice(text, { start: at, end: at, text: `${lineEnding(text)}${indent}${line}` })
}

/** A place in an array of tables is a header of its own kind, in double brackets. */
function headerOf(path: TomlPath): string {
  const keys = path.filter((key) => typeof key === 'string').map(tomlKey)
  return typeof path.at(-1) === 'number' ? `[[${keys.join('.')}]]` : `[${keys.join('.')}]`
}

/** Behind the last key that stands above all tables, else before everything. */
function aboveTables(text: string, top: AST.TOMLTopLevelTable, line: string): string {
  const last = top.body.findLast((node) => node.type === 'TOMLKeyValue')
  if (!last) return `${line}${lineEnding(text)}${text}`
  const at = endOfLine(text, last.range[1])
  return splice(text, { start: at, end: at, text: `${lineEnding(text)}${line}` })
}

/** A list of texts is only ever added to: what is in it stays as it was written. */
function replace(text: string, present: AST.TOMLContentNode, value: TomlValue): string {
  const [start, end] = present.range
  if (present.type !== 'TOMLArray' || !Array.isArray(value))
    return splice(text, { start, end, text: tomlValue(value) })
  const added = value.slice(present.elements.length).map(tomlValue)
  const last = present.elements.at(-1)
  if (!last) return splice(text, { start, end, text: tomlValue(value) })
  const before = present.elements.at(-2)
  const broken = before && text.slice(before.range[1], last.range[0]).includes('\n')
  const gap = broken === true ? `${lineEnding(text)}${indentation(text, last.range[0])}` : ' '
  const put = added.map((entry) => `,${gap}${entry}`).join('')
  return splice(text, { start: last.range[1], end: last.range[1], text: put })
}

/** The value at a path, by whichever of TOML's three ways it was written: header, dotted key, inline table. */
function valueAt(
  node: AST.TOMLTopLevelTable | AST.TOMLTable | AST.TOMLInlineTable,
  base: TomlPath,
  path: TomlPath,
): AST.TOMLContentNode | undefined {
  for (const entry of node.body) {
    if (entry.type === 'TOMLTable') {
      const found = valueAt(entry, entry.resolvedKey, path)
      if (found) return found
      continue
    }
    const here = [...base, ...entry.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value))]
    if (same(here, path)) return entry.value
    if (entry.value.type !== 'TOMLInlineTable') continue
    const found = valueAt(entry.value, here, path)
    if (found) return found
  }
  return undefined
}

function headerEnd(text: string, table: AST.TOMLTable): number {
  return text.indexOf(']', table.key.range[1])
}

function same(a: TomlPath, b: TomlPath): boolean {
  return a.length === b.length && a.every((key, index) => key === b[index])
}

/** A bare key where the grammar allows one. */
export function tomlKey(key: string | number): string {
  return /^[A-Za-z0-9_-]+$/.test(String(key)) ? String(key) : JSON.stringify(key)
}

export function tomlValue(value: TomlValue): string {
  // JSON's escapes are TOML's as well (basic strings), DEL aside, which no path of ours has.
  return typeof value === 'object' ? `[${value.map(tomlValue).join(', ')}]` : JSON.stringify(value)
}
