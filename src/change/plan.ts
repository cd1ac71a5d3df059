import { posix } from 'node:path'
import { TrustError } from '../errors.ts'
import type { Finding } from '../judge/index.ts'
import type { Machine } from '../machine/machine.ts'
import { shellWord } from '../machine/shell.ts'
import { encodePem, type Certificate } from '../x509/index.ts'
import { attributeDrift, attributesFor, makerOf } from './attributes.ts'
import type { Approved, Change, OwnedFile, PlanItem, Records, WantedFile } from './model.ts'
import { recordAfter } from './record.ts'
import { sha256 } from './digest.ts'
import {
  changedByOthers,
  changedMeanwhile,
  drifted,
  isHidden,
  look,
  needsRoot,
  readExisting,
} from './look.ts'
import type { State } from './state.ts'
import type { Step } from './step.ts'

/** A machine and what is remembered of it. */
export interface Place {
  readonly machine: Machine
  readonly state: Pick<State, 'records' | 'kept'>
}

/** What will be done, in the three forms in which it is needed: for eyes, for the machine, for memory. */
export interface Plan {
  readonly items: readonly PlanItem[]
  readonly steps: readonly Step[]
  readonly changes: readonly Change[]
  readonly records: Records
  /** What is to be said of it before it is done. */
  readonly findings?: readonly Finding[]
}

/** Whether applying the plan changes anything that an engine reads. */
export function isEmpty(plan: Plan): boolean {
  return plan.steps.length === 0
}

/** One certificate per file, re-encoded from DER, named with its fingerprint: a name never means other bytes. */
export function wantedFiles(
  directories: readonly string[],
  certificates: readonly Certificate[],
  runtime: string,
): readonly WantedFile[] {
  return directories.flatMap((directory) =>
    certificates.map((certificate) => ({
      path: posix.join(directory, `trust-registry-${certificate.sha256.slice(0, 16).toLowerCase()}.crt`),
      bytes: Buffer.from(encodePem(certificate.raw)),
      mode: 0o644,
      certificate: certificate.sha256,
      reason: `${certificate.subject.commonName ?? certificate.subject.text}, for ${posix.basename(directory)} only`,
      runtime,
    })),
  )
}

/**
 * Compares what is wanted with what is there. A file that was there before is never owned, unless its bytes are
 * to be replaced; one with other bytes than are expected was changed by somebody and is not overwritten.
 * @throws TrustError `change-failed`
 */
export async function planInstall(
  { machine, state }: Place,
  registry: string,
  approved: Approved,
  wanted: readonly WantedFile[],
): Promise<Plan> {
  const records = await state.records()
  const since = machine.now().toISOString()
  const directories = await missingDirectories(machine, wanted)
  const steps: Step[] = directories.map((path) => ({ do: 'make-directory', path, mode: 0o755 }))
  const items: PlanItem[] = []
  const changes: Change[] = []
  const files = new Map(records.files.map((file) => [file.path, file]))
  const written = new Set<string>()

  for (const file of wanted) {
    const { path, bytes, runtime, certificate } = file
    const digest = sha256(bytes)
    const owned = files.get(path)
    const info = await look(machine, path)
    // Whoever may not read a file of ours sees its mode at least; the half that is root looks again.
    const hidden = owned !== undefined && info?.kind === 'file' && (await isHidden(machine, path))
    const there = info && (hidden ? bytes : await readExisting(machine, path))
    const replaced = there?.equals(bytes) === false ? there : undefined
    // Settings that we made are as much their owner's as ours by now.
    const made = owned?.before === undefined && certificate !== undefined ? owned : undefined
    const mode = made?.mode ?? (info && file.from ? info.mode : file.mode)
    const drift = info && made?.sha256 === digest ? attributeDrift(machine, info, made) : undefined
    if (there && !replaced && drift === undefined) {
      changes.push({ path, state: 'unchanged', sha256: digest })
    } else {
      if (!there || replaced) {
        if (certificate !== undefined) written.add(certificate)
        refuseForeign(file, owned, there)
      }
      const base = { path, mode, bytes: bytes.toString('base64') }
      steps.push(
        info && there
          ? {
              do: 'replace',
              ...base,
              before: there.toString('base64'),
              ...attributesFor(machine, info, made),
            }
          : { do: 'write', ...base },
      )
      items.push({
        action: 'write',
        target: path,
        reason: drift === undefined ? file.reason : `${drift}; it gets back what it had from us`,
        runtime,
        privileged: needsRoot(machine, path),
      })
      changes.push({ path, state: 'written', sha256: digest })
    }
    if (owned || !there || replaced) {
      const registries = [...new Set([...(owned?.registries ?? []), registry])].sort()
      const before = owned ? owned.before : replaced && sha256(replaced)
      files.set(path, {
        path,
        // Where nothing is written, what somebody has added since stays theirs: undo keeps the file and names it.
        sha256: owned && there && !replaced ? owned.sha256 : digest,
        mode,
        ...(there ? (owned?.uid === undefined ? {} : { uid: owned.uid }) : makerOf(machine)),
        ...(certificate === undefined ? {} : { certificate }),
        ...(before === undefined ? {} : { before }),
        runtime,
        ...(file.store === undefined ? {} : { store: file.store }),
        ...(file.reload === undefined ? {} : { reload: file.reload }),
        registries,
        since: owned?.since ?? since,
      })
    }
  }
  const before = records.registries.find((record) => record.registry === registry)
  const record = recordAfter(before, registry, approved, { since, written, files: [...files.values()] })
  return {
    items,
    steps,
    changes,
    records: {
      ...records,
      files: [...files.values()],
      directories: [...new Set([...records.directories, ...directories])],
      registries: before
        ? records.registries.map((entry) => (entry === before ? record : entry))
        : [...records.registries, record],
    },
  }
}

/** Only what the new bytes were made from is replaced, and nothing that somebody has changed since we wrote it. */
function refuseForeign(file: WantedFile, owned: OwnedFile | undefined, there: Buffer | undefined): void {
  const { path, from } = file
  if (from === undefined) {
    if (there) throw changedByOthers(path)
    return
  }
  if (there?.equals(from) !== true) throw changedMeanwhile(path)
  if (owned && sha256(from) !== owned.sha256) throw drifted(path)
}

/** The directories to be made, outermost first. A link or a file in the place of the last one is refused. */
async function missingDirectories(
  machine: Machine,
  wanted: readonly WantedFile[],
): Promise<readonly string[]> {
  const missing = new Set<string>()
  for (const directory of new Set(wanted.map((file) => posix.dirname(file.path)))) {
    const info = await look(machine, directory)
    if (info && info.kind !== 'directory') {
      const what = info.kind === 'symlink' ? 'a symbolic link' : 'no directory'
      throw new TrustError(
        'change-failed',
        `${directory} is ${what}; nothing is written through it, nothing was changed`,
        { finding: 'trust-directory-linked', fix: `ls -ld ${shellWord(directory)}` },
      )
    }
    const chain: string[] = []
    for (let path = directory; (await look(machine, path)) === undefined; path = posix.dirname(path))
      chain.unshift(path)
    for (const path of chain) missing.add(path)
  }
  return [...missing]
}
