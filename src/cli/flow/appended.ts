import { posix } from 'node:path'
import type { KeptFile, Plan } from '../../change/index.ts'
import { fingerprintOf } from '../../stores/census.ts'
import { stores } from '../../stores/index.ts'
import type { StoreLook } from '../../stores/look.ts'
import { encodePem } from '../../x509/pem.ts'
import { settledLook } from './settled.ts'
import type { Site } from './site.ts'

/** What somebody appended to the bundle gets a file of its own before the tool runs, and stays, whatever is undone. */
export function keeping(plan: Plan, { store, appended }: StoreLook): Plan {
  // What the plan takes away is ours, though its source is gone already.
  const going = new Set(plan.steps.flatMap((step) => (step.do === 'refresh' ? step.gone : [])))
  const theirs = appended.filter((der) => !going.has(fingerprintOf(der)))
  if (theirs.length === 0) return plan
  const keep = theirs.map((der): KeptFile => ({
    path: posix.join(store.anchors, `kept-${fingerprintOf(der).slice(0, 16).toLowerCase()}.crt`),
    mode: 0o644,
    bytes: Buffer.from(encodePem(der)).toString('base64'),
  }))
  const items = keep.map(({ path }) => ({
    ...({ action: 'write', target: path, privileged: true } as const),
    reason: 'somebody appended it to the bundle itself, where the next update would drop it',
  }))
  const changes = keep.map(({ path }) => ({ path, state: 'written' }) as const)
  return {
    ...plan,
    steps: plan.steps.map((step) =>
      step.do === 'refresh' && step.store === store.name ? { ...step, keep } : step,
    ),
    items: [...items, ...plan.items],
    changes: [...plan.changes, ...changes],
  }
}

/** The same for a plan of undo, which has to run the tool as well. */
export async function keepingAll(site: Site, plan: Plan): Promise<Plan> {
  const names = new Set(plan.steps.flatMap((step) => (step.do === 'refresh' ? [step.store] : [])))
  let kept = plan
  for (const name of names) kept = keeping(kept, await settledLook(site, stores[name]))
  return kept
}
