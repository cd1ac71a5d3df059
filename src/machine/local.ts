import { constants } from 'node:fs'
import * as fs from 'node:fs/promises'
import { dirname, join, posix, resolve, win32 } from 'node:path'
import { errorCode } from '../errors.ts'
import { flock } from './lock.ts'
import { readFolder } from './folder.ts'
import type {
  FileInfo,
  FolderFile,
  FolderLimits,
  Lock,
  Machine,
  OsInfo,
  Owner,
  RunOptions,
  RunResult,
  WhoAmI,
} from './machine.ts'
import { parseOsRelease } from './os-release.ts'
import { whoAmI } from './person.ts'
import { run } from './run.ts'

const DEFAULT_LIMIT = 16 * 1024 * 1024
const CHUNK = 4096
const SBIN = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

export interface LocalOptions {
  /** Everything happens below this directory; default: the machine's own root. */
  readonly root?: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** This computer, or a directory on it that stands for a whole machine. */
export class LocalMachine implements Machine {
  readonly kind: 'local' | 'root'
  readonly platform = process.platform
  readonly #root: string | undefined
  readonly #env: Readonly<Record<string, string | undefined>>

  constructor(options: LocalOptions = {}) {
    this.kind = options.root === undefined ? 'local' : 'root'
    this.#root = options.root
    this.#env = options.env ?? process.env
  }

  now(): Date {
    return new Date()
  }

  locate(path: string): string {
    if (this.#root === undefined) return path
    // Below a root of our own a colon is no drive letter, and `..` must not lead out of it.
    return join(this.#root, ...posix.normalize(`/${path}`).split('/'))
  }

  who(): WhoAmI {
    return whoAmI(this.#env, this.#root !== undefined)
  }

  async os(): Promise<OsInfo> {
    if (this.platform === 'darwin') return { id: 'macos', family: 'macos' }
    if (this.platform === 'win32') return { id: 'windows', family: 'windows' }
    const text = (await this.read('/etc/os-release')) ?? (await this.read('/usr/lib/os-release'))
    return parseOsRelease(text?.toString('utf8') ?? '')
  }

  async read(path: string, limit = DEFAULT_LIMIT): Promise<Buffer | undefined> {
    const file = await absent(fs.open(this.locate(path), constants.O_RDONLY | constants.O_NONBLOCK))
    if (!file) return undefined
    try {
      const info = await file.stat()
      if (info.isDirectory()) throw Object.assign(new Error(`${path} is a directory`), { code: 'EISDIR' })
      if (!info.isFile()) throw Object.assign(new Error(`${path} is no regular file`), { code: 'EINVAL' })
      if (info.size > limit)
        throw Object.assign(new Error(`${path} has ${info.size} bytes`), { code: 'EFBIG' })
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
      throw Object.assign(new Error(`${path} has more than ${limit} bytes`), { code: 'EFBIG' })
    } finally {
      await file.close()
    }
  }

  async list(path: string): Promise<readonly string[] | undefined> {
    return (await absent(fs.readdir(this.locate(path))))?.sort()
  }

  async readFolder(path: string, limits: FolderLimits): Promise<readonly FolderFile[] | undefined> {
    return Promise.resolve(readFolder(this.locate(path), limits))
  }

  async stat(path: string): Promise<FileInfo | undefined> {
    const info = await absent(fs.lstat(this.locate(path)))
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
      ...(kind === 'symlink' ? { linkTarget: await fs.readlink(this.locate(path)) } : {}),
    }
  }

  async create(path: string, bytes: Buffer, mode: number, owner?: Owner): Promise<void> {
    await this.#inDirectory(path, async (inside) => {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW || 0)
      const file = await fs.open(inside, flags, 0o600)
      try {
        await file.writeFile(bytes)
        if (owner && this.platform !== 'win32') await file.chown(owner.uid, owner.gid)
        await file.chmod(mode)
        await file.sync()
      } finally {
        await file.close()
      }
    })
  }

  async rename(from: string, to: string): Promise<void> {
    if (dirname(this.locate(from)) !== dirname(this.locate(to)))
      throw Object.assign(new Error(`${from} and ${to} are in two directories`), { code: 'EXDEV' })
    await this.#inDirectory(to, async (inside, sync) => {
      await fs.rename(join(dirname(inside), posix.basename(from)), inside)
      await sync()
    })
  }

  async remove(path: string): Promise<void> {
    await this.#inDirectory(path, async (inside, sync) => {
      await fs.unlink(inside)
      await sync()
    })
  }

  async makeDirectory(path: string, mode: number, owner?: Owner): Promise<void> {
    const real = this.locate(path)
    await fs.mkdir(real, { mode })
    if (this.platform !== 'win32') {
      // Through a descriptor: a name could have become a link to somebody else's file meanwhile.
      const made = await fs.open(real, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
      try {
        if (owner) await made.chown(owner.uid, owner.gid)
        await made.chmod(mode)
      } finally {
        await made.close()
      }
    }
    await syncDirectory(dirname(real))
  }

  async removeDirectory(path: string): Promise<void> {
    const real = this.locate(path)
    await fs.rmdir(real)
    await syncDirectory(dirname(real))
  }

  run(argv: readonly [string, ...string[]], options: RunOptions): Promise<RunResult> {
    return run(argv, options)
  }

  async which(program: string): Promise<string | undefined> {
    const windows = this.platform === 'win32'
    const fromEnv = (this.#env['PATH'] ?? '').split(windows ? ';' : ':')
    const folders = this.#root === undefined && !windows ? [...fromEnv, ...SBIN] : windows ? fromEnv : SBIN
    for (const folder of new Set(folders)) {
      // A relative folder in PATH would let the working directory choose what root runs.
      if (!(windows ? win32 : posix).isAbsolute(folder)) continue
      const path = windows ? win32.join(folder, `${program}.exe`) : posix.join(folder, program)
      // A folder in PATH may be missing, a file, or somebody else's: the next one is asked.
      const found = await fs.stat(this.locate(path)).catch(() => undefined)
      if (found?.isFile() && (windows || (found.mode & 0o111) !== 0)) return path
    }
    return undefined
  }

  async lock(path: string): Promise<Lock | undefined> {
    return flock(this.locate(path))
  }

  /**
   * Runs `work` on a path whose directory is held open, so that nobody can swap the directory for a symlink
   * between look and write. Node has no openat; /proc/self/fd does the same on Linux.
   */
  async #inDirectory(
    path: string,
    work: (inside: string, sync: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const real = resolve(this.locate(path))
    if (this.platform !== 'linux') {
      const info = await fs.lstat(dirname(real))
      if (!info.isDirectory())
        throw Object.assign(new Error(`${dirname(path)} is no directory`), { code: 'ENOTDIR' })
      await work(real, () => syncDirectory(dirname(real)))
      return
    }
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
    const directory = await fs.open(dirname(real), flags)
    try {
      await work(`/proc/self/fd/${directory.fd}/${posix.basename(real)}`, () => directory.sync())
    } finally {
      await directory.close()
    }
  }
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const directory = await fs.open(path, constants.O_RDONLY)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** Undefined where the path, or a folder on the way to it, does not exist. */
async function absent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
