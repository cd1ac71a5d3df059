import type { Document, Pair, ParsedNode, YAMLMap } from 'yaml'
import {
  appended,
  endOfLine,
  indentation,
  isTooDeep,
  lineEnding,
  MAX_DEPTH,
  splice,
  tooDeep,
  verified,
  withValue,
} from './edit.ts'
import type { Damage, Edited } from './edit.ts'

const STEP = '  '

/** YAML 1.2, one document, with the place of the first fault. */
export async function readYaml(
  text: string,
): Promise<{ readonly value: unknown } | { readonly damage: Damage }> {
  const read = await parse(text)
  if ('damage' in read) return read
  try {
    // Aliases may multiply: a bomb is no file of settings.
    const value: unknown = read.document.toJS({ maxAliasCount: 100 }) ?? {}
    return isTooDeep(value) ? tooDeep : { value }
  } catch (error) {
    // An alias of nothing, or of too much.
    if (!(error instanceof ReferenceError)) throw error
    return { damage: { line: 1, column: 1, message: error.message } }
  }
}

/** Looked at before anything descends: the parser itself keeps a stack of its own, and only that. */
async function isNestedTooDeeply(text: string): Promise<boolean> {
  const { Lexer, Parser } = await library()
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    // Tokens come as they are asked for.
    Array.from(parser.next(lexeme))
    if (parser.stack.length > MAX_DEPTH) return true
  }
  return false
}

/**
 * Loaded when there is something to read: few machines have such a file. In the bundle what a CommonJS library exports
 * is below `default` only.
 */
async function library(): Promise<typeof import('yaml')> {
  const loaded: typeof import('yaml') & { readonly default?: typeof import('yaml') } = await import('yaml')
  return loaded.default ?? loaded
}

async function parse(
  text: string,
): Promise<{ readonly document: Document.Parsed } | { readonly damage: Damage }> {
  if (await isNestedTooDeeply(text)) return tooDeep
  const { LineCounter, parseAllDocuments, parseDocument } = await library()
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, strict: true })
  const [document, second] = Array.isArray(documents) ? documents : []
  const damage = (offset: number, message: string): { readonly damage: Damage } => {
    const { line, col } = lines.linePos(offset)
    return { damage: { line, column: col, message } }
  }
  if (second) return damage(second.range[0], 'a second document begins')
  const only = document ?? parseDocument('')
  const [error] = only.errors
  return error ? damage(error.pos[0], error.message) : { document: only }
}

/**
 * Sets one value of a tree of block maps and keeps every other character: in the place of the value that is there, else
 * behind the last key of the deepest map that is. What is written in braces or by alias is left alone.
 */
export async function withYaml(
  text: string,
  path: readonly string[],
  value: string | boolean,
): Promise<Edited> {
  const [before, read] = [await readYaml(text), await parse(text)]
  if ('damage' in before || 'damage' in read) return { unsafe: 'it is damaged' }
  const { isMap, isScalar } = await library()
  const wanted = withValue(before.value, path, value)
  let node: ParsedNode | null = read.document.contents
  let holder: Pair<ParsedNode, ParsedNode | null> | undefined
  for (const [depth, key] of path.entries()) {
    if (node === null || (isScalar(node) && node.value === null)) {
      const put = nested(path.slice(depth), value, holder ? indentation(text, keyStart(holder)) + STEP : '')
      if (!holder) return verified(appended(text, put), readYaml, wanted)
      return verified(insertLines(text, endOfLine(text, holder.key.range[1]), put), readYaml, wanted)
    }
    if (!isMap(node)) return { unsafe: `${path.slice(0, depth).join('.') || 'the file'} is no map` }
    if (node.flow === true) return { unsafe: 'a map is written in braces' }
    const map = node as YAMLMap<ParsedNode, ParsedNode | null>
    const found = map.items.find((item) => isScalar(item.key) && item.key.value === key)
    if (!found) {
      const last = map.items.at(-1)
      if (!last) return { unsafe: 'a map is empty' }
      const put = nested(path.slice(depth), value, indentation(text, keyStart(last)))
      return verified(insertLines(text, lastLine(text, last), put), readYaml, wanted)
    }
    holder = found
    node = found.value
  }
  if (
    node === null ||
    !isScalar(node) ||
    !['PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE'].includes(node.type ?? '')
  )
    return { unsafe: `${path.join('.')} is no plain value` }
  const [start, end] = node.range
  return verified(splice(text, { start, end, text: scalar(value) }), readYaml, wanted)
}

function keyStart({ key }: Pair<ParsedNode>): number {
  return key.range[0]
}

/** The end of the line on which the last value of a pair ends: a comment behind it stays its own. */
function lastLine(text: string, pair: Pair<ParsedNode, ParsedNode | null>): number {
  const end = (pair.value ?? pair.key).range[1]
  // A block of text, and a map, may end with their line ending.
  return endOfLine(text, text[end - 1] === '\n' ? end - (text[end - 2] === '\r' ? 2 : 1) : end)
}

function insertLines(text: string, at: number, lines: readonly string[]): string {
  const ending = lineEnding(text)
  return splice(text, { start: at, end: at, text: lines.map((line) => ending + line).join('') })
}

function nested(path: readonly string[], value: string | boolean, indent: string): readonly string[] {
  return path.map((key, depth) => {
    const line = `${indent}${STEP.repeat(depth)}${yamlKey(key)}:`
    return depth === path.length - 1 ? `${line} ${scalar(value)}` : line
  })
}

function yamlKey(key: string): string {
  return /^[a-z_]+$/.test(key) ? key : JSON.stringify(key)
}

/** JSON's strings are YAML's double-quoted ones. */
function scalar(value: string | boolean): string {
  return typeof value === 'string' && /^\/[\w./-]+$/.test(value) ? value : JSON.stringify(value)
}
