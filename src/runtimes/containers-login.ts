import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import { authFile, homeOf, personOf } from './containers-person.ts'
import { said } from './containers-words.ts'
import { callHelper, heldBy } from './credential-helper.ts'
import {
  type CredentialPlace,
  encodeConfig,
  filesOf,
  objectAt,
  put,
  readConfig,
  StoringError,
  writeConfig,
} from './credential-place.ts'
import { secretOf } from './docker-config.ts'
import type { Credentials, LoginAnswer } from './engine.ts'
import { fromAuths } from './stored-login.ts'

/** A registry, and the person's `REGISTRY_AUTH_FILE`. */
export interface LoginSite {
  readonly machine: Machine
  readonly registry: string
  readonly authFile?: string
}

export interface ContainersLogin extends LoginSite {
  readonly program: string
  readonly timeoutMs: number
}

/**
 * The program stores what it was given by itself, where it and its relatives look for it. Where nobody can tell what
 * it would take the place of, it is given nothing, for that could not be put back.
 */
export async function loginByProgram(
  request: ContainersLogin,
  argv: readonly string[],
  { username, password }: Credentials,
): Promise<LoginAnswer> {
  const { machine, program, registry, timeoutMs } = request
  const place = await placeOf(request)
  let before: Former
  try {
    before = await formerLogin(place)
  } catch (error) {
    if (error instanceof StoringError) return { ok: false, message: error.message }
    throw error
  }
  const person = personOf(machine)
  const run = { timeoutMs, env: place.env, ...(person ? { as: person } : {}) }
  const words = [...argv, '--username', username, '--password-stdin', registry]
  const result = await machine.run([program, ...words], { ...run, input: password })
  if (result.exitCode !== 0) return { ok: false, message: said(result) }

  const takeBack = async (): Promise<void> => {
    const { entry, helper, held } = before
    if (helper !== undefined && held !== undefined) {
      await callHelper(place, helper, 'store', held, secretOf(held))
      return
    }
    // A helper of its own may hold it: the program knows.
    if (entry === undefined) await machine.run([program, 'logout', registry], run)
    const { target, mode, bytes, config } = await readConfig(place)
    const auths = objectAt(config, 'auths')
    if (entry !== undefined) {
      put(auths, registry, entry)
      await writeConfig(place, target, mode, encodeConfig({ ...config, auths }))
    } else if (before.bytes === undefined && bytes !== undefined && Object.keys(auths).length === 0) {
      await filesOf(place).remove(target)
    }
  }
  const path = posix.join(place.directory, place.file ?? '')
  const { config } = await readConfig(place)
  const plain = fromAuths(objectAt(config, 'auths'), registry) !== undefined
  return { ok: true, message: result.stdout.trim(), stored: path, plain, takeBack }
}

/**
 * Without a name the program tries the login that it finds by itself, stores nothing, and asks for another where that
 * one fails (containers/common auth.go): there is nobody to answer.
 */
export async function tryByProgram(request: ContainersLogin, argv: readonly string[]): Promise<LoginAnswer> {
  const { machine, program, registry, timeoutMs } = request
  const { env } = await placeOf(request)
  const person = personOf(machine)
  const run = { timeoutMs, env, ...(person ? { as: person } : {}) }
  const result = await machine.run([program, ...argv, registry], run)
  const fails = /^Existing credentials are invalid/m.test(result.stdout)
  return {
    ok: result.exitCode === 0,
    message: fails ? 'the login that it finds there is invalid' : said(result),
  }
}

/** What there was for the registry before. */
interface Former {
  /** Of the whole file; undefined: there was none. */
  readonly bytes: Buffer | undefined
  readonly entry: unknown
  /** The registry's own helper, which the family prefers to the file. */
  readonly helper?: string
  /** What that helper held, in its own form. */
  readonly held?: string
}

/** @throws StoringError where it cannot be told */
async function formerLogin(place: CredentialPlace): Promise<Former> {
  const { bytes, config } = await readConfig(place)
  const helper = objectAt(config, 'credHelpers')[place.registry]
  const entry = objectAt(config, 'auths')[place.registry]
  if (typeof helper !== 'string' || helper === '') return { bytes, entry }
  const held = await heldBy(place, helper)
  return { bytes, entry, helper, ...(secretOf(held) === '' ? {} : { held }) }
}

/** Where the family keeps a person's logins (containers-auth.json(5)). */
async function placeOf({ machine, registry, authFile: named }: LoginSite): Promise<CredentialPlace> {
  const { invoker, elevated } = machine.who()
  const path = named ?? (await authFile(machine))
  const own: Record<string, string> = named === undefined ? {} : { REGISTRY_AUTH_FILE: named }
  const env = { ...(await homeOf(machine, personOf(machine))), ...own }
  const [directory, file] = [posix.dirname(path), posix.basename(path)]
  return { machine, person: invoker, elevated, directory, file, registry, env }
}

/** Where it looks for them, in its order; Docker's own come behind these. */
export async function loginPlaces(site: LoginSite): Promise<readonly CredentialPlace[]> {
  const first = await placeOf(site)
  return [
    first,
    { ...first, directory: posix.join(first.person.home, '.config/containers'), file: 'auth.json' },
  ]
}
