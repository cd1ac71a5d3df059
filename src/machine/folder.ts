import * as fs from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../errors.ts'
import type { FolderFile, FolderLimits } from './machine.ts'

const { O_NONBLOCK, O_RDONLY } = fs.constants

/**
 * Machine.readFolder on this computer. Without waiting in between: a store is some 150 small files, and
 * each turn of the event loop that a call waits for costs ten times the call.
 */
export function readFolder(folder: string, limits: FolderLimits): readonly FolderFile[] | undefined {
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
    .flatMap((entry) => readEntry(folder, entry, limits) ?? [])
}

function readEntry(folder: string, entry: fs.Dirent, limits: FolderLimits): FolderFile | undefined {
  const { name } = entry
  const path = join(folder, name)
  if (entry.isDirectory()) return undefined
  try {
    const isLink = entry.isSymbolicLink()
    if (isLink && limits.skipLocalLinks === true && !fs.readlinkSync(path).includes('/')) return undefined
    const linkMs = isLink ? fs.lstatSync(path).mtimeMs : 0
    return readFile(path, name, linkMs, limits.bytes)
  } catch (error) {
    return { name, changedMs: 0, error: errorCode(error) ?? 'EIO' }
  }
}

function readFile(path: string, name: string, linkMs: number, limit: number): FolderFile | undefined {
  const file = fs.openSync(path, O_RDONLY | O_NONBLOCK)
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
