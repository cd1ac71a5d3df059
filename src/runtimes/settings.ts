import type { Machine } from '../machine/machine.ts'
import { damageText, type Edited } from './config/edit.ts'
import { encodeSettings, readSettings, unreadable } from './config/file.ts'

/** What an engine's settings shall say for a registry, beside the certificates in its directory. */
export interface Wish {
  /** Paths of the files with the certificates, as they will be. */
  readonly certificates: readonly string[]
  /** Paths of client certificates and their keys, as they will be. */
  readonly clients?: readonly (readonly [certificate: string, key: string])[]
  /** The files that hold the CAs, as shell words; empty where there are none. */
  readonly given?: string
  /** What switches the check off for this registry goes as well. */
  readonly strict: boolean
}

/** A file of settings as it will be. */
export interface SettingsEdit {
  readonly path: string
  readonly bytes: Buffer
  /** What `bytes` were made from; absent where there is no such file. */
  readonly from?: Buffer
  /** Unix mode of a file that is not there yet. */
  readonly mode: number
  readonly reason: string
  /** The check is switched on: wants a consent of its own. */
  readonly strict?: true
  /** The engine has to be told. */
  readonly reload?: 'docker'
}

/** A file of settings that cannot be edited without guessing. */
export interface LeftAlone {
  readonly path: string
  /** Why. */
  readonly byHand: string
  /** No verdict tells of it. */
  readonly untold?: true
  /** The lines that do it by hand, with files of the person's own: one of ours would be named by nobody. */
  readonly fix?: readonly string[]
}

export type SettingsChange = SettingsEdit | LeftAlone

/**
 * Makes an edit of one file; undefined where there is none, or nothing to change in it.
 * @param make returns the very text where there is nothing to change
 */
export async function editSettings(
  machine: Machine,
  path: string,
  about: Pick<SettingsEdit, 'reason' | 'reload'>,
  make: (text: string, bytes: Buffer) => Promise<Edited & { readonly strict?: true }>,
): Promise<SettingsChange | undefined> {
  let file: Awaited<ReturnType<typeof readSettings>>
  try {
    file = await readSettings(machine, path)
  } catch (error) {
    return { path, byHand: unreadable(error) }
  }
  if (file === undefined) return undefined
  if ('damage' in file) return { path, byHand: damageText(file.damage) }
  const edited = await make(file.text, file.bytes)
  if ('unsafe' in edited) return { path, byHand: edited.unsafe }
  if (edited.text === file.text) return undefined
  if (file.foreign !== undefined) return { path, byHand: file.foreign }
  const { path: real, bytes: from, mode } = file
  const strict = edited.strict === true ? ({ strict: true } as const) : {}
  return { path: real, bytes: encodeSettings(file, edited.text), from, mode, ...about, ...strict }
}
