import { posix } from 'node:path'
import type { Duplex } from 'node:stream'
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
  Wire,
} from '../machine.ts'
import { parseOsRelease } from '../os-release.ts'
import { FIXED_PATH } from '../run.ts'
import {
  fileInfo,
  folderFile,
  isAbsent,
  octal,
  orThrow,
  ownerWord,
  runResult,
  split,
  tooLong,
} from './answers.ts'
import type { Answer, Channel, Request } from './channel.ts'
import type { Greeting } from './greeting.ts'
import { failure } from './words.ts'

const DEFAULT_LIMIT = 16 * 1024 * 1024
const SLOTS = ['4', '5', '6', '7', '8', '9']

/** What the connection can do beside the shell. */
export interface Way {
  dial(host: string, port: number): Promise<Duplex>
  /** A socket here that leads to the one there. */
  forward(path: string): Promise<string>
}

/** A computer that is reached over a shell: every file of it is looked at and changed through that one connection. */
export class SshMachine implements Machine {
  readonly kind = 'ssh'
  readonly platform = 'linux'
  readonly #channel: Channel
  readonly #greeting: Greeting
  readonly #slots = [...SLOTS]

  #os: Promise<OsInfo> | undefined
  readonly #sockets = new Map<string, Promise<string>>()
  readonly #way: Way | undefined
  readonly wire: Wire

  constructor(channel: Channel, greeting: Greeting, way?: Way) {
    this.#channel = channel
    this.#greeting = greeting
    this.#way = way
    this.wire = {
      resolve: (host) => this.#resolve(host),
      dial: (host, port) => this.#outward().dial(host, port),
    }
  }

  /** Once it leads there, it stays. */
  socket(path: string): Promise<string> {
    const known = this.#sockets.get(path) ?? this.#outward().forward(path)
    this.#sockets.set(path, known)
    return known
  }

  now(): Date {
    return new Date(Date.now() + this.#greeting.clockMs)
  }

  locate(path: string): string {
    return path
  }

  who(): WhoAmI {
    const { uid, gid, name, home } = this.#greeting
    return { uid, privileged: uid === 0, invoker: { uid, gid, name, home }, elevated: false }
  }

  /** Once it is known it needs no connection: the report names it even where that is lost. */
  os(): Promise<OsInfo> {
    this.#os ??= this.#osRelease()
    return this.#os
  }

  async #osRelease(): Promise<OsInfo> {
    const text = (await this.read('/etc/os-release')) ?? (await this.read('/usr/lib/os-release'))
    return parseOsRelease(text?.toString('utf8') ?? '')
  }

  async read(path: string, limit = DEFAULT_LIMIT): Promise<Buffer | undefined> {
    const answer = await this.#ask({ do: 'read', path, more: [String(limit + 1)] })
    if (isAbsent(answer)) return undefined
    const { body } = orThrow(answer, path)
    if (body.length > limit) throw tooLong(path, limit)
    return body
  }

  async list(path: string): Promise<readonly string[] | undefined> {
    const answer = await this.#ask({ do: 'list', path })
    if (isAbsent(answer)) return undefined
    return orThrow(answer, path).body.toString('utf8').split('\0').slice(0, -1).sort()
  }

