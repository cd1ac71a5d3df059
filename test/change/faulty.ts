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
} from '../../src/machine/machine.ts'

export interface Fault {
  /** Which of the calls that change something: 1 is the first. */
  readonly at: number
  readonly error: () => Error
  /** `after`: the thing was done, and only then the call failed, as when an fsync fails. */
  readonly when: 'before' | 'after'
  /** The process is dead: nothing that follows has an effect. */
  readonly dead?: boolean
}

export class Crash extends Error {}

export function systemError(code: string): () => Error {
  return () => Object.assign(new Error(`${code}: injected`), { code })
}

/** Another machine, but for one call that fails. */
export class FaultyMachine implements Machine {
  readonly kind
  readonly platform
  readonly #inner: Machine
  readonly #fault: Fault
  #calls = 0

  constructor(inner: Machine, fault: Fault) {
    this.#inner = inner
    this.#fault = fault
    this.kind = inner.kind
    this.platform = inner.platform
  }

  get struck(): boolean {
    return this.#calls >= this.#fault.at
  }

  async #change(work: () => Promise<void>): Promise<void> {
    this.#calls++
    const { at, when, dead = false, error } = this.#fault
    if (this.#calls === at && when === 'after') await work()
    if (this.#calls === at || (dead && this.#calls > at)) throw error()
    await work()
  }

  create(path: string, bytes: Buffer, mode: number, owner?: Owner): Promise<void> {
    return this.#change(() => this.#inner.create(path, bytes, mode, owner))
  }
  rename(from: string, to: string): Promise<void> {
    return this.#change(() => this.#inner.rename(from, to))
  }
  publish(from: string, to: string): Promise<void> {
    return this.#change(() => this.#inner.publish(from, to))
  }
  remove(path: string): Promise<void> {
    return this.#change(() => this.#inner.remove(path))
  }
  makeDirectory(path: string, mode: number, owner?: Owner): Promise<void> {
    return this.#change(() => this.#inner.makeDirectory(path, mode, owner))
  }
  removeDirectory(path: string): Promise<void> {
    return this.#change(() => this.#inner.removeDirectory(path))
  }

  now(): Date {
    return this.#inner.now()
  }
  who(): WhoAmI {
    return this.#inner.who()
  }
  os(): Promise<OsInfo> {
    return this.#inner.os()
  }
  socket(path: string): Promise<string> {
    return Promise.resolve(this.locate(path))
  }

  locate(path: string): string {
    return this.#inner.locate(path)
  }
  read(path: string, limit?: number): Promise<Buffer | undefined> {
    return this.#inner.read(path, limit)
  }
  list(path: string): Promise<readonly string[] | undefined> {
    return this.#inner.list(path)
  }

  readFolder(path: string, limits: FolderLimits): Promise<readonly FolderFile[] | undefined> {
    return this.#inner.readFolder(path, limits)
  }
  stat(path: string): Promise<FileInfo | undefined> {
    return this.#inner.stat(path)
  }
  run(argv: readonly [string, ...string[]], options: RunOptions): Promise<RunResult> {
    return this.#inner.run(argv, options)
  }
  which(program: string): Promise<string | undefined> {
    return this.#inner.which(program)
  }
  lock(path: string): Promise<Lock | undefined> {
    return this.#inner.lock(path)
  }
}
