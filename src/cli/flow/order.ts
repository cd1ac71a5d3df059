import { TrustError } from '../../errors.ts'
import { parseRegistry } from '../../registry/reference.ts'
import type { IdentityHow } from '../../change/model.ts'
import type { Options } from '../options.ts'
import { readPin, readProxy } from '../reach-options.ts'

/**
 * What crosses from the user's half to the privileged half, as one line of JSON. It says what is wanted, never
 * where in the file system: no path, no command, no environment. Whatever is done follows from the tables of the half that
 * does it; what was shown to the user can only make it do less.
 */
export type Order = TrustOrder | UndoOrder | HealOrder

interface Common {
  readonly version: 1
  /** Of one stage, in milliseconds. */
  readonly timeoutMs: number
  /** What the plan showed, as `write /path`: anything more is refused. */
  readonly agreed: readonly string[]
}

export interface TrustOrder extends Common {
  readonly do: 'trust'
  readonly registry: string
  readonly scope: Options['scope']
  readonly restart: Options['restart']
  readonly keepAppended: boolean
  /** Engines by name. */
  readonly runtimes: readonly string[]
  readonly how: IdentityHow
  /** Base64 of the certificate that was approved. */
  readonly anchor: string
  /** Base64 of the certificates to install, at most 100. */
  readonly install: readonly string[]
  /** SHA-256 of certificates that were approved as well, and need no file now. */
  readonly standing: readonly string[]
  readonly prune: boolean
  /** What keeps an engine from checking the registry goes as well. */
  readonly strict: boolean
  /** SHA-256 of the identity on record that the caller has seen, whether it is replaced or not. */
  readonly recorded?: string
  readonly offline: boolean
  readonly aia: boolean
  /** `HOST:PORT:ADDRESS`, as `--resolve` takes them; at most 100. */
  readonly resolve: readonly string[]
  /** The address of `--proxy`, where this registry is reached through it. */
  readonly proxy?: string
  /** What is shown to the registry, PEM: the bytes, not where they came from. */
  readonly client?: { readonly certificate: string; readonly key: string }
  readonly login?: { readonly username: string; readonly password: string; readonly required: boolean }
}

export interface UndoOrder extends Common {
  readonly do: 'undo'
  readonly registry: string
  readonly restart: Options['restart']
}

/** Roll back what an earlier run has left unfinished. */
export interface HealOrder extends Common {
  readonly do: 'heal'
}

/** Certificates of 100 CAs and a password fit; what is longer is no order of ours. */
export const MAX_ORDER = 1024 * 1024

const SCOPES: readonly string[] = ['registry', 'system'] satisfies Options['scope'][]
const RESTARTS: readonly string[] = ['auto', 'never', 'always'] satisfies Options['restart'][]
const HOWS: readonly string[] = ['pin', 'ca-file', 'proven', 'recorded', 'confirmed', 'first-use']

/**
 * Reads an order as if an enemy had written it: closed words, bounded lists, the strict grammar of registries.
 * @throws TrustError `policy`
 */
export function parseOrder(line: string): Order {
  const found = parseJson(line)
  if (!isObject(found) || found['version'] !== 1) throw refused('it is not of this version')
  if (!isCount(found['timeoutMs'], 600_000)) throw refused('timeoutMs')
  if (!isTexts(found['agreed'], 10_000, 4096 + 16)) throw refused('agreed')
  switch (found['do']) {
    case 'heal':
      return found as unknown as HealOrder
    case 'undo':
      checkRegistry(found['registry'])
      if (!RESTARTS.includes(textOf(found['restart']))) throw refused('restart')
      return found as unknown as UndoOrder
    case 'trust':
      checkTrust(found)
      return found as unknown as TrustOrder
    default:
      throw refused('do')
  }
}

type Fields = Readonly<Record<string, unknown>>

function checkTrust(found: Fields): void {
  checkRegistry(found['registry'])
  if (!SCOPES.includes(textOf(found['scope']))) throw refused('scope')
  if (!RESTARTS.includes(textOf(found['restart']))) throw refused('restart')
  if (!isTexts(found['runtimes'], 20, 40)) throw refused('runtimes')
  if (!HOWS.includes(textOf(found['how']))) throw refused('how')
  if (!isBase64(found['anchor'])) throw refused('anchor')
  if (!isTexts(found['install'], 100, MAX_ORDER) || !found['install'].every(isBase64))
    throw refused('install')
  if (!isTexts(found['standing'], 100, 64) || !found['standing'].every(isSha256)) throw refused('standing')
  if (found['recorded'] !== undefined && !isSha256(found['recorded'])) throw refused('recorded')
  checkReach(found)
  for (const name of ['offline', 'aia', 'prune', 'keepAppended', 'strict'])
    if (typeof found[name] !== 'boolean') throw refused(name)
  // Without a look, an image alone has its OS store changed, and no image is changed through sudo.
  if (found['offline'] === true && found['scope'] === 'system') throw refused('scope')
  const { client, login } = found
  if (client !== undefined && !isPair(client)) throw refused('client')
  if (login !== undefined && !isLogin(login)) throw refused('login')
}

/** In the grammar of the flags: a password is no part of a proxy's address here either. */
function checkReach({ resolve, proxy }: Fields): void {
  if (!isTexts(resolve, 100, 400) || !resolve.every((pin) => reads(pin, readPin))) throw refused('resolve')
  if (proxy === undefined) return
  if (!isTexts([proxy], 1, 2048) || !reads(textOf(proxy), readProxy)) throw refused('proxy')
}

function reads(text: string, parse: (text: string) => unknown): boolean {
  try {
    parse(text)
    return true
  } catch {
    return false
  }
}

function isLogin(value: unknown): boolean {
  return (
    isObject(value) &&
    isTexts([value['username'], value['password']], 2, 64 * 1024) &&
    typeof value['required'] === 'boolean'
  )
}

function isPair(value: unknown): boolean {
  return isObject(value) && isTexts([value['certificate'], value['key']], 2, 64 * 1024)
}

function checkRegistry(value: unknown): void {
  if (typeof value !== 'string' || parseRegistry(value).registry !== value) throw refused('registry')
}

function parseJson(line: string): unknown {
  if (line.length > MAX_ORDER) throw refused('it is too long')
  try {
    return JSON.parse(line) as unknown
  } catch {
    throw refused('it is no JSON')
  }
}

function refused(what: string): TrustError {
  return new TrustError('policy', `what came from the user's half is no order that is carried out: ${what}`)
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown, most: number, longest: number): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= most &&
    value.every((item) => typeof item === 'string' && item.length <= longest)
  )
}

function isSha256(value: unknown): boolean {
  return /^[0-9A-F]{64}$/.test(textOf(value))
}

function isBase64(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Za-z0-9+/]+={0,2}$/.test(value)
}

function isCount(value: unknown, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= most
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
