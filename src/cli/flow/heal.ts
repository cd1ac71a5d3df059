import { recover } from '../../change/transaction.ts'
import { handOver, handsFor } from './hand-over.ts'
import type { Site } from './site.ts'

/** A journal, or a part of one, that is there when nobody holds the lock belongs to a run that died. */
export async function healFirst(context: Site): Promise<void> {
  const { machine, state, options, services } = context
  // A dry run changes nothing, not even what another run has left behind; but it promises no more than the run does.
  if (options.dryRun) {
    if (options.stateDir !== undefined) await state.refuseShared()
    return
  }
  if (!(await state.isUnfinished())) {
    // Nothing to be asked for a password for.
    if (machine.who().privileged && (await state.isLittered())) await recoverAlone(context)
    return
  }
  const hands = await handsFor(context, 'rolling back an earlier run that was cut off')
  services.progress.stage('rolling back an earlier run that was cut off')
  if (hands === 'sudo') {
    await handOver(context, { version: 1, do: 'heal', timeoutMs: options.timeoutMs, agreed: [] })
    return
  }
  await recoverAlone(context)
}

async function recoverAlone({ machine, state, options, services }: Site): Promise<void> {
  await state.locked(options.timeoutMs, services.io.signal, () => recover(machine, state))
}
