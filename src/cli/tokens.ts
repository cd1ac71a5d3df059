import { flagKind, longName } from './words.ts'

/** One word of the command line, told apart the way the parser will; `index` is its place in argv. */
export type Token =
  | { readonly kind: 'word'; readonly text: string; readonly index: number }
  | { readonly kind: 'flag'; readonly name: string; readonly known: boolean; readonly value?: string }

/** Everything before `--`, and whether a `--` was there. Pure; needs no oclif, so that the tiny main can use it. */
export function tokenize(argv: readonly string[]): { tokens: readonly Token[]; ended: boolean } {
  const tokens: Token[] = []
  for (let index = 0; index < argv.length; index++) {
    const text = argv[index] ?? ''
    if (text === '--') return { tokens, ended: true }
    if (text === '-' || !text.startsWith('-')) {
      tokens.push({ kind: 'word', text, index })
      continue
    }
    const flags = text.startsWith('--') ? [longFlag(text)] : shortFlagsOf(text)
    const last = flags.at(-1)
    if (last !== undefined && last.value === undefined && last.known && flagKind(last.name) === 'value') {
      index++
      const value = argv[index]
      flags[flags.length - 1] = { ...last, ...(value !== undefined && { value }) }
    }
    tokens.push(...flags)
  }
  return { tokens, ended: false }
}

type Flag = Extract<Token, { kind: 'flag' }>

function longFlag(text: string): Flag {
  const equals = text.indexOf('=')
  const name = equals === -1 ? text.slice(2) : text.slice(2, equals)
  const value = equals === -1 ? undefined : text.slice(equals + 1)
  return { kind: 'flag', name, known: flagKind(name) !== undefined, ...(value !== undefined && { value }) }
}

/** `-nv`, `-u`, `-uNAME`, `-u=NAME`, and `-nu` whose value is the next word. */
function shortFlagsOf(text: string): Flag[] {
  const flags: Flag[] = []
  for (let place = 1; place < text.length; place++) {
    const letter = text[place] ?? ''
    const name = longName(letter)
    const rest = text.slice(place + 1)
    if (name === undefined) return [...flags, { kind: 'flag', name: letter, known: false }]
    if (flagKind(name) === 'value') {
      const value = rest.startsWith('=') ? rest.slice(1) : rest
      return [...flags, { kind: 'flag', name, known: true, ...(rest !== '' && { value }) }]
    }
    flags.push({ kind: 'flag', name, known: true })
  }
  return flags
}
