import { posix } from 'node:path'
import type { Secret } from '../registry/token.ts'
import { chooseHelper, heldBy, TOKEN_USER } from './credential-helper.ts'
import {
  isObject,
  jsonObject,
  objectAt,
  readConfig,
  StoringError,
  type Config,
  type CredentialPlace,
} from './credential-place.ts'

/** A login that somebody made before us. */
export interface StoredLogin {
  readonly secret: Secret
  /** For people: a file, a helper, a variable. */
  readonly where: string
  /** The file that holds the password without encryption. */
  readonly plain?: string
}

/** A place that is there and cannot be read, and what is wrong with it. */
export interface LoginProblem {
  readonly problem: string
  readonly finding?: StoringError['finding']
}

export type FoundLogin = StoredLogin | LoginProblem | undefined

/**
 * The login that `docker` has for a registry, as its CLI looks for it (docker/cli configfile/file.go): the variable
 * DOCKER_AUTH_CONFIG (since 28.3), then the helper, then config.json itself.
 */
export async function dockerLogin(place: CredentialPlace, variable = ''): Promise<FoundLogin> {
  const given = fromAuths(objectAt(jsonObject(variable), 'auths'), place.registry)
  if (given !== undefined) return { secret: given, where: 'DOCKER_AUTH_CONFIG' }
  return looking(async () => {
    const { config } = await readConfig(place)
    const helper = await chooseHelper(place, config)
    return helper === undefined ? inFile(place, config) : inHelper(place, helper.name)
  })
}

/**
 * The login that podman's family has: the first of its files that knows the registry, Docker's the last
 * (containers/image config.go). Each may name a helper for a registry.
 */
export async function containersLogin(places: readonly CredentialPlace[]): Promise<FoundLogin> {
  for (const place of places) {
    const found = await looking(async () => {
      const { config } = await readConfig(place)
      const helper = objectAt(config, 'credHelpers')[place.registry]
      return typeof helper === 'string' && helper !== '' ? inHelper(place, helper) : inFile(place, config)
    })
    if (found !== undefined) return found
  }
  return undefined
}

async function looking(look: () => Promise<FoundLogin>): Promise<FoundLogin> {
  try {
    return await look()
  } catch (error) {
    if (!(error instanceof StoringError)) throw error
    return { problem: error.why, ...(error.finding === undefined ? {} : { finding: error.finding }) }
  }
}

function inFile(place: CredentialPlace, config: Config): FoundLogin {
  const secret = fromAuths(objectAt(config, 'auths'), place.registry)
  const path = posix.join(place.directory, place.file ?? 'config.json')
  return secret && { secret, where: path, ...('password' in secret ? { plain: path } : {}) }
}

async function inHelper(place: CredentialPlace, name: string): Promise<FoundLogin> {
  const { Username: username, Secret: password } = jsonObject(await heldBy(place, name))
  if (typeof username !== 'string' || typeof password !== 'string' || password === '') return undefined
  const secret = username === TOKEN_USER ? { identityToken: password } : { username, password }
  return { secret, where: `credential helper ${name}` }
}

/**
 * The very key, else one that means the same host (docker/cli credentials/file_store.go): `auths` of config.json, of
 * podman's auth.json and of `DOCKER_AUTH_CONFIG`.
 */
export function fromAuths(auths: Readonly<Record<string, unknown>>, registry: string): Secret | undefined {
  const key = Object.hasOwn(auths, registry)
    ? registry
    : Object.keys(auths).find((candidate) => hostOf(candidate) === registry)
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
