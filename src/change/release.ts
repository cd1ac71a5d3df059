import { posix } from 'node:path'
import { TrustError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { sha256 } from './digest.ts'
import { isHidden, look, needsRoot, readExisting } from './look.ts'
import type { Change, OwnedFile, PlanItem, Records } from './model.ts'
import type { Place, Plan } from './plan.ts'
import type { Step } from './step.ts'

/** The records with more of what is kept for a person. */
export function withLeft(left: readonly string[], { left: earlier = [] }: Records): Pick<Records, 'left'> {
  const all = [...new Set([...earlier, ...left])]
  return all.length === 0 ? {} : { left: all }
}

export interface Released extends Pick<Plan, 'items' | 'steps' | 'changes'> {
  /** What is ours afterwards. */
  readonly files: readonly OwnedFile[]
  /** As in the records: what stood in files that are let go as they are now. */
  readonly left: readonly string[]
}

/**
 * Takes owners from files; a file goes with the last of them, if it is still as we left it. A certificate that settings
 * of ours still name, which stay for somebody, stays with them: an engine fails every request where a file is missing.
 */
export async function release(
  { machine, state }: Place,
  files: readonly OwnedFile[],
  reason: string,
  gives: (file: OwnedFile, registry: string) => boolean,
): Promise<Released> {
  const steps: Step[] = []
  const items: PlanItem[] = []
  const changes: Change[] = []
  const kept: OwnedFile[] = []
  const left: string[] = []

  const naming = await settingsThatStay(machine, files, gives)
  for (const file of files) {
    const owners = file.registries.filter((registry) => !gives(file, registry))
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
    const namer = file.certificate === undefined ? undefined : naming.find(({ names }) => names(path))
    if (namer) {
      kept.push({ ...file, registries: namer.owners })
      const others = !namer.owners.some((owner) => file.registries.includes(owner))
      const { path: namedBy } = namer
      changes.push({ path, state: others ? 'unchanged' : 'kept', sha256: file.sha256, namedBy })
      continue
    }
    const info = await look(machine, path)
    if (info === undefined) continue
    const hidden = file.before === undefined && needsRoot(machine, path) && (await isHidden(machine, path))
    if (info.kind === 'file' && hidden) {
      steps.push({ do: 'remove', path, mode: info.mode, bytes: '' })
      items.push({ target: path, reason, runtime, privileged: true, action: 'remove' })
      changes.push({ path, state: 'removed', sha256: file.sha256 })
      continue
    }
    const there = info.kind === 'file' ? await readExisting(machine, path) : undefined
    if (there === undefined || sha256(there) !== file.sha256) {
      const { before } = file
      if (before !== undefined) left.push(before)
      const known = {
        ...(there ? { sha256: sha256(there) } : {}),
        ...(before === undefined ? {} : { before }),
      }
      changes.push({ path, state: 'kept', ...known })
      continue
    }
    const { mode, uid, gid } = info
    const bytes = there.toString('base64')
    const item = { target: path, reason, runtime, privileged: needsRoot(machine, path) }
    if (file.before === undefined) {
      steps.push({ do: 'remove', path, mode, bytes })
      items.push({ ...item, action: 'remove' })
      changes.push({ path, state: 'removed', sha256: file.sha256 })
    } else {
      const original = (await keptFor(state, file.before, item.privileged)).toString('base64')
      steps.push({ do: 'replace', path, mode, uid, gid, before: bytes, bytes: original })
      items.push({ ...item, action: 'write', reason: 'as it was before' })
      changes.push({ path, state: 'written', sha256: file.before })
    }
  }
  return { items, steps, changes, files: kept, left }
}

/** What only root may read, only root writes back: the plan of a person is for their eyes. */
function keptFor(state: Place['state'], digest: string, privileged: boolean): Promise<Buffer> {
  return state.kept(digest).catch((error: unknown) => {
    if (privileged && error instanceof TrustError && error.code === 'needs-privilege') return Buffer.alloc(0)
    throw error
  })
}

interface Naming {
  readonly path: string
  readonly owners: readonly string[]
  readonly names: (file: string) => boolean
}

async function settingsThatStay(
  machine: Machine,
  files: readonly OwnedFile[],
  gives: (file: OwnedFile, registry: string) => boolean,
): Promise<readonly Naming[]> {
  const found: Naming[] = []
  for (const file of files) {
    const { path, certificate, store } = file
    const owners = file.registries.filter((registry) => !gives(file, registry))
    if (certificate !== undefined || store !== undefined || owners.length === 0) continue
    const info = await look(machine, path)
    const text = info?.kind === 'file' ? await readExisting(machine, path) : undefined
    if (text === undefined) continue
    // A hosts.toml may name what is beside it by its name alone.
    const names = (named: string): boolean =>
      text.includes(posix.dirname(named) === posix.dirname(path) ? posix.basename(named) : named)
    found.push({ path, owners, names })
  }
  return found
}
