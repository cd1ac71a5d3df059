import { DEFAULT_STATE_DIR, State } from '../../change/state.ts'
import { LocalMachine } from '../../machine/local.ts'
import type { Machine } from '../../machine/machine.ts'
import type { Options } from '../options.ts'
import type { Services } from '../services.ts'

/** A machine and its memory: all that `undo` and `status` need. */
export interface Site {
  readonly options: Options
  readonly services: Services
  readonly machine: Machine
  readonly state: State
  /** In the privileged half: what the caller was shown and has agreed to. */
  readonly agreed?: ReadonlySet<string>
}

export function createSite(options: Options, services: Services): Site {
  const machine = new LocalMachine({ env: services.io.env })
  return { options, services, machine, state: new State(machine, options.stateDir ?? DEFAULT_STATE_DIR) }
}