  async readFolder(path: string, limits: FolderLimits): Promise<readonly FolderFile[] | undefined> {
    const skip = limits.skipLocalLinks === true ? '1' : ''
    const answer = await this.#ask({ do: 'folder', path, more: [String(limits.bytes + 1), skip] })
    if (isAbsent(answer)) return undefined
    return split(orThrow(answer, path).body, this.#channel.mark('f\n'))
      .slice(1)
      .map((record) => folderFile(record, limits, this.#channel.mark('e')))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .slice(0, limits.files)
  }

  async stat(path: string): Promise<FileInfo | undefined> {
    const answer = await this.#ask({ do: 'stat', path })
    if (isAbsent(answer)) return undefined
    return fileInfo(orThrow(answer, path).body)
  }

  create(path: string, bytes: Buffer, mode: number, owner?: Owner): Promise<void> {
    const more = [ownerWord(owner), octal(mode), String(bytes.length)] as const
    return this.#change({ do: 'create', path, more, data: bytes })
  }

  rename(from: string, to: string): Promise<void> {
    return this.#beside('rename', from, to)
  }

  publish(from: string, to: string): Promise<void> {
    return this.#beside('publish', from, to)
  }

  remove(path: string): Promise<void> {
    return this.#change({ do: 'remove', path })
  }

  makeDirectory(path: string, mode: number, owner?: Owner): Promise<void> {
    return this.#change({ do: 'mkdir', path, more: [ownerWord(owner), octal(mode)] })
  }

  removeDirectory(path: string): Promise<void> {
    return this.#change({ do: 'rmdir', path })
  }

  async run(argv: readonly [string, ...string[]], options: RunOptions): Promise<RunResult> {
    const { input = '', timeoutMs, env = {}, as } = options
    if (as) throw new Error('over ssh nothing is run as somebody else')
    const variables = Object.entries({ PATH: FIXED_PATH, LC_ALL: 'C', ...env })
    const words = [...variables.map(([name, value]) => `${name}=${value}`), ...argv]
    const seconds = String(Math.max(1, Math.ceil(timeoutMs / 1000)))
    const answer = await this.#ask({
      do: 'run',
      more: [seconds],
      words,
      data: Buffer.from(input),
      takesMs: timeoutMs,
    })
    return runResult(orThrow(answer, argv[0]).body, this.#channel.mark('e\n'))
  }

  async which(program: string): Promise<string | undefined> {
    const answer = await this.#ask({ do: 'which', path: program })
    return answer.status === '0' ? answer.body.toString('utf8') : undefined
  }

  async #resolve(host: string): Promise<readonly string[] | undefined> {
    const { body, status } = await this.#ask({ do: 'resolve', path: host })
    if (status === '127') return undefined
    const found = body.toString('latin1').match(/^\S+/gm) ?? []
    return [...new Set(found)]
  }

  async lock(path: string): Promise<Lock | undefined> {
    const slot = this.#slots.shift()
    if (slot === undefined) throw new Error('too many locks at once')
    const give = (): void => {
      this.#slots.push(slot)
    }
    const answer = await this.#ask({ do: 'lock', path, more: [slot] })
    if (answer.status === '0') {
      return {
        release: async () => {
          // Where the connection is gone, so is the lock.
          await this.#ask({ do: 'unlock', more: [slot] }).catch(() => undefined)
          give()
        },
      }
    }
    give()
    if (answer.said !== '') throw failure(answer.said, path)
    if (answer.status === '1') return undefined
    throw new Error(`flock ${path}: flock(1) is not installed; it is part of util-linux and of busybox`)
  }

  #outward(): Way {
    if (this.#way === undefined) throw new Error('a shell alone leads nowhere else')
    return this.#way
  }

  async #beside(work: 'rename' | 'publish', from: string, to: string): Promise<void> {
    if (posix.dirname(from) !== posix.dirname(to))
      throw Object.assign(new Error(`${from} and ${to} are in two directories`), { code: 'EXDEV' })
    await this.#change({ do: work, path: to, more: [posix.basename(from)] })
  }

  async #change(request: Request & { readonly path: string }): Promise<void> {
    orThrow(await this.#ask({ ...request, path: posix.normalize(request.path) }), request.path)
  }

  #ask(request: Request): Promise<Answer> {
    const texts = [request.path ?? '', ...(request.words ?? [])]
    if (texts.some((text) => text.includes('\0')))
      return Promise.reject(Object.assign(new Error('NUL in a path'), { code: 'ERR_INVALID_ARG_VALUE' }))
    return this.#channel.ask(request)
  }
}
