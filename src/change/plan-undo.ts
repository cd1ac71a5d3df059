import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import { sha256 } from './digest.ts'
import { look, namesIn, readExisting } from './look.ts'
import type { Change, OwnedFile, PlanItem } from './model.ts'
import type { Place, Plan } from './plan.ts'
import type { Step } from './step.ts'

/** Takes back what was done for these registries, and nothing else: drifted files are kept and named. */
export async function planUndo({ machine, state }: Place, registries: ReadonlySet<string>): Promise<Plan> {
  const records = await state.records()
  const steps: Step[] = []
  const items: PlanItem[] = []
  const changes: Change[] = []
  const kept: OwnedFile[] = []

  for (const file of records.files) {
    const owners = file.registries.filter((registry) => !registries.has(registry))
    if (owners.length === file.registries.length) {
      kept.push(file)
      continue
    }
    if (owners.length > 0) {
      kept.push({ ...file, registries: owners })
      changes.push({ path: file.path, state: 'unchanged', sha256: file.sha256 })
      continue
    }
    const { path, runtime } = file
    const info = await look(machine, path)
    if (info === undefined) continue
    const there = info.kind === 'file' ? await readExisting(machine, path) : undefined
    if (there === undefined || sha256(there) !== file.sha256) {
      changes.push({ path, state: 'kept', ...(there ? { sha256: sha256(there) } : {}) })
      continue
    }
    const { mode, uid, gid } = info
    const bytes = there.toString('base64')
    const item = { target: path, reason: 'nothing needs it any more', runtime, privileged: true }
    if (file.before === undefined) {
      steps.push({ do: 'remove', path, mode, bytes })
      items.push({ ...item, action: 'remove' })
      changes.push({ path, state: 'removed', sha256: file.sha256 })
    } else {
      const original = (await state.kept(file.before)).toString('base64')
      steps.push({ do: 'replace', path, mode, uid, gid, before: bytes, bytes: original })
      items.push({ ...item, action: 'write', reason: 'as it was before' })
      changes.push({ path, state: 'written', sha256: file.before })
    }
  }
  steps.push(...(await emptied(machine, records.directories, steps)))
  const inUse = (directory: string): boolean => kept.some((file) => file.path.startsWith(`${directory}/`))
  return {
    items,
    steps,
    changes,
    records: {
      ...records,
      files: kept,
      directories: records.directories.filter((directory) => inUse(directory)),
      registries: records.registries.filter((record) => !registries.has(record.registry)),
    },
  }
}

/** Our directories that hold nothing once the steps are done; deepest first. */
async function emptied(
  machine: Machine,
  ours: readonly string[],
  steps: readonly Step[],
): Promise<readonly Step[]> {
  const gone = new Set(steps.map((step) => step.path))
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
