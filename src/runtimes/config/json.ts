import type { ParseError } from 'jsonc-parser/lib/esm/main.js'
import {
  isTooDeep,
  placeAt,
  splice,
  tooDeep,
  verified,
  withValue,
  type Damage,
  type Edited,
  type Splice,
} from './edit.ts'

/** JSON (RFC 8259), with the place of the first fault. What is wrong is told without the text, which may be secret. */
export async function readJson(
  text: string,
): Promise<{ readonly value: unknown } | { readonly damage: Damage }> {
  try {
    const value: unknown = JSON.parse(text)
    return isTooDeep(value) ? tooDeep : { value }
  } catch {
    // Loaded when something is wrong.
    const { parseTree, printParseErrorCode } = await import('jsonc-parser/lib/esm/main.js')
    const errors: ParseError[] = []
    try {
      parseTree(text, errors, {
        disallowComments: true,
        allowTrailingComma: false,
        allowEmptyContent: false,
      })
    } catch (error) {
      // It descends by recursion.
      if (!(error instanceof RangeError)) throw error
      return tooDeep
    }
    const [first] = errors
    const message =
      first === undefined
        ? 'it is not JSON'
        : printParseErrorCode(first.error)
            .replace(/([a-z])([A-Z])/g, '$1 $2')
            .toLowerCase()
    return { damage: { ...placeAt(text, first?.offset ?? 0), message } }
  }
}

/** Takes texts out of a list. Neither the list nor anything around it goes: an empty list is a setting, too. */
export async function withoutEntries(
  text: string,
  path: readonly string[],
  unwanted: (entry: string) => boolean,
): Promise<Edited> {
  const before = await readJson(text)
  if ('damage' in before) return { unsafe: 'it is damaged' }
  const { parseTree, findNodeAtLocation } = await import('jsonc-parser/lib/esm/main.js')
  const tree = parseTree(text)
  const list = tree && findNodeAtLocation(tree, [...path])
  if (tree === undefined || list?.type !== 'array') return { unsafe: `${path.join('.')} is no list` }
  if (hasTwins(tree.children ?? [])) return { unsafe: 'a key stands there twice' }
  const items = list.children ?? []
  const gone = items.map(({ value }) => typeof value === 'string' && unwanted(value))
  const kept = items.flatMap(({ value }, index) => (gone[index] === true ? [] : [value as unknown]))
  const spans = items.map(({ offset, length }): [number, number] => [offset, offset + length])
  const after = splice(text, ...removals(spans, gone))
  // Values of nodes are those of scalars only: a list that holds more is left alone.
  if (items.some(({ type }) => type === 'object' || type === 'array'))
    return { unsafe: 'the list is no list of texts' }
  return verified(after, readJson, withValue(before.value, path, kept))
}

/** An item goes with the comma behind it; of those at the end, the comma before them goes. */
function removals(
  spans: readonly (readonly [number, number])[],
  gone: readonly boolean[],
): readonly Splice[] {
  const last = gone.lastIndexOf(false)
  return spans.flatMap(([start, end], index) => {
    if (gone[index] !== true) return []
    const next = spans[index + 1]
    const previous = spans[index - 1]
    if (index < last && next) return [{ start, end: next[0], text: '' }]
    return [{ start: previous ? previous[1] : start, end, text: '' }]
  })
}

interface Property {
  readonly children?: readonly { readonly value?: unknown }[]
}

function hasTwins(properties: readonly Property[]): boolean {
  const names = properties.map(({ children }) => children?.[0]?.value)
  return new Set(names).size !== names.length
}
