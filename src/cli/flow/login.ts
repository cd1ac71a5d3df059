import { posix } from 'node:path'
import { TrustError } from '../../errors.ts'
import type { Challenge } from '../../registry/observation.ts'
import type { Target } from '../../registry/reference.ts'
import type { LoginDocument } from '../../report/document.ts'
import { storeLogin } from '../../runtimes/docker-config.ts'
import type { Engine } from '../../runtimes/engine.ts'
import { readPassword } from '../password.ts'
import type { Context, Stored } from './context.ts'
import type { Case } from './observe.ts'

const HELPER_VARIABLES = [
  'HOME',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  'GNUPGHOME',
  'PASSWORD_STORE_DIR',
  'DISPLAY',
]

/** The password, before anything is changed: a run that cannot log in shall say so first. */
export async function askPassword(context: Context, registry: string): Promise<string | undefined> {
  const { options, services } = context
  if (options.username === undefined || !options.login || options.dryRun) return undefined
  const given = await readPassword(services.io, options.passwordStdin)
  if (given !== undefined) return given
  if (options.input) return services.prompts.password(`Password of ${options.username} at ${registry}:`)
  throw new TrustError('usage', `there is no terminal to ask for the password of ${options.username}`, {
    fix: '--password-stdin < FILE, or TRUST_REGISTRY_PASSWORD_FILE=FILE',
  })
}

/**
 * Logs in through the engine, over a chain that it has just accepted, and stores the login as Docker does.
 * A realm other than the registry itself is not handed a password.
 */
export async function login(
  context: Context,
  seen: Case,
  engine: Engine,
  password: string,
): Promise<LoginDocument> {
  const { options, machine } = context
  const { target } = seen
  const username = options.username ?? ''
  const challenges = seen.evidence.observation.ping?.challenges ?? []
  const withheld = withholdBecause(target, challenges)
  if (withheld) return { attempted: false, ok: false, ...withheld }

  const answer = await engine.login(machine, target, { username, password }, options.timeoutMs)
  const realm = challenges[0]?.parameters['realm']
  const base = { attempted: true, ...(realm === undefined ? {} : { realm }) }
  if (!answer.ok) return { ...base, ok: false, message: answer.message }
  const token = answer.identityToken
  const stored = await (context.keepLogin?.(token) ?? keepLogin(context, target.registry, password, token))
  if (stored.where === undefined)
    return { ...base, ok: false, message: stored.problem ?? 'it was not stored' }
  return { ...base, ok: true, message: `${answer.message}; stored in ${stored.where}` }
}

/** Stores an accepted login where the invoking user's `docker` looks for it. */
export async function keepLogin(
  context: Context,
  registry: string,
  password: string,
  identityToken: string | undefined,
): Promise<Stored> {
  const { machine, options } = context
  const { invoker, elevated } = machine.who()
  try {
    const stored = await storeLogin({
      machine,
      person: invoker,
      elevated,
      directory: configDirectory(context),
      registry,
      credentials: { username: options.username ?? '', password },
      ...(identityToken === undefined ? {} : { identityToken }),
      env: helperEnvironment(context),
    })
    const { helper, path } = stored
    return { where: helper === undefined ? `${path}, unencrypted` : `credential helper ${helper}` }
  } catch (error) {
    if (!(error instanceof TrustError)) throw error
    return { problem: `${error.message}${error.fix === undefined ? '' : `; ${error.fix}`}` }
  }
}

/**
 * Bearer realms are looked at before a password could go there: only the registry's own host is one for now.
 * A client may take any of several challenges, so each of them must do.
 */
function withholdBecause(
  target: Target,
  challenges: readonly Challenge[],
): { readonly message: string; readonly realm?: string } | undefined {
  for (const { scheme, parameters } of challenges) {
    const refusal = scheme === 'bearer' ? refuseRealm(target, parameters['realm'] ?? '') : undefined
    if (refusal) return refusal
  }
  return undefined
}

function refuseRealm(
  target: Target,
  realm: string,
): { readonly message: string; readonly realm?: string } | undefined {
  if (!URL.canParse(realm))
    return { message: `the registry names no usable realm (${realm}); no password was sent` }
  const url = new URL(realm)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? 443 : Number(url.port)
  if (url.protocol !== 'https:')
    return { realm, message: `the realm ${realm} is not https; no password was sent` }
  if (url.username !== '' || url.password !== '') {
    return { realm, message: 'the realm holds a user name; no password was sent' }
  }
  if (host === target.host && port === target.port) return undefined
  return {
    realm,
    message: `the token service ${url.host} is another host than the registry; no password was sent`,
  }
}

function configDirectory(context: Context): string {
  const { machine, services } = context
  const own = services.io.env['DOCKER_CONFIG']
  if (own !== undefined && own !== '' && !machine.who().elevated) return posix.resolve(own)
  return posix.join(machine.who().invoker.home, '.docker')
}

function helperEnvironment(context: Context): Record<string, string> {
  const { env } = context.services.io
  const { invoker, elevated } = context.machine.who()
  const kept = HELPER_VARIABLES.flatMap((name): [string, string][] => {
    const value = env[name]
    return value === undefined ? [] : [[name, value]]
  })
  return { ...Object.fromEntries(kept), ...(elevated ? { HOME: invoker.home } : {}) }
}
