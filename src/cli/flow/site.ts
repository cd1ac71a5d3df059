import { posix } from 'node:path'
import { DEFAULT_STATE_DIR, State } from '../../change/state.ts'
import { MEMORY } from '../../machine/boot2docker.ts'
import { TrustError } from '../../errors.ts'
import { MachineLost } from '../../machine/lost.ts'
import type { Machine } from '../../machine/machine.ts'
import { ownerOf } from '../../runtimes/docker-home.ts'
import type { Options } from '../options.ts'
import type { Services } from '../services.ts'
import { errorBelow } from './below.ts'
import { retyped } from './retype.ts'
import { findPlace, thisComputer, type Place } from './place.ts'

/** A machine and its memory: all that `undo` and `status` need. */
export interface Site {
  readonly options: Options
  readonly services: Services
  readonly machine: Machine
  readonly state: State
  /** How the machine was found. */
  readonly place?: Omit<Place, 'close'>
  /** In the privileged half: what the caller was shown and has agreed to. */
  readonly agreed?: ReadonlySet<string>
  /** In the privileged half: under the lock, whether what the caller approved may take the place of what is on record. */
  readonly holds?: () => Promise<void>
}

/** Opens the way to the machine, and closes it whatever `work` does. */
export async function atPlace<T>(
  options: Options,
  services: Services,
  change: boolean,
  work: (place: Place) => Promise<T>,
): Promise<T> {
  const place = await findPlace(options, services, change)
  try {
    return await work(place)
  } catch (error) {
    if (error instanceof MachineLost) throw lost(place, error)
    throw error instanceof TrustError ? errorBelow(place, error) : error
  } finally {
    await place.close()
  }
}

/**
 * A directory of `--state-dir` that is not there remembers nothing: silence would be taken for an answer.
 * @throws TrustError `bad-file`
 */
export async function refuseNoMemory({ options, state }: Site): Promise<void> {
  const { stateDir, ...usual } = options
  if (stateDir === undefined || (await state.isThere())) return
  throw new TrustError(
    'bad-file',
    `there is no ${stateDir} on this machine: nothing was ever recorded there`,
    {
      fix: retyped(usual, `trust-registry status      # what is on record in ${DEFAULT_STATE_DIR}`),
    },
  )
}

function lost({ name = 'the machine' }: Place, cause: MachineLost): TrustError {
  return new TrustError('machine-unreachable', `the connection to ${name} was lost`, {
    seen: cause.message,
    fix: 'run the same command again: what was begun over there is taken back first',
    cause,
  })
}

export function createSite(
  options: Options,
  services: Services,
  place: Omit<Place, 'close'> = { machine: thisComputer(services) },
): Site {
  const { machine } = place
  return {
    place,
    options,
    services,
    machine,
    state: new State(machine, options.stateDir ?? usualStateDir(place, services.io.env)),
  }
}

function usualStateDir(place: Omit<Place, 'close'>, env: Services['io']['env']): string {
  const { vm, machine } = place
  if (isOwn(place)) {
    const { home } = machine.who().invoker
    return posix.join((env['XDG_STATE_HOME'] ?? '') || posix.join(home, '.local/state'), 'trust-registry')
  }
  return vm ? posix.join(vm.disk, MEMORY) : DEFAULT_STATE_DIR
}

/** A person at their own rootless daemon: all that is written is theirs, and nobody else's rights are needed. */
export function isOwn({ machine, socket }: Omit<Place, 'close'>): boolean {
  const { privileged, invoker } = machine.who()
  return !privileged && socket !== undefined && ownerOf(socket) === invoker.uid
}
