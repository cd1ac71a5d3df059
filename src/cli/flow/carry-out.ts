import { isDeepStrictEqual } from 'node:util'
import { isEmpty, perform, recover, type Plan } from '../../change/index.ts'
import { agreedLines, askChanges, sameAsAgreed, type Consent } from './consent.ts'
import type { Site } from './site.ts'

export interface Work<T> {
  /** For the journal: what was asked for. */
  readonly command: string
  readonly consent: Consent
  readonly plan: () => Promise<Plan>
  /** Looks, under the lock, whether what was decided before still stands. */
  readonly check?: () => Promise<void>
  readonly prove: () => Promise<T>
}

/**
 * Makes what was planned true:
 *   1. ask;
 *   2. under the lock, roll back what a dead run has left, and plan anew, for another run may have come first;
 *   3. do it, unless it is more than was agreed to; whatever `prove` throws takes it back.
 * @throws TrustError `consent-missing`, `locked`, `change-failed`, `rollback-incomplete`, or what `prove` threw
 */
export async function carryOut<T>(
  site: Site,
  agreed: Plan,
  work: Work<T>,
): Promise<{ readonly plan: Plan; readonly proof: T }> {
  const { machine, state, options, services } = site
  const { signal } = services.io
  await askChanges(site, agreed.items, work.consent, agreed.findings)
  return state.locked(options.timeoutMs, signal, async () => {
    await recover(machine, state)
    await site.holds?.()
    await work.check?.()
    const plan = await work.plan()
    sameAsAgreed(site.agreed ?? new Set(agreedLines(agreed.items)), plan)
    // Nothing to do and nothing to remember: the proof alone, and no trace of it.
    if (isEmpty(plan) && isDeepStrictEqual(plan.records, await state.records()))
      return { plan, proof: await work.prove() }
    const change = { command: work.command, steps: plan.steps, records: plan.records }
    return { plan, proof: await perform(machine, state, change, signal, work.prove) }
  })
}
