/** The words of the command line, without oclif, so that the tiny main can route and find help. */
export const commandNames = ['trust', 'diagnose', 'undo', 'status', 'demo', 'completion'] as const

/** The privileged half, which this program starts by itself; no command for people. */
export const applyWord = '__apply'

export type CommandName = (typeof commandNames)[number]

/** `value`: the next word belongs to the flag. A test compares this with oclif's definitions. */
export const flagTable = {
  ca: 'value',
  fingerprint: 'value',
  'trust-on-first-use': 'switch',
  prune: 'switch',
  scope: 'value',
  restart: 'value',
  'keep-appended': 'switch',
  runtime: 'value',
  username: 'value',
  'password-stdin': 'switch',
  'token-realm': 'value',
  'no-login': 'switch',
  'login-required': 'switch',
  'client-cert': 'value',
  'client-key': 'value',
  'client-p12': 'value',
  timeout: 'value',
  resolve: 'value',
  proxy: 'value',
  'no-aia': 'switch',
  offline: 'switch',
  'dry-run': 'switch',
  check: 'switch',
  yes: 'switch',
  'no-input': 'switch',
  machine: 'value',
  'state-dir': 'value',
  file: 'value',
  chain: 'value',
  host: 'value',
  roots: 'value',
  at: 'value',
  go: 'value',
  all: 'switch',
  json: 'switch',
  'json-pem': 'switch',
  quiet: 'switch',
  verbose: 'switch',
  'no-color': 'switch',
} as const

export type FlagName = keyof typeof flagTable

/** The one-letter forms. */
export const shortFlags = {
  u: 'username',
  n: 'dry-run',
  y: 'yes',
  q: 'quiet',
  v: 'verbose',
} as const satisfies Record<string, FlagName>

export function isCommandName(word: string): word is CommandName {
  return (commandNames as readonly string[]).includes(word)
}

export function flagKind(name: string): 'value' | 'switch' | undefined {
  return Object.hasOwn(flagTable, name) ? flagTable[name as FlagName] : undefined
}

export function longName(letter: string): FlagName | undefined {
  return Object.hasOwn(shortFlags, letter) ? shortFlags[letter as keyof typeof shortFlags] : undefined
}
