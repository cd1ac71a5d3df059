import type { Change } from './model.ts'
import type { Place, Plan } from './plan.ts'
import { release, withLeft } from './release.ts'

/**
 * Adds to a plan that what earlier identities of a registry have left behind goes. The registry's directory stays:
 * the present identity is in it, or will be.
 * @param store whether sources of the OS store go as well: its tool has to run behind that
 */
export async function planPrune(place: Place, plan: Plan, registry: string, store = false): Promise<Plan> {
  const { records } = plan
  const own = records.registries.find((record) => record.registry === registry)
  const superseded = new Set<string | undefined>(own?.superseded)
  const released = await release(
    place,
    records.files,
    'belongs to an earlier identity',
    (file, owner) =>
      owner === registry && (store || file.store === undefined) && superseded.has(file.certificate),
  )
  const { items, steps, changes, files } = released
  return {
    items: [...plan.items, ...items],
    steps: [...plan.steps, ...steps],
    changes: [...plan.changes.filter(notIn(changes)), ...changes],
    records: {
      ...records,
      ...withLeft(released.left, records),
      files,
      registries: records.registries.map((record) => {
        if (record.registry !== registry) return record
        const { identity, anchor, since } = record
        const left = record.superseded?.filter((sha256) =>
          files.some((file) => file.certificate === sha256 && file.registries.includes(registry)),
        )
        return { registry, identity, anchor, since, ...(left?.length ? { superseded: left } : {}) }
      }),
    },
  }
}

function notIn(changes: readonly Change[]): (change: Change) => boolean {
  const paths = new Set(changes.map((change) => change.path))
  return (change) => !paths.has(change.path)
}
