import * as fs from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../errors.ts'
import type { FolderFile, FolderLimits } from './machine.ts'

const { O_NONBLOCK, O_RDONLY } = fs.constants

/** Opens a file of the folder for reading; undefined where it is none. */
export type Open = (folder: string, name: string) => number | undefined

/**
 * Machine.readFolder on this computer. Without waiting in between: a store is some 150 small files, and
 * each turn of the event loop that a call waits for costs ten times the call.
 */
export function readFolder(
  folder: string,
  limits: FolderLimits,
  open: Open = openBeside,
): readonly FolderFile[] | undefined {
  let entries: fs.Dirent[]
  try {
    entries = fs.readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, limits.files)
    .flatMap((entry) => readEntry(folder, entry, limits, open) ?? [])
}

function openBeside(folder: string, name: string): number {
  return fs.openSync(join(folder, name), O_RDONLY | O_NONBLOCK)
}

function readEntry(
  folder: string,
  entry: fs.Dirent,
  limits: FolderLimits,
  open: Open,
): FolderFile | undefined {
  const { name } = entry
  const path = join(folder, name)
  if (entry.isDirectory()) return undefined
  try {
    const isLink = entry.isSymbolicLink()
    if (isLink && limits.skipLocalLinks === true && !fs.readlinkSync(path).includes('/')) return undefined
    const linkMs = isLink ? fs.lstatSync(path).mtimeMs : 0
    const file = open(folder, name)
    return file === undefined ? undefined : readFile(file, name, linkMs, limits.bytes)
  } catch (error) {
    return { name, changedMs: 0, error: errorCode(error) ?? 'EIO' }
  }
}

function readFile(file: number, name: string, linkMs: number, limit: number): FolderFile | undefined {
  try {
    const info = fs.fstatSync(file)
    if (!info.isFile()) return undefined
    const changedMs = Math.max(linkMs, info.mtimeMs)
    // One more than there should be: a file that grows meanwhile is not cut off in silence.
    const bytes = Buffer.allocUnsafe(Math.min(info.size, limit) + 1)
    let length = 0
    while (length < bytes.length) {
      const count = fs.readSync(file, bytes, length, bytes.length - length, null)
      if (count === 0) return { name, changedMs, bytes: bytes.subarray(0, length) }
      length += count
    }
    return { name, changedMs, error: 'EFBIG' }
  } finally {
    fs.closeSync(file)
  }
}
