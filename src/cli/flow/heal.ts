import { recover } from '../../change/transaction.ts'
import { requirePrivilege } from './consent.ts'
import type { Site } from './site.ts'

/** A journal that is there when nobody holds the lock belongs to a run that died. */
export async function healFirst(context: Site): Promise<void> {
  const { machine, state, options, services } = context
  // A dry run changes nothing, not even what another run has left behind.
  if (options.dryRun || !(await state.isUnfinished())) return
  requirePrivilege(context, 'rolling back an earlier run that was cut off')
  services.progress.stage('rolling back an earlier run that was cut off')
  await state.locked(options.timeoutMs, services.io.signal, () => recover(machine, state))
}
