import { posix } from 'node:path'
import { callHelper, chooseHelper, heldBy, TOKEN_USER } from './credential-helper.ts'
import {
  type CredentialPlace,
  encodeConfig,
  filesOf,
  jsonObject,
  objectAt,
  put,
  readConfig,
  writeConfig,
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
    // A helper that cannot tell is given nothing, for it could not be taken back.
    const held = await heldBy(request, helper.name)
    formerly = secretOf(held) === '' ? undefined : held
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
  const unstore = async (): Promise<void> => {
    if (helper === undefined) return
    if (formerly === undefined) await callHelper(request, helper.name, 'erase', registry)
    else await callHelper(request, helper.name, 'store', formerly, secretOf(formerly))
  }
  await writeConfig(request, target, mode, written).catch(async (error: unknown) => {
    // A login that is said not to be stored does not stay in the helper.
    await unstore().catch(() => undefined)
    throw error
  })

  const takeBack = async (): Promise<void> => {
    await unstore()
    const now = await readConfig(request)
    if (now.bytes?.equals(written) === true) {
      if (bytes === undefined) await filesOf(request).remove(target)
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

/** Of what a helper says or is told; empty: none. */
export function secretOf(text: string): string {
  const { Secret: secret } = jsonObject(text)
  return typeof secret === 'string' ? secret : ''
}
