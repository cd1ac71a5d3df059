import * as fs from 'node:fs'
import { posix } from 'node:path'
import { promisify } from 'node:util'
import { absent, readFile, refused, statFile } from '../files.ts'
import { readFolder } from '../folder.ts'
import { lockOpen } from '../lock.ts'
import {
  READ_LIMIT,
  type FileInfo,
  type FolderFile,
  type FolderLimits,
  type Lock,
  type Machine,
  type OsInfo,
  type Owner,
  type RunOptions,
  type RunResult,
  type WhoAmI,
} from '../machine.ts'
import { osOf } from '../os-release.ts'
import { createFile, makeFolder, publishFile, removeFile, removeFolder, renameFile } from '../writing.ts'
import type { Held } from '../writing.ts'
import { rootFacts, type RootFacts } from './facts.ts'
import { runInside } from './inside.ts'
import { at, atOnce, O_PATH } from './walk.ts'

const { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = fs.constants
const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
const fsync = promisify(fs.fsync)
const close = promisify(fs.close)

/**
 * The root folder of an image that is being built, on Linux. Nothing in it leads out of it, and nothing runs there but
 * what `run` starts, in a chroot.
 */
export class RootMachine implements Machine {
  readonly kind = 'root'
  readonly platform = 'linux'
  readonly atRest = true
  readonly #folder: string
  readonly #root: number

  /** @throws ENOENT, ENOTDIR, EACCES */
  constructor(folder: string) {
    this.#folder = folder
    this.#root = fs.openSync(folder, O_PATH | O_DIRECTORY)
  }

  close(): void {
    fs.closeSync(this.#root)
  }

  /** Of the folder that is held open, which nobody can put another one in the place of. */
  facts(): RootFacts {
    return rootFacts(this.#root)
  }

  now(): Date {
    return new Date()
  }

  locate(path: string): string {
    return posix.join(this.#folder, path)
  }

  socket(path: string): Promise<string> {
    return Promise.reject(refused('ENOENT', `${path}: nothing runs in an image`))
  }

  /** In an image we are its root, and nobody's home is there but root's. */
  who(): WhoAmI {
    const uid = process.geteuid?.() ?? -1
    const gid = process.getegid?.() ?? -1
    const privileged = uid === 0 || uid === fs.fstatSync(this.#root).uid
    return { uid, privileged, invoker: { uid, gid, name: 'root', home: '/root' }, elevated: false }
  }

  os(): Promise<OsInfo> {
    return osOf(this)
  }

  async read(path: string, limit = READ_LIMIT): Promise<Buffer | undefined> {
    const file = await absent(at(this.#root, path, 'follow', opened))
    if (file === undefined) return undefined
    try {
      // A device of the image would be the builder's own: nothing but a file is ever opened.
      const info = fs.fstatSync(file)
      if (!info.isFile() && !info.isDirectory()) throw refused('EINVAL', `${path} is no regular file`)
      return await readFile(`/proc/self/fd/${file}`, limit, undefined, path)
    } finally {
      fs.closeSync(file)
    }
  }

  async list(path: string): Promise<readonly string[] | undefined> {
    return (await this.#inFolder(path, (folder) => fs.readdirSync(folder)))?.sort()
  }

  readFolder(path: string, limits: FolderLimits): Promise<readonly FolderFile[] | undefined> {
    const open = (_: string, name: string): number | undefined =>
      atOnce(this.#root, posix.join(path, name), openedToRead)
    return this.#inFolder(path, (folder) => readFolder(folder, limits, open))
  }

  stat(path: string): Promise<FileInfo | undefined> {
    return absent(at(this.#root, path, 'keep', statFile))
  }

  create(path: string, bytes: Buffer, mode: number, owner?: Owner): Promise<void> {
    return createFile(path, bytes, mode, owner, this.#hold)
  }

  rename(from: string, to: string): Promise<void> {
    return renameFile(from, to, this.#hold)
  }

  publish(from: string, to: string): Promise<void> {
    return publishFile(from, to, this.#hold)
  }

  remove(path: string): Promise<void> {
    return removeFile(path, this.#hold)
  }

  makeDirectory(path: string, mode: number, owner?: Owner): Promise<void> {
    return makeFolder(path, mode, owner, this.#hold)
  }

  removeDirectory(path: string): Promise<void> {
    return removeFolder(path, this.#hold)
  }

  run(argv: readonly [string, ...string[]], options: RunOptions): Promise<RunResult> {
    return runInside(this.#root, argv, options)
  }

  which(program: string): Promise<string | undefined> {
    const isProgram = (inside: string): boolean => {
      const info = fs.lstatSync(inside)
      return info.isFile() && (info.mode & 0o111) !== 0
    }
    const found = FOLDERS.map((folder) => posix.join(folder, program)).find((path) => {
      try {
        return atOnce(this.#root, path, isProgram)
      } catch {
        return false
      }
    })
    return Promise.resolve(found)
  }

  /** A lock below `/run` would stay in the image, where there is no such folder yet: the root itself stands for it. */
  async lock(path: string): Promise<Lock | undefined> {
    if (path.startsWith('/run/'))
      return lockOpen(await fs.promises.open(`/proc/self/fd/${this.#root}`, O_RDONLY), path)
    // Opened to read and write, a pipe in its place holds nobody up.
    const open = (inside: string): Promise<fs.promises.FileHandle> =>
      fs.promises.open(inside, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
    return lockOpen(await at(this.#root, path, 'keep', open), path)
  }

  /** For writing: the folder itself is no link, whatever leads to it. */
  readonly #hold = async (path: string): Promise<Held> => {
    const fd = await at(this.#root, path, 'keep', (inside) =>
      fs.openSync(inside, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
    )
    return { fd, sync: () => fsync(fd), close: () => close(fd) }
  }

  #inFolder<T>(path: string, work: (folder: string) => T): Promise<T | undefined> {
    return absent(
      at(this.#root, path, 'follow', (inside) => {
        const folder = fs.openSync(inside, O_PATH | O_DIRECTORY | O_NOFOLLOW)
        try {
          return work(`/proc/self/fd/${folder}`)
        } finally {
          fs.closeSync(folder)
        }
      }),
    )
  }
}

function opened(inside: string): number {
  return fs.openSync(inside, O_PATH | O_NOFOLLOW)
}

/** Undefined for what is no file; a device is never opened. */
function openedToRead(inside: string): number | undefined {
  const file = opened(inside)
  try {
    return fs.fstatSync(file).isFile() ? fs.openSync(`/proc/self/fd/${file}`, O_RDONLY) : undefined
  } finally {
    fs.closeSync(file)
  }
}
