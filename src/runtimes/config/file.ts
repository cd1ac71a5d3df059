import { posix } from 'node:path'
import { errorCode } from '../../errors.ts'
import type { FileInfo, Machine } from '../../machine/machine.ts'
import { placeAt, type Damage } from './edit.ts'

const LIMIT = 1024 * 1024
const MAX_LINKS = 8
const BOM = '\uFEFF'

/** A file of settings that is there. */
export interface SettingsFile {
  /** The file itself, behind all links. */
  readonly path: string
  readonly bytes: Buffer
  /** Without a byte order mark. */
  readonly text: string
  readonly mode: number
  /** Why root should not write there: somebody else has a hand in it. Undefined where it may. */
  readonly foreign?: string
}

/**
 * Reads a file of settings, through links. Undefined where nothing is there; a damage where it is no text.
 * Rejects with the system's error where it may not be read.
 */
export async function readSettings(
  machine: Machine,
  path: string,
): Promise<SettingsFile | undefined | { readonly damage: Damage }> {
  const found = await endOf(machine, path)
  if (found === undefined) return undefined
  const bytes = await machine.read(found.path, LIMIT)
  if (bytes === undefined) return undefined
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    const good = bytes.toString('utf8')
    return { damage: { ...placeAt(good, Math.max(good.indexOf('\uFFFD'), 0)), message: 'it is no UTF-8' } }
  }
  const foreign = await foreignHand(machine, path, found)
  return {
    path: found.path,
    bytes,
    text: text.startsWith(BOM) ? text.slice(1) : text,
    mode: found.info.mode,
    ...(foreign === undefined ? {} : { foreign }),
  }
}

/** The bytes of an edited text, with the byte order mark that the file had. */
export function encodeSettings({ bytes }: Pick<SettingsFile, 'bytes'>, text: string): Buffer {
  return Buffer.from(isMarked(bytes) ? BOM + text : text)
}

/** Whether a byte order mark stands before the text. */
export function isMarked(bytes: Buffer): boolean {
  return bytes.subarray(0, 3).equals(Buffer.from(BOM))
}

/** Why a file cannot be read, in words. */
export function unreadable(error: unknown): string {
  return `it cannot be read (${errorCode(error) ?? 'no reason given'})`
}

interface Found {
  readonly path: string
  readonly info: FileInfo
}

async function endOf(machine: Machine, path: string): Promise<Found | undefined> {
  let target = path
  for (let hop = 0; hop <= MAX_LINKS; hop++) {
    const info = await machine.stat(target)
    if (info?.kind !== 'symlink') return info && { path: target, info }
    target = posix.resolve(posix.dirname(target), info.linkTarget ?? '')
  }
  throw Object.assign(new Error(`${path} leads to no file`), { code: 'ELOOP' })
}

/** Whoever owns the file or its folder may put something else there while root writes. */
async function foreignHand(machine: Machine, path: string, found: Found): Promise<string | undefined> {
  const { uid } = machine.who()
  if (machine.platform === 'win32') return undefined
  const folder = await machine.stat(posix.dirname(found.path))
  const owners = new Set([found.info.uid, folder?.uid ?? 0])
  if ([...owners].some((owner) => owner !== uid && owner !== 0)) return `${found.path} is somebody else's`
  const open = ((found.info.mode | (folder?.mode ?? 0)) & 0o002) !== 0
  return open ? `everybody may write to ${found.path === path ? 'it' : found.path}` : undefined
}
