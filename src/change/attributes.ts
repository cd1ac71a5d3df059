import type { FileInfo, Machine, Owner } from '../machine/machine.ts'
import type { OwnedFile } from './model.ts'

/** Mode and owner of a file. */
export interface Attributes extends Owner {
  readonly mode: number
}

/** Who owns what we make here; unknown in an image, which is root's and its builder's, and on Windows. */
export function makerOf(machine: Pick<Machine, 'kind' | 'platform' | 'who'>): { readonly uid?: number } {
  return machine.kind === 'root' || machine.platform === 'win32' ? {} : { uid: machine.who().uid }
}

/** How mode or owner of a file of ours differ from what we gave it; undefined where they do not. */
export function attributeDrift(
  { platform }: Pick<Machine, 'platform'>,
  info: FileInfo,
  { mode, uid }: Pick<OwnedFile, 'mode' | 'uid'>,
): string | undefined {
  if (platform === 'win32') return undefined
  if (info.mode !== mode) return `its mode is ${info.mode.toString(8)}`
  return uid === undefined || info.uid === uid ? undefined : `its owner is uid ${info.uid}`
}

/**
 * The owner for a file that is there: the one that it has, or, where mode or owner are no longer what `made` of ours
 * had, the one of then, with what has to come back in a rollback. Only root gives a file to somebody else.
 */
export function attributesFor(
  machine: Pick<Machine, 'platform' | 'who'>,
  info: FileInfo,
  made: Pick<OwnedFile, 'mode' | 'uid'> | undefined,
): Owner & { readonly was?: Attributes } {
  const { mode, uid, gid } = info
  if (made === undefined || attributeDrift(machine, info, made) === undefined) return { uid, gid }
  const self = machine.who()
  const mayGive = self.uid === 0 || self.uid === made.uid
  const given = (mayGive ? made.uid : undefined) ?? uid
  const owner = { uid: given, gid: given === uid ? gid : given === 0 ? 0 : self.invoker.gid }
  return { ...owner, was: self.uid === 0 ? { mode, uid, gid } : { mode, ...owner } }
}
