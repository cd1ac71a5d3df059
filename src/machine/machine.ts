import type { Duplex } from 'node:stream'

/** A file that is there, as far as undo and drift need to know it. */
export interface FileInfo {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other'
  /** Permission bits only, for instance 0o644. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  /** Milliseconds since 1970. */
  readonly changedMs: number
  /** Directories: when it was made, where the machine tells; milliseconds since 1970. */
  readonly bornMs?: number
  /** Symlinks: the text of the link. */
  readonly linkTarget?: string
}

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface Person extends Owner {
  readonly name: string
  readonly home: string
}

export interface WhoAmI {
  /** The effective user; -1 where there are none. */
  readonly uid: number
  /** May write to the machine's own folders. */
  readonly privileged: boolean
  /** Whose credentials are at stake: the invoking user, also under sudo. */
  readonly invoker: Person
  /** Whether the process runs as somebody else than the invoker. */
  readonly elevated: boolean
}

export interface OsInfo {
  /** os-release ID, `macos`, `windows`, or `unknown`. */
  readonly id: string
  /** The first of ID and ID_LIKE that names a family: debian, rhel, suse, arch, alpine … */
  readonly family: string
}

/** A file of a folder that was read as a whole. */
export interface FolderFile {
  readonly name: string
  /** Absent where it could not be read. */
  readonly bytes?: Buffer
  /** The system's code for why not: EACCES, ENOENT for a link to nothing, EFBIG … */
  readonly error?: string
  /** Of the file or of the link to it, whichever is younger; milliseconds since 1970. */
  readonly changedMs: number
}

export interface FolderLimits {
  /** More files than this are not looked at. */
  readonly files: number
  /** Of one file; more is EFBIG. */
  readonly bytes: number
  /** Leaves out links to names in the same folder, whose targets are read anyway. */
  readonly skipLocalLinks?: boolean
}

export interface RunOptions {
  readonly input?: string
  readonly timeoutMs: number
  readonly env?: Readonly<Record<string, string>>
  /** Run as this user instead of ourselves. */
  readonly as?: Person
}

/** Result and failure have one shape, as execa's do. */
export interface RunResult {
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
  /** Set when the program could not be started at all. */
  readonly spawnError?: string
}

/** The way out of a machine that is not this computer: what it reaches, and how its own resolver calls it. */
export interface Wire {
  /** Addresses; undefined where the machine has no program to ask its resolver with. */
  resolve(host: string): Promise<readonly string[] | undefined>
  /** A stream to a port; what keeps it from opening comes as the stream's error (ECONNREFUSED, ENOTFOUND …). */
  dial(host: string, port: number): Promise<Duplex>
}

export interface Lock {
  release(): Promise<void>
}

/** Files of one person, for root on their behalf: what is not theirs is neither read nor written in (EPERM). */
export type OwnedFiles = Pick<Machine, 'stat' | 'read' | 'create' | 'rename' | 'remove' | 'makeDirectory'>

/** Bytes that `read` takes unless told otherwise. */
export const READ_LIMIT = 16 * 1024 * 1024

/**
 * A computer whose trust is looked at or changed. Everything that touches one goes through here, so that
 * an ssh host or an image root can stand in. Paths are absolute and POSIX; a machine with a root of its own
 * maps them below it. Methods reject with the system's error (`code`: ENOENT, EACCES, EROFS, ENOSPC …).
 */
export interface Machine {
  readonly kind: 'local' | 'root' | 'ssh'
  readonly platform: NodeJS.Platform
  now(): Date
  who(): WhoAmI
  os(): Promise<OsInfo>
  /** How a path of this machine is called from outside, for messages. */
  locate(path: string): string
  /** A socket of this machine, as this computer reaches it. */
  socket(path: string): Promise<string>
  /** Absent where this computer's own network is the machine's. */
  readonly wire?: Wire
  /** An image: files alone, where nothing runs. */
  readonly atRest?: true

  /** Undefined where nothing is there; `limit` bytes at most (default READ_LIMIT), more is EFBIG. */
  read(path: string, limit?: number): Promise<Buffer | undefined>
  /** `length` bytes from `offset`, fewer at the end; undefined where nothing is there. On this computer alone. */
  readPart?(path: string, offset: number, length: number): Promise<Buffer | undefined>
  /** Names, sorted; undefined where nothing is there. */
  list(path: string): Promise<readonly string[] | undefined>
  /** Every file of a folder and what is in it, by name; undefined where nothing is there. */
  readFolder(path: string, limits: FolderLimits): Promise<readonly FolderFile[] | undefined>
  /** Does not follow a symlink in the last part. */
  stat(path: string): Promise<FileInfo | undefined>

  /** New file, O_EXCL and O_NOFOLLOW, mode set against any umask, fsynced. The directory is no symlink. */
  create(path: string, bytes: Buffer, mode: number, owner?: Owner): Promise<void>
  /** Atomic within one directory; the directory is fsynced. */
  rename(from: string, to: string): Promise<void>
  /** The same, but fails with EEXIST where something is. */
  publish(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  makeDirectory(path: string, mode: number, owner?: Owner): Promise<void>
  /** Fails with ENOTEMPTY where something is in it. */
  removeDirectory(path: string): Promise<void>
  /** Looked at through descriptors, so that nothing which they swap meanwhile leads root astray. Absent over ssh. */
  ownedBy?(owner: Owner): OwnedFiles

  run(argv: readonly [string, ...string[]], options: RunOptions): Promise<RunResult>
  /** The full path of a program, also looked for in the sbin folders. */
  which(program: string): Promise<string | undefined>
  /** Exclusive, free again when the process ends however it ends; undefined when another holds it. */
  lock(path: string): Promise<Lock | undefined>
}
