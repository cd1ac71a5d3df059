import { posix } from 'node:path'
import type { Secret } from '../registry/token.ts'
import { callHelper, chooseHelper } from './credential-helper.ts'
import {
  encodeConfig,
  isObject,
  objectAt,
  put,
  readConfig,
  writeConfig,
  type CredentialPlace,
} from './credential-place.ts'
import type { Credentials } from './engine.ts'

export interface StoreRequest extends CredentialPlace {
  readonly credentials: Credentials
  readonly identityToken?: string
}

export interface Stored {
  /** The helper's name, or undefined for the file itself. */
  readonly helper?: string
  readonly path: string
}

/** What `docker-credential-x` calls an identity token's user. */
const TOKEN_USER = '<token>'

/**
 * Stores a login where `docker` will look for it: the registry's own helper, then the general one, then
 * config.json itself. Keys that are not ours, their order, the mode and a link in the file's place are kept.
 * @throws StoringError
 */
export async function storeLogin(request: StoreRequest): Promise<Stored> {
  return (await storeReversibly(request)).stored
}

/** The same, with the way back: what was stored for this registry before, and nothing else, is put in its place. */
export async function storeReversibly(
  request: StoreRequest,
): Promise<{ readonly stored: Stored; readonly takeBack: () => Promise<void> }> {
  const { registry, identityToken } = request
  const { target, mode, bytes, config } = await readConfig(request)
  const before = objectAt(config, 'auths')[registry]
  const auths = objectAt(config, 'auths')
  const helper = await chooseHelper(request, config)
  const { username, password } = request.credentials
  let formerly: string | undefined
  if (helper !== undefined) {
    // A helper that has nothing says so by failing.
    formerly = await callHelper(request, helper.name, 'get', registry).catch(() => undefined)
    const secret = identityToken ?? password
    const user = identityToken === undefined ? username : TOKEN_USER
    const input = JSON.stringify({ ServerURL: registry, Username: user, Secret: secret })
    await callHelper(request, helper.name, 'store', input, secret)
    put(auths, registry, {})
    if (helper.detected) config['credsStore'] = helper.name
  } else if (identityToken === undefined) {
    put(auths, registry, { auth: Buffer.from(`${username}:${password}`).toString('base64') })
  } else {
    const auth = Buffer.from(`${username}:`).toString('base64')
    put(auths, registry, { auth, identitytoken: identityToken })
  }
  config['auths'] = auths
  const written = encodeConfig(config)
  await writeConfig(request, target, mode, written)

  const takeBack = async (): Promise<void> => {
    if (helper !== undefined && formerly === undefined)
      await callHelper(request, helper.name, 'erase', registry)
    else if (helper !== undefined && formerly !== undefined)
      await callHelper(request, helper.name, 'store', formerly, secretOf(formerly))
    const now = await readConfig(request)
    if (now.bytes?.equals(written) === true) {
      if (bytes === undefined) await request.machine.remove(target)
      else await writeConfig(request, target, mode, bytes)
      return
    }
    // Somebody wrote meanwhile: only what is ours goes.
    const others = objectAt(now.config, 'auths')
    if (before === undefined) Reflect.deleteProperty(others, registry)
    else put(others, registry, before)
    await writeConfig(request, now.target, now.mode, encodeConfig({ ...now.config, auths: others }))
  }
  const path = posix.join(request.directory, 'config.json')
  return { stored: { path, ...(helper === undefined ? {} : { helper: helper.name }) }, takeBack }
}

/**
 * The login that `docker` has for a registry: by helper, else the very key, else one that means the same host
 * (docker/cli credentials/file_store.go). Undefined where there is none, or where it cannot be had.
 */
export async function readLogin(place: CredentialPlace): Promise<Secret | undefined> {
  const found = await readConfig(place).catch(() => undefined)
  if (found === undefined) return undefined
  const helper = await chooseHelper(place, found.config)
  if (helper !== undefined) {
    const said = await callHelper(place, helper.name, 'get', place.registry).catch(() => undefined)
    return said === undefined ? undefined : fromHelper(said)
  }
  return fromAuths(objectAt(found.config, 'auths'), place.registry)
}

/** `auths` of config.json, of podman's auth.json and of `DOCKER_AUTH_CONFIG`. */
export function fromAuths(auths: Readonly<Record<string, unknown>>, registry: string): Secret | undefined {
  const key = Object.hasOwn(auths, registry)
    ? registry
    : Object.keys(auths).find((k) => hostOf(k) === registry)
  const entry = key === undefined ? undefined : auths[key]
  if (!isObject(entry)) return undefined
  if (typeof entry['identitytoken'] === 'string' && entry['identitytoken'] !== '')
    return { identityToken: entry['identitytoken'] }
  const text = typeof entry['auth'] === 'string' ? Buffer.from(entry['auth'], 'base64').toString('utf8') : ''
  const colon = text.indexOf(':')
  // Docker's own writer pads with NUL (configfile/file.go decodeAuth).
  const password = text.slice(colon + 1).replace(/\0+$/, '')
  return colon < 1 || password === '' ? undefined : { username: text.slice(0, colon), password }
}

/** registry.ConvertToHostname: the scheme and everything behind the host go. */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
}

function fromHelper(text: string): Secret | undefined {
  const { Username: username, Secret: password } = fieldsOf(text)
  if (typeof username !== 'string' || typeof password !== 'string' || password === '') return undefined
  return username === TOKEN_USER ? { identityToken: password } : { username, password }
}

function secretOf(text: string): string {
  const { Secret: secret } = fieldsOf(text)
  return typeof secret === 'string' ? secret : ''
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text)
    return isObject(parsed) ? parsed : {}
  } catch {
    return {}
  }
}
