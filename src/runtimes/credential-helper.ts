import { isObject, objectAt, StoringError, type Config, type CredentialPlace } from './credential-place.ts'

const HELPER_MS = 30_000

/** What `docker-credential-x` calls an identity token's user. */
export const TOKEN_USER = '<token>'

export interface HelperChoice {
  /** `pass` for docker-credential-pass. */
  readonly name: string
  /** Named nowhere: found because nothing is stored yet. */
  readonly detected: boolean
}

/** The registry's own helper, then the general one (docker/cli configfile/file.go GetCredentialsStore). */
export async function chooseHelper(
  { machine, registry }: CredentialPlace,
  config: Config,
): Promise<HelperChoice | undefined> {
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

/**
 * One call of a helper: what it is told goes to its stdin, never into its arguments, and what it says on failure is
 * passed on only where no secret is in it (docker-credential-helpers protocol: errors on stdout with exit code 1).
 * @returns its stdout
 * @throws StoringError
 */
export async function callHelper(
  place: CredentialPlace,
  name: string,
  verb: 'store' | 'get' | 'erase',
  input: string,
  secret = '',
): Promise<string> {
  const { machine } = place
  const failed = (why: string): StoringError => {
    const fix = `docker-credential-${name} list      # tries it by itself; then: docker login ${place.registry}`
    return new StoringError(
      `credential helper docker-credential-${name}: ${why}`,
      fix,
      'credential-helper-failed',
    )
  }
  if (!/^[A-Za-z0-9._-]+$/.test(name)) throw failed('its name in config.json is no program name')
  const program = await machine.which(`docker-credential-${name}`)
  if (program === undefined) throw failed('there is no such program')
  const result = await machine.run([program, verb], {
    input,
    timeoutMs: HELPER_MS,
    env: place.env,
    ...(place.elevated ? { as: place.person } : {}),
  })
  if (result.timedOut) throw failed('no answer in time')
  if (result.spawnError !== undefined) throw failed('it cannot be started')
  if (result.exitCode === 0) return result.stdout
  const said = `${result.stdout} ${result.stderr}`.trim()
  const forms = [secret, JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64')]
  const harmless = secret === '' || !forms.some((form) => said.includes(form))
  throw failed(
    harmless && said !== '' ? said.slice(0, 200) : `exit code ${result.exitCode ?? 'none, it was killed'}`,
  )
}

/**
 * What a helper holds for the registry, in its own form; empty: nothing.
 * @throws StoringError where it cannot tell
 */
export function heldBy(place: CredentialPlace, name: string): Promise<string> {
  return callHelper(place, name, 'get', place.registry).catch((error: unknown) => {
    // docker-credential-helpers credentials/error.go; others word it much like it.
    if (error instanceof StoringError && error.why.includes('not found')) return ''
    throw error
  })
}
