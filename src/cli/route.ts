import { nearest } from './nearest.ts'
import { tokenize } from './tokens.ts'
import { applyWord, commandNames, isCommandName } from './words.ts'
import type { CommandName } from './words.ts'

export type Route =
  | { readonly kind: 'run'; readonly command: CommandName; readonly argv: readonly string[] }
  | { readonly kind: 'help'; readonly command?: CommandName }
  | { readonly kind: 'version' }
  | { readonly kind: 'unknown-command'; readonly word: string; readonly nearest?: CommandName }
  | { readonly kind: 'late-command'; readonly word: CommandName; readonly first: string }
  | { readonly kind: 'apply' }
  | { readonly kind: 'nothing' }

/**
 * Finds the command word wherever it stands between the flags; a registry in its place means `trust`.
 * The rule that keeps both apart (docs/adr/0002): commands hold no `.`, `:`, `[` or `/`.
 */
export function route(argv: readonly string[]): Route {
  if (argv.length === 0) return { kind: 'nothing' }
  if (argv.length === 1 && argv[0] === applyWord) return { kind: 'apply' }
  const { tokens } = tokenize(argv)
  const flags = new Set(tokens.flatMap((token) => (token.kind === 'flag' ? [token.name] : [])))
  const words = tokens.filter((token) => token.kind === 'word')
  const first = words[0]
  const command = first !== undefined && isCommandName(first.text) ? first.text : undefined

  if (first?.text === 'help') return helpOf(words[1]?.text)
  // oclif takes `--help` for itself even where it is a flag's value.
  const helpWanted = flags.has('help') || flags.has('h') || beforeEnd(argv).includes('--help')
  if (helpWanted) return helpOf(first?.text)
  if (flags.has('version') || flags.has('V')) return { kind: 'version' }
  if (command !== undefined) {
    return { kind: 'run', command, argv: argv.filter((_, index) => index !== first?.index) }
  }
  // A flag that we do not know is the likelier mistake: `trust` will name it.
  const unknownFlag = tokens.some((token) => token.kind === 'flag' && !token.known)
  const late = words.map(({ text }) => text).find(isCommandName)
  // Its words the wrong way round would trust what was to be taken back.
  if (first !== undefined && late !== undefined && !unknownFlag)
    return { kind: 'late-command', word: late, first: first.text }
  if (first === undefined || !looksLikeCommand(first.text) || unknownFlag) {
    return { kind: 'run', command: 'trust', argv }
  }
  return unknown(first.text)
}

function beforeEnd(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--')
  return end === -1 ? argv : argv.slice(0, end)
}

function helpOf(word: string | undefined): Route {
  if (word === undefined || word === 'help') return { kind: 'help' }
  if (isCommandName(word)) return { kind: 'help', command: word }
  return looksLikeCommand(word) ? unknown(word) : { kind: 'help', command: 'trust' }
}

/** Anything else (`.`, `:`, `[`, `/`, or letters that no command has) is for the registry grammar to judge. */
function looksLikeCommand(word: string): boolean {
  return /^[a-z0-9_-]+$/i.test(word)
}

function unknown(word: string): Route {
  const near = nearest(word, commandNames)
  return { kind: 'unknown-command', word, ...(near !== undefined && { nearest: near }) }
}
