import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import { look, namesIn } from './look.ts'
import type { Place, Plan } from './plan.ts'
import { release, withLeft } from './release.ts'
import { withoutAnchors, type Restart } from './plan-store.ts'
import { targetOf, type Step } from './step.ts'

/** Takes back what was done for these registries, and nothing else: drifted files are kept and named. */
export async function planUndo(
  place: Place,
  registries: ReadonlySet<string>,
  restarts: readonly Restart[] = [],
): Promise<Plan> {
  const { machine, state } = place
  const records = await state.records()
  const reason = 'nothing needs it any more'
  const released = await release(place, records.files, reason, (_file, owner) => registries.has(owner))
  const { files, steps } = released
  const gone = await emptied(machine, records.directories, steps)
  const inUse = (directory: string): boolean => files.some((file) => file.path.startsWith(`${directory}/`))
  const plan = {
    ...released,
    steps: [...steps, ...gone],
    records: {
      ...records,
      ...withLeft(released.left, records),
      files,
      directories: records.directories.filter((directory) => inUse(directory)),
      registries: records.registries.filter((record) => !registries.has(record.registry)),
    },
  }
  return withoutAnchors(machine, plan, records.files, restarts)
}

/** Our directories that hold nothing once the steps are done; deepest first. */
async function emptied(
  machine: Machine,
  ours: readonly string[],
  steps: readonly Step[],
): Promise<readonly Step[]> {
  const gone = new Set(steps.map(targetOf))
  const found: Step[] = []
  for (const directory of [...ours].sort((a, b) => b.length - a.length)) {
    const info = await look(machine, directory)
    const names = info?.kind === 'directory' ? await namesIn(machine, directory) : undefined
    if (!info || !names?.every((name) => gone.has(posix.join(directory, name)))) continue
    gone.add(directory)
    found.push({ do: 'remove-directory', path: directory, mode: info.mode })
  }
  return found
}
