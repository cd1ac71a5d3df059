import { posix } from 'node:path'
import type { Store } from '../../stores/index.ts'
import { lookAtStore, type StoreLook } from '../../stores/look.ts'
import type { Site } from './site.ts'

/**
 * The bundle between two changes. While another run of ours is at it, files and bundle differ for a moment, and look
 * like what somebody has appended by hand, or like damage; so what looks odd outside the lock is looked at again under it.
 */
export async function settledLook(
  { machine, state, options, services }: Site,
  store: Store,
): Promise<StoreLook> {
  const look = await lookAtStore(machine, store)
  if (look.appended.length + look.lacking.length === 0 || state.held) return look
  const lock = await machine.stat(posix.join(state.directory, 'lock')).catch(() => undefined)
  if (lock === undefined) return look
  const again = (): Promise<StoreLook> => lookAtStore(machine, store)
  return state.locked(options.timeoutMs, services.io.signal, again).catch(() => look)
}
