import { constants } from 'node:fs'
import * as fs from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { errorCode } from '../errors.ts'
import { refuseOthers, refused } from './files.ts'
import type { Owner } from './machine.ts'

const { O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_WRONLY } = constants
// Windows has none.
const O_NOFOLLOW = constants.O_NOFOLLOW || 0
const windows = process.platform === 'win32'

/** File systems without hard links say so in several ways. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** A folder that is held open. */
export interface Held {
  readonly fd: number
  sync(): Promise<void>
  close(): Promise<void>
}

/** Opens the folder of this path, which is no symlink. */
export type Hold = (folder: string) => Promise<Held>

/** Machine.create on this computer; here and below, `of` is whose the directory has to be, or how it is opened. */
export function createFile(
  path: string,
  bytes: Buffer,
  mode: number,
  owner?: Owner,
  of?: Owner | Hold,
): Promise<void> {
  return inDirectory(path, of, async (inside) => {
    const file = await fs.open(inside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    try {
      await file.writeFile(bytes)
      // A change of owner takes bits of the mode away.
      if (owner && !windows) await file.chown(owner.uid, owner.gid)
      await file.chmod(mode)
      await file.sync()
    } finally {
      await file.close()
    }
  })
}

/** Machine.rename on this computer. */
export function renameFile(from: string, to: string, of?: Owner | Hold): Promise<void> {
  return besides(from, to, of, fs.rename)
}

/** Machine.publish on this computer. */
export function publishFile(from: string, to: string, of?: Owner | Hold): Promise<void> {
  return besides(from, to, of, async (part, name) => {
    try {
      await fs.link(part, name)
    } catch (error) {
      if (!NO_LINKS.has(errorCode(error) ?? '')) throw error
      await absentOrThrow(name)
      return fs.rename(part, name)
    }
    await fs.unlink(part)
  })
}

/** Machine.remove on this computer. */
export function removeFile(path: string, of?: Owner | Hold): Promise<void> {
  return inDirectory(path, of, async (inside, sync) => {
    await fs.unlink(inside)
    await sync()
  })
}

/** Machine.makeDirectory on this computer. */
export function makeFolder(path: string, mode: number, owner?: Owner, of?: Owner | Hold): Promise<void> {
  return inDirectory(path, of, async (inside, sync) => {
    await fs.mkdir(inside, { mode })
    if (!windows) {
      // Through a descriptor: a name could have become a link to somebody else's file meanwhile.
      const made = await fs.open(inside, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
      try {
        // Whoever may rename here could have put another folder of ours in its place: that one is not given away.
        if (of && (await fs.readdir(heldAt(made, inside))).length > 0)
          throw refused('EEXIST', `${path} is another one already`)
        if (owner) await made.chown(owner.uid, owner.gid)
        await made.chmod(mode)
      } finally {
        await made.close()
      }
    }
    await sync()
  })
}

/** Machine.removeDirectory on this computer. */
export function removeFolder(path: string, of?: Owner | Hold): Promise<void> {
  return inDirectory(path, of, async (inside, sync) => {
    await fs.rmdir(inside)
    await sync()
  })
}

async function absentOrThrow(path: string): Promise<void> {
  const found = await fs.lstat(path).catch(() => undefined)
  if (found) throw refused('EEXIST', `${path} is there already`)
}

async function besides(
  from: string,
  to: string,
  of: Owner | Hold | undefined,
  work: (from: string, to: string) => Promise<void>,
): Promise<void> {
  if (dirname(from) !== dirname(to)) throw refused('EXDEV', `${from} and ${to} are in two directories`)
  await inDirectory(to, of, async (inside, sync) => {
    await work(join(dirname(inside), basename(from)), inside)
    await sync()
  })
}

/**
 * Runs `work` on a path whose directory is held open, so that nobody can swap the directory for a symlink
 * between look and write. Node has no openat; /proc/self/fd does the same on Linux.
 */
async function inDirectory(
  path: string,
  of: Owner | Hold | undefined,
  work: (inside: string, sync: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const real = resolve(path)
  const folder = dirname(real)
  if (process.platform !== 'linux') {
    const info = await fs.lstat(folder)
    if (!info.isDirectory()) throw refused('ENOTDIR', `${folder} is no directory`)
    if (typeof of === 'object') refuseOthers(folder, info, of)
    await work(real, () => syncFolder(folder))
    return
  }
  const directory = typeof of === 'function' ? await of(folder) : await holdFolder(folder, of)
  try {
    await work(`/proc/self/fd/${directory.fd}/${basename(real)}`, () => directory.sync())
  } finally {
    await directory.close()
  }
}

async function holdFolder(folder: string, of?: Owner): Promise<fs.FileHandle> {
  const directory = await fs.open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  try {
    if (of) refuseOthers(folder, await directory.stat(), of)
    return directory
  } catch (error) {
    await directory.close()
    throw error
  }
}

/** An open folder, by a name that nobody can turn; elsewhere than on Linux by its own. */
function heldAt(folder: fs.FileHandle, path: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${folder.fd}` : path
}

async function syncFolder(path: string): Promise<void> {
  if (windows) return
  const directory = await fs.open(path, O_RDONLY)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
