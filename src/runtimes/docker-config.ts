import { posix } from 'node:path'
import { TrustError, errorCode, errorText } from '../errors.ts'
import type { Machine, Person } from '../machine/machine.ts'
import type { Credentials } from './engine.ts'

const LIMIT = 1024 * 1024
const HELPER_MS = 30_000

export interface StoreRequest {
  readonly machine: Machine
  readonly person: Person
  /** Whether we run as somebody else than the person whose file it is. */
  readonly elevated: boolean
  /** `DOCKER_CONFIG`, else `~/.docker`. */
  readonly directory: string
  readonly registry: string
  readonly credentials: Credentials
  readonly identityToken?: string
  /** Variables that helpers need to find their keyring: HOME, XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS … */
  readonly env: Readonly<Record<string, string>>
}

export interface Stored {
  /** The helper's name, or undefined for the file itself. */
  readonly helper?: string
  readonly path: string
}

type Config = Record<string, unknown>

/**
 * Stores a login where `docker` will look for it: the registry's own helper, then the general one, then
 * config.json itself (docker/cli configfile/file.go GetCredentialsStore). Keys that are not ours, their order, the
 * mode and a link in the file's place are kept.
 * @throws TrustError `login-failed`
 */
export async function storeLogin(request: StoreRequest): Promise<Stored> {
  const { machine, registry } = request
  const path = posix.join(request.directory, 'config.json')
  const { target, mode, config } = await readConfig(request, path)
  const auths = objectAt(config, 'auths')
  const helper = await chooseHelper(machine, config, registry)
  const { username, password } = request.credentials
  if (helper !== undefined) {
    const secret = request.identityToken ?? password
    const user = request.identityToken === undefined ? username : '<token>'
    await callHelper(request, helper.name, { ServerURL: registry, Username: user, Secret: secret })
    put(auths, registry, {})
    if (helper.detected) config['credsStore'] = helper.name
  } else if (request.identityToken === undefined) {
    put(auths, registry, { auth: Buffer.from(`${username}:${password}`).toString('base64') })
  } else {
    put(auths, registry, {
      auth: Buffer.from(`${username}:`).toString('base64'),
      identitytoken: request.identityToken,
    })
  }
  config['auths'] = auths
  await writeConfig(request, target, mode, config)
  return { path, ...(helper === undefined ? {} : { helper: helper.name }) }
}

async function readConfig(
  request: StoreRequest,
  path: string,
): Promise<{ target: string; mode: number; config: Config }> {
  const { machine } = request
  const info = await machine.stat(path)
  if (!info) return { target: path, mode: 0o600, config: {} }
  if (info.kind === 'symlink' && request.elevated) {
    throw storing(`${path} is a link, which root does not follow`, `docker login ${request.registry}`)
  }
  const target = info.kind === 'symlink' ? posix.resolve(request.directory, info.linkTarget ?? '') : path
  const mode = (info.kind === 'symlink' ? await machine.stat(target) : info)?.mode ?? 0o600
  const bytes = await machine.read(target, LIMIT).catch((error: unknown) => {
    const why = errorCode(error) ?? errorText(error)
    throw storing(`${path} cannot be read (${why})`, `docker login ${request.registry}`)
  })
  try {
    const text = bytes?.toString('utf8').trim() ?? ''
    const parsed: unknown = JSON.parse(text === '' ? '{}' : text)
    if (!isObject(parsed)) throw new Error('it is no JSON object')
    return { target, mode, config: parsed }
  } catch (error) {
    throw storing(
      `${path} is damaged (${place(error)}); it was left untouched`,
      `mend it, then: docker login ${request.registry}`,
    )
  }
}

// The parser quotes what it read, and that may be a secret: only the place is passed on.
function place(error: unknown): string {
  return /at position \d+(?: \(line \d+ column \d+\))?/.exec(errorText(error))?.[0] ?? 'it is no JSON object'
}

async function chooseHelper(
  machine: Machine,
  config: Config,
  registry: string,
): Promise<{ name: string; detected: boolean } | undefined> {
  const own = isObject(config['credHelpers']) ? config['credHelpers'][registry] : undefined
  // An empty name means the file, whatever the general store is.
  const named = typeof own === 'string' ? own : config['credsStore']
  if (typeof named === 'string' && named !== '') return { name: named, detected: false }
  if (Object.keys(objectAt(config, 'auths')).length > 0 || isObject(config['credHelpers'])) return undefined
  const platform: Record<string, string> = { darwin: 'osxkeychain', win32: 'wincred' }
  const name =
    platform[machine.platform] ?? ((await machine.which('pass')) === undefined ? 'secretservice' : 'pass')
  return (await machine.which(`docker-credential-${name}`)) === undefined
    ? undefined
    : { name, detected: true }
}

/** docker-credential-helpers protocol: JSON on stdin, errors on stdout with exit code 1. */
async function callHelper(request: StoreRequest, name: string, input: Record<string, string>): Promise<void> {
  const { machine } = request
  const failed = (why: string): TrustError =>
    storing(`credential helper docker-credential-${name}: ${why}`, `docker login ${request.registry}`)
  if (!/^[A-Za-z0-9._-]+$/.test(name)) throw failed('its name in config.json is no program name')
  const program = await machine.which(`docker-credential-${name}`)
  if (program === undefined) throw failed('there is no such program')
  const result = await machine.run([program, 'store'], {
    input: JSON.stringify(input),
    timeoutMs: HELPER_MS,
    env: request.env,
    ...(request.elevated ? { as: request.person } : {}),
  })
  if (result.timedOut) throw failed('no answer in time')
  if (result.spawnError !== undefined) throw failed('it cannot be started')
  if (result.exitCode === 0) return
  const said = `${result.stdout} ${result.stderr}`.trim()
  const secret = input['Secret'] ?? ''
  const forms = [secret, JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64')]
  const harmless = !forms.some((form) => said.includes(form))
  throw failed(
    harmless && said !== '' ? said.slice(0, 200) : `exit code ${result.exitCode ?? 'none, it was killed'}`,
  )
}

async function writeConfig(
  request: StoreRequest,
  target: string,
  mode: number,
  config: Config,
): Promise<void> {
  const { machine } = request
  const owner = request.elevated ? request.person : undefined
  const directory = posix.dirname(target)
  const part = posix.join(directory, `.config.json.${process.pid}.tmp`)
  try {
    if ((await machine.stat(directory)) === undefined) await machine.makeDirectory(directory, 0o700, owner)
    // Docker's own form: tabs, no final newline (json.MarshalIndent).
    await machine.create(part, Buffer.from(JSON.stringify(config, null, '\t')), mode, owner)
    await machine.rename(part, target)
  } catch (error) {
    await machine.remove(part).catch(() => undefined)
    throw storing(`${target} cannot be written: ${errorText(error)}`, `docker login ${request.registry}`)
  }
}

function storing(why: string, fix: string): TrustError {
  return new TrustError('login-failed', `the login was accepted but not stored: ${why}`, { fix })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function objectAt(config: Config, key: string): Record<string, unknown> {
  const value = config[key]
  return isObject(value) ? { ...value } : {}
}

/** A plain assignment would take the name `__proto__` for something else. */
function put(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true })
}
