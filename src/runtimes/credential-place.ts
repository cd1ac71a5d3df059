import { posix } from 'node:path'
import { TrustError, errorCode, errorText } from '../errors.ts'
import type { FileInfo, Machine, OwnedFiles, Person } from '../machine/machine.ts'
import { shellWord } from '../machine/shell.ts'
import { damageText } from './config/edit.ts'
import { readJson } from './config/json.ts'

const LIMIT = 1024 * 1024
const MAX_LINKS = 16

/** Where somebody's logins are kept. */
export interface CredentialPlace {
  readonly machine: Machine
  readonly person: Person
  /** Whether we run as somebody else than the person whose file it is. */
  readonly elevated: boolean
  /** `DOCKER_CONFIG`, else `~/.docker`. */
  readonly directory: string
  /** `config.json` unless told: podman's family has an `auth.json` of the same form. */
  readonly file?: string
  readonly registry: string
  /** Variables that helpers need to find their keyring: HOME, XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS … */
  readonly env: Readonly<Record<string, string>>
}

export type Config = Record<string, unknown>

export interface ConfigFile {
  /** The file itself, behind a link in its place. */
  readonly target: string
  readonly mode: number
  /** Undefined: there is none yet. */
  readonly bytes: Buffer | undefined
  readonly config: Config
}

/** A login that could not be kept: what is wrong with the place, as a finding says it. */
export class StoringError extends TrustError {
  declare readonly finding?: 'credential-helper-failed' | 'config-damaged'
  /** The message without what it was about. */
  readonly why: string

  constructor(why: string, fix: string, finding?: StoringError['finding']) {
    super('login-failed', `the login was accepted but not stored: ${why}`, {
      fix,
      ...(finding === undefined ? {} : { finding }),
    })
    this.name = 'TrustError'
    this.why = why
  }
}

/** Root has no business in files that are not the person's: a link or a swapped folder would lead it to others. */
export function filesOf({ machine, elevated, person }: CredentialPlace): OwnedFiles {
  return elevated && machine.ownedBy ? machine.ownedBy(person) : machine
}

/** @throws StoringError */
export async function readConfig(place: CredentialPlace): Promise<ConfigFile> {
  const { registry } = place
  const machine = filesOf(place)
  const path = posix.join(place.directory, place.file ?? 'config.json')
  const info = await factsOf(place, machine, path)
  if (!info) return { target: path, mode: 0o600, bytes: undefined, config: {} }
  if (info.kind === 'symlink' && place.elevated) {
    throw new StoringError(`${path} is a link, which root does not follow`, `docker login ${registry}`)
  }
  const { target, mode } = await endOf(place, path)
  const bytes = await machine.read(target, LIMIT).catch((error: unknown) => {
    if (place.elevated && errorCode(error) === 'EPERM') throw notTheirs(place, target)
    throw unreadable(place, path, error)
  })
  const text = bytes?.toString('utf8') ?? ''
  const read = await readJson(text.trim() === '' ? '{}' : text)
  if ('value' in read && isObject(read.value)) return { target, mode, bytes, config: read.value }
  const fault = 'damage' in read ? damageText(read.damage) : 'line 1, column 1: it is no JSON object'
  const why = `${path} is damaged (${fault}); it was left untouched`
  throw new StoringError(why, `mend it, then: docker login ${registry}`, 'config-damaged')
}

function notTheirs({ person }: CredentialPlace, path: string): StoringError {
  return new StoringError(
    `${path} does not belong to ${person.name}, and root writes no login of theirs there`,
    `sudo chown -R ${person.name}: ${shellWord(path)}      # if it is meant to be theirs; then run it again`,
  )
}

function unreadable({ registry }: CredentialPlace, path: string, error: unknown): StoringError {
  const why = errorCode(error) ?? errorText(error)
  return new StoringError(`${path} cannot be read (${why})`, `docker login ${registry}`)
}

/** A folder that may not be entered, or that is none, is told like a file that may not be read. */
function factsOf(place: CredentialPlace, files: OwnedFiles, path: string): Promise<FileInfo | undefined> {
  return files.stat(path).catch((error: unknown) => {
    throw unreadable(place, path, error)
  })
}

/** The file behind a link, or behind several; a mode wider than Docker's own is not kept where it is no file's. */
async function endOf(
  place: CredentialPlace,
  path: string,
): Promise<{ readonly target: string; readonly mode: number }> {
  let target = path
  for (let hop = 0; hop < MAX_LINKS; hop++) {
    const info = await factsOf(place, place.machine, target)
    if (info === undefined) return { target, mode: 0o600 }
    if (info.kind === 'file') return { target, mode: info.mode }
    // What is no file says so when it is read.
    if (info.kind !== 'symlink') return { target, mode: 0o600 }
    target = posix.resolve(posix.dirname(target), info.linkTarget ?? '')
  }
  throw new StoringError(`${path} leads to no file`, `mend it, then: docker login ${place.registry}`)
}

/** Docker's own form: tabs, no final newline (json.MarshalIndent). */
export function encodeConfig(config: Config): Buffer {
  return Buffer.from(JSON.stringify(config, null, '\t'))
}

/** @throws StoringError */
export async function writeConfig(
  place: CredentialPlace,
  target: string,
  mode: number,
  bytes: Buffer,
): Promise<void> {
  const machine = filesOf(place)
  const directory = posix.dirname(target)
  const part = posix.join(directory, `.${place.file ?? 'config.json'}.${process.pid}.tmp`)
  try {
    if ((await machine.stat(directory)) === undefined) await machine.makeDirectory(directory, 0o700)
    await machine.create(part, bytes, mode)
    await machine.rename(part, target)
  } catch (error) {
    await machine.remove(part).catch(() => undefined)
    if (place.elevated && errorCode(error) === 'EPERM') throw notTheirs(place, directory)
    throw new StoringError(
      `${target} cannot be written: ${errorText(error)}`,
      `docker login ${place.registry}`,
    )
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Of text that nobody has checked; empty where it is none. */
export function jsonObject(text: string): Config {
  try {
    const parsed: unknown = JSON.parse(text)
    return isObject(parsed) ? parsed : {}
  } catch {
    return {}
  }
}

/** A copy of an object inside the configuration, or an empty one. */
export function objectAt(config: Config, key: string): Record<string, unknown> {
  const value = config[key]
  return isObject(value) ? { ...value } : {}
}

/** A plain assignment would take the name `__proto__` for something else. */
export function put(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true })
}
