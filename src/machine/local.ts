import { statSync, type Stats } from 'node:fs'
import { join, posix, win32 } from 'node:path'
import { listFolder, readFile, readPart, statFile } from './files.ts'
import { readFolder } from './folder.ts'
import { lockFile } from './lock.ts'
import {
  READ_LIMIT,
  type FileInfo,
  type FolderFile,
  type FolderLimits,
  type Lock,
  type Machine,
  type OsInfo,
  type OwnedFiles,
  type Owner,
  type RunOptions,
  type RunResult,
  type WhoAmI,
} from './machine.ts'
import { osOf } from './os-release.ts'
import { whoAmI } from './person.ts'
import { run } from './run.ts'
import { createFile, makeFolder, publishFile, removeFile, removeFolder, renameFile } from './writing.ts'

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

  socket(path: string): Promise<string> {
    return Promise.resolve(this.locate(path))
  }

  who(): WhoAmI {
    return whoAmI(this.#env, this.#root !== undefined)
  }

  async os(): Promise<OsInfo> {
    if (this.platform === 'darwin') return { id: 'macos', family: 'macos' }
    if (this.platform === 'win32') return { id: 'windows', family: 'windows' }
    return osOf(this)
  }

  read(path: string, limit = READ_LIMIT): Promise<Buffer | undefined> {
    return readFile(this.locate(path), limit)
  }

  readPart(path: string, offset: number, length: number): Promise<Buffer | undefined> {
    return readPart(this.locate(path), offset, length)
  }

  list(path: string): Promise<readonly string[] | undefined> {
    return listFolder(this.locate(path))
  }

  async readFolder(path: string, limits: FolderLimits): Promise<readonly FolderFile[] | undefined> {
    return Promise.resolve(readFolder(this.locate(path), limits))
  }

  stat(path: string): Promise<FileInfo | undefined> {
    return statFile(this.locate(path))
  }

  create(path: string, bytes: Buffer, mode: number, owner?: Owner): Promise<void> {
    return createFile(this.locate(path), bytes, mode, owner)
  }

  rename(from: string, to: string): Promise<void> {
    return renameFile(this.locate(from), this.locate(to))
  }

  publish(from: string, to: string): Promise<void> {
    return publishFile(this.locate(from), this.locate(to))
  }

  remove(path: string): Promise<void> {
    return removeFile(this.locate(path))
  }

  makeDirectory(path: string, mode: number, owner?: Owner): Promise<void> {
    return makeFolder(this.locate(path), mode, owner)
  }

  removeDirectory(path: string): Promise<void> {
    return removeFolder(this.locate(path))
  }

  ownedBy(owner: Owner): OwnedFiles {
    const at = (path: string): string => this.locate(path)
    return {
      stat: (path) => this.stat(path),
      read: (path, limit = READ_LIMIT) => readFile(at(path), limit, owner),
      create: (path, bytes, mode) => createFile(at(path), bytes, mode, owner, owner),
      rename: (from, to) => renameFile(at(from), at(to), owner),
      remove: (path) => removeFile(at(path), owner),
      makeDirectory: (path, mode) => makeFolder(at(path), mode, owner, owner),
    }
  }

  run(argv: readonly [string, ...string[]], options: RunOptions): Promise<RunResult> {
    return run(argv, options)
  }

  which(program: string): Promise<string | undefined> {
    const windows = this.platform === 'win32'
    const fromEnv = (this.#env['PATH'] ?? '').split(windows ? ';' : ':')
    const folders = this.#root === undefined && !windows ? [...fromEnv, ...SBIN] : windows ? fromEnv : SBIN
    for (const folder of new Set(folders)) {
      // A relative folder in PATH would let the working directory choose what root runs.
      if (!(windows ? win32 : posix).isAbsolute(folder)) continue
      const path = windows ? win32.join(folder, `${program}.exe`) : posix.join(folder, program)
      // A folder in PATH may be missing, a file, or somebody else's: the next one is asked.
      const found = statOf(this.locate(path))
      if (found?.isFile() && (windows || (found.mode & 0o111) !== 0)) return Promise.resolve(path)
    }
    return Promise.resolve(undefined)
  }

  lock(path: string): Promise<Lock | undefined> {
    return lockFile(this.locate(path))
  }
}

/** Without waiting: a program that is not here is looked for in eight places. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
