import { recover } from '../../change/transaction.ts'
import { handOver, handsFor } from './hand-over.ts'
import type { Site } from './site.ts'

/** A journal that is there when nobody holds the lock belongs to a run that died. */
export async function healFirst(context: Site): Promise<void> {
  const { machine, state, options, services } = context
  // A dry run changes nothing, not even what another run has left behind.
  if (options.dryRun || !(await state.isUnfinished())) return
  const hands = await handsFor(context, 'rolling back an earlier run that was cut off')
  services.progress.stage('rolling back an earlier run that was cut off')
  if (hands === 'sudo') {
    await handOver(context, { version: 1, do: 'heal', timeoutMs: options.timeoutMs, agreed: [] })
    return
  }
  await state.locked(options.timeoutMs, services.io.signal, () => recover(machine, state))
}
