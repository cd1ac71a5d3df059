import { TrustError } from '../errors.ts'
import { flagKind } from './words.ts'
import type { FlagName } from './words.ts'

/** What waives identity or consent is typed each time; `--all` and a password on stdin as well. */
const typedOnly: ReadonlySet<string> = new Set<FlagName>([
  'trust-on-first-use',
  'yes',
  'all',
  'password-stdin',
])

const on = new Set(['1', 'true', 'yes', 'on'])
const off = new Set(['', '0', 'false', 'no', 'off'])

/** About a registry that is looked at: for the files of `--chain` they mean nothing. */
const notForChain: ReadonlySet<string> = new Set<FlagName>([
  ...(['file', 'ca', 'fingerprint', 'runtime', 'machine', 'proxy', 'resolve', 'no-aia', 'timeout'] as const),
  ...(['client-cert', 'client-key', 'client-p12'] as const),
])

type Environment = Readonly<Record<string, string | undefined>>

export function environmentName(flag: string): string | undefined {
  if (typedOnly.has(flag)) return undefined
  return `TRUST_REGISTRY_${flag.toUpperCase().replaceAll('-', '_')}`
}

/**
 * Words that say what the environment says, for those flags of a command that were not typed; they go
 * in front. Several values are separated by commas.
 */
export function environmentWords(
  flags: Readonly<Record<string, { readonly repeatable: boolean }>>,
  typed: ReadonlySet<string>,
  env: Environment,
): string[] {
  return Object.entries(flags).flatMap(([flag, { repeatable }]) => {
    const name = environmentName(flag)
    const value = name === undefined ? undefined : env[name]
    if (name === undefined || value === undefined || typed.has(flag)) return []
    if (typed.has('chain') && notForChain.has(flag)) return []
    // What is taken back is typed: a list that is there for `trust` is none for `undo`.
    if (flag === 'file' && 'all' in flags) return []
    if (flagKind(flag) === 'switch') return isOn(name, value) ? [`--${flag}`] : []
    const values = repeatable ? value.split(',').map((part) => part.trim()) : [value]
    return values.filter((part) => part !== '').map((part) => `--${flag}=${part}`)
  })
}

/** The variables behind the flags that a message names and nobody typed, to be put behind it; else nothing. */
export function variablesBehind(message: string, typed: ReadonlySet<string>, env: Environment): string {
  const names = Array.from(message.matchAll(/--([a-z][a-z0-9-]*)/g), ([, flag = '']) => flag)
    .filter((flag) => flagKind(flag) !== undefined && !typed.has(flag))
    .flatMap((flag) => environmentName(flag) ?? [])
    .filter((name) => !off.has((env[name] ?? '').toLowerCase()))
  return names.length === 0 ? '' : ` (set by ${[...new Set(names)].join(', ')})`
}

/** @throws TrustError `usage` for anything but 1, true, yes, on, 0, false, no, off and nothing */
export function isOn(name: string, value: string): boolean {
  const text = value.toLowerCase()
  if (on.has(text)) return true
  if (off.has(text)) return false
  throw new TrustError('usage', `${name} is "${value}"; it is 1 or 0`)
}
