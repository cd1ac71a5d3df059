import { constants } from 'node:fs'
import * as fs from 'node:fs/promises'
import { errorCode } from '../errors.ts'
import type { FileInfo, Owner } from './machine.ts'

const CHUNK = 4096

/**
 * Machine.read on this computer: follows links, waits for no pipe, and never holds more than `limit` bytes.
 * With `of` it is a file of that person's and no link, or EPERM: by the descriptor, whatever stood there before.
 */
export async function readFile(
  path: string,
  limit: number,
  of?: Owner,
  /** For messages. */
  name = path,
): Promise<Buffer | undefined> {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants
  const file = await absent(fs.open(path, O_RDONLY | O_NONBLOCK | (of ? O_NOFOLLOW || 0 : 0)))
  if (!file) return undefined
  try {
    const info = await file.stat()
    if (of) refuseOthers(path, info, of)
    if (info.isDirectory()) throw refused('EISDIR', `${name} is a directory`)
    if (!info.isFile()) throw refused('EINVAL', `${name} is no regular file`)
    if (info.size > limit) throw refused('EFBIG', `${name} has ${info.size} bytes`)
    // procfs says 0, and a file may grow while it is read: the limit holds for what comes.
    const parts: Buffer[] = []
    let length = 0
    while (length <= limit) {
      const part = Buffer.allocUnsafe(Math.min(Math.max(info.size + 1 - length, CHUNK), limit + 1 - length))
      const { bytesRead } = await file.read(part, 0, part.length)
      if (bytesRead === 0) return Buffer.concat(parts)
      parts.push(part.subarray(0, bytesRead))
      length += bytesRead
    }
    throw refused('EFBIG', `${name} has more than ${limit} bytes`)
  } finally {
    await file.close()
  }
}

/** Machine.readPart on this computer: follows links, and waits for no pipe. */
export async function readPart(path: string, offset: number, length: number): Promise<Buffer | undefined> {
  const file = await absent(fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK))
  if (!file) return undefined
  try {
    if (!(await file.stat()).isFile()) throw refused('EINVAL', `${path} is no regular file`)
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, offset)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Machine.list on this computer. */
export async function listFolder(path: string): Promise<readonly string[] | undefined> {
  return (await absent(fs.readdir(path)))?.sort()
}

/** Machine.stat on this computer. */
export async function statFile(path: string): Promise<FileInfo | undefined> {
  const info = await absent(fs.lstat(path))
  if (!info) return undefined
  const kind = info.isFile()
    ? 'file'
    : info.isDirectory()
      ? 'directory'
      : info.isSymbolicLink()
        ? 'symlink'
        : 'other'
  return {
    kind,
    mode: info.mode & 0o7777,
    uid: info.uid,
    gid: info.gid,
    size: info.size,
    changedMs: info.mtimeMs,
    // Some file systems do not keep it.
    ...(kind === 'directory' && info.birthtimeMs > 0 ? { bornMs: info.birthtimeMs } : {}),
    ...(kind === 'symlink' ? { linkTarget: await fs.readlink(path) } : {}),
  }
}

/** An error as the system would give it. */
export function refused(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** Undefined where the path, or a folder on the way to it, does not exist. */
export async function absent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** @throws EPERM for what is not this person's; Windows has no owners of this kind */
export function refuseOthers(path: string, info: { readonly uid: number }, owner: Owner): void {
  if (process.platform === 'win32' || info.uid === owner.uid) return
  throw refused('EPERM', `${path} belongs to user ${info.uid}, not to user ${owner.uid}`)
}
