import { posix } from 'node:path'
import type { Machine } from '../../machine/machine.ts'
import { TrustError } from '../../errors.ts'
import type { CredentialPlace } from '../../runtimes/credential-place.ts'
import { StoringError } from '../../runtimes/credential-place.ts'
import { storeReversibly } from '../../runtimes/docker-config.ts'
import type { Loader } from '../../runtimes/engine.ts'
import { loginPlaces } from '../../runtimes/containers-login.ts'
import { containersLogin, dockerLogin, type FoundLogin } from '../../runtimes/stored-login.ts'
import { ownAuthFile, type Context, type Stored } from './context.ts'
import { thisComputer } from './place.ts'

const HELPER_VARIABLES = [
  'HOME',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  'GNUPGHOME',
  'PASSWORD_STORE_DIR',
  'DISPLAY',
]

/** `docker` runs here, wherever its engine does. */
function home({ machine, services }: Context): Machine {
  return machine.kind === 'ssh' ? thisComputer(services) : machine
}

/** Where the invoking user's `docker` keeps its logins. */
export function placeOf(context: Context, registry: string): CredentialPlace {
  const machine = home(context)
  const { invoker, elevated } = machine.who()
  const directory = configDirectory(context)
  return { machine, person: invoker, elevated, directory, registry, env: helperEnvironment(context) }
}

/** The login that this person's `docker`, or podman where that is the engine, has for a registry already. */
export async function storedLogin(context: Context, registry: string, loader: Loader): Promise<FoundLogin> {
  const docker = placeOf(context, registry)
  const { services, machine } = context
  const variable = machine.who().elevated ? '' : services.io.env['DOCKER_AUTH_CONFIG']
  if (loader !== 'containers') return dockerLogin(docker, variable)
  const authFile = ownAuthFile(services, machine)
  const own = await loginPlaces({ machine, registry, ...(authFile === undefined ? {} : { authFile }) })
  return containersLogin([...own, docker])
}

/** A login that is kept while the change it belongs to is still under way. */
export interface Keeper {
  readonly keep: (identityToken: string | undefined) => Promise<Stored>
  /** What an engine has stored by itself, and how to put back what was there. */
  readonly owe: (takeBack: () => Promise<void>) => void
  /** The change failed: what was there before comes back. */
  readonly takeBack: () => Promise<void>
}

/** Keeps one login in the user's files; in the privileged half the caller does. */
export function keeperFor(context: Context, registry: string, password: string): Keeper {
  let undo = (): Promise<void> => Promise.resolve()
  const own = async (identityToken: string | undefined): Promise<Stored> => {
    try {
      const { stored, takeBack } = await storeReversibly({
        ...placeOf(context, registry),
        credentials: { username: context.options.username ?? '', password },
        ...(identityToken === undefined ? {} : { identityToken }),
      })
      undo = takeBack
      const { helper, path } = stored
      if (helper !== undefined) return { where: `credential helper ${helper}` }
      return { where: `${path}, unencrypted`, plain: path }
    } catch (error) {
      if (!(error instanceof TrustError)) throw error
      const problem = `${error.message}${error.fix === undefined ? '' : `; ${error.fix}`}`
      const finding = error instanceof StoringError ? error.finding : undefined
      return { problem, ...(finding === undefined ? {} : { finding }) }
    }
  }
  return {
    keep: (token) => context.keepLogin?.(token) ?? own(token),
    owe: (takeBack) => {
      undo = takeBack
    },
    // The change has failed already, and says so; what cannot be put back is no second failure.
    takeBack: () => undo().catch(() => undefined),
  }
}

function configDirectory(context: Context): string {
  const { services } = context
  const machine = home(context)
  const own = services.io.env['DOCKER_CONFIG']
  if (own !== undefined && own !== '' && !machine.who().elevated) return posix.resolve(own)
  return posix.join(machine.who().invoker.home, '.docker')
}

function helperEnvironment(context: Context): Record<string, string> {
  const { env } = context.services.io
  const { invoker, elevated } = home(context).who()
  const kept = HELPER_VARIABLES.flatMap((name): [string, string][] => {
    const value = env[name]
    return value === undefined ? [] : [[name, value]]
  })
  return { ...Object.fromEntries(kept), ...(elevated ? { HOME: invoker.home } : {}) }
}
