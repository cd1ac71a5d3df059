import { TrustError, errorCode } from '../errors.ts'
import type { FileInfo, Machine } from '../machine/machine.ts'
import { shellWord } from '../machine/shell.ts'
import { failed } from './failure.ts'

/** A regular file's bytes; undefined where nothing is. */
export async function readExisting(machine: Machine, path: string): Promise<Buffer | undefined> {
  const info = await look(machine, path)
  if (!info) return undefined
  if (info.kind !== 'file') throw changedByOthers(path)
  return machine.read(path).catch((error: unknown) => {
    throw unseen(machine, path, error)
  })
}

/** Only root may read it. Who plans without root's rights shows what is to be expected; the half that is root looks again. */
export async function isHidden(machine: Machine, path: string): Promise<boolean> {
  if (machine.who().privileged) return false
  return machine.read(path).then(
    () => false,
    (error: unknown) => errorCode(error) === 'EACCES',
  )
}

export function look(machine: Machine, path: string): Promise<FileInfo | undefined> {
  return machine.stat(path).catch((error: unknown) => {
    throw unseen(machine, path, error)
  })
}

export function namesIn(machine: Machine, directory: string): Promise<readonly string[] | undefined> {
  return machine.list(directory).catch((error: unknown) => {
    throw unseen(machine, directory, error)
  })
}

/** A person's own files need nobody else's rights. */
export function needsRoot(machine: Machine, path: string): boolean {
  const { privileged, invoker } = machine.who()
  return privileged || !path.startsWith(`${invoker.home}/`)
}

function unseen(machine: Machine, path: string, error: unknown): TrustError {
  if (errorCode(error) === 'EACCES' && !machine.who().privileged)
    return new TrustError('needs-privilege', `${path} cannot be read by this user`)
  return failed(`${path} cannot be looked at; nothing was changed`, error, path)
}

export function changedByOthers(path: string): TrustError {
  return new TrustError(
    'change-failed',
    `${path} bears our name but not our bytes; it is left alone, nothing was changed`,
    {
      fix: `mv ${shellWord(path)} ${shellWord(`${path}.changed`)}      # then run it again`,
    },
  )
}

export function changedMeanwhile(path: string): TrustError {
  return new TrustError('change-failed', `${path} was changed while it was looked at; nothing was changed`, {
    fix: 'run it again',
  })
}

/** A file of ours, shared with its owner, that holds other bytes than we left in it. */
export function drifted(path: string): TrustError {
  return new TrustError(
    'change-failed',
    `${path} was changed by somebody since it was last written; it is left alone, nothing was changed`,
    { fix: 'trust-registry undo --all      # lets go of it as it is; then run it again' },
  )
}
