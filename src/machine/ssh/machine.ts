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
import type { Answer, Channel, Request } from './channel.ts'
import { codeOf, failure } from './words.ts'

const DEFAULT_LIMIT = 16 * 1024 * 1024
const SLOTS = ['4', '5', '6', '7', '8', '9']

/** Who we are over there, and its clock. */
export interface Greeting {
  readonly uid: number
  readonly gid: number
  readonly name: string
  readonly home: string
  /** Its clock minus ours, in milliseconds. */
  readonly clockMs: number
  /** uname -s. */
  readonly system: string
}

/** What the connection can do beside the shell. */
export interface Way {
  dial(host: string, port: number): Promise<Duplex>
  /** A socket here that leads to the one there. */
  forward(path: string): Promise<string>
}

export async function greet(channel: Channel): Promise<Greeting> {
  const before = Date.now()
  const { body, said, status } = await channel.ask({ do: 'hello' })
  const middle = (before + Date.now()) / 2
  const [uid, gid, name = '', home = '/', seconds, system = ''] = body
    .toString('utf8')
    .split('\n')
    // What the login shell has printed before comes first.
    .slice(-7)
  if (status !== '0' || !/^\d+$/.test(uid ?? '')) throw failure(said, 'the first words over ssh')
  // Whole seconds: the clock is half of one further on average.
  const clockMs = Number(seconds) * 1000 + 500 - middle
  return {
    uid: Number(uid),
    gid: Number(gid),
    name,
    home,
    clockMs: Math.abs(clockMs) < 2000 ? 0 : clockMs,
    system,
  }
}

/** A computer that is reached over a shell: every file of it is looked at and changed through that one connection. */
export class SshMachine implements Machine {
  readonly kind = 'ssh'
  readonly platform = 'linux'
  readonly #channel: Channel
  readonly #greeting: Greeting
  readonly #slots = [...SLOTS]

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

  async os(): Promise<OsInfo> {
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
      .map((record) => this.#folderFile(record, limits))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .slice(0, limits.files)
  }

  async stat(path: string): Promise<FileInfo | undefined> {
    const answer = await this.#ask({ do: 'stat', path })
    if (isAbsent(answer)) return undefined
    const [line = '', ...link] = orThrow(answer, path).body.toString('utf8').split('\n')
    const [mode, uid, gid, size, changed] = line.split(' ')
    const bits = Number.parseInt(mode ?? '', 16)
    const kind = KINDS.get(bits & 0o170000) ?? 'other'
    return {
      kind,
      mode: bits & 0o7777,
      ...{ uid: Number(uid), gid: Number(gid), size: Number(size) },
      changedMs: Number(changed) * 1000,
      ...(kind === 'symlink' ? { linkTarget: link.slice(0, -1).join('\n') } : {}),
    }
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
    const answer = await this.#ask({ do: 'run', more: [seconds], words, data: Buffer.from(input) })
    const { body } = orThrow(answer, argv[0])
    const first = body.indexOf('\n')
    const code = body.subarray(0, first).toString('latin1')
    const [stdout = Buffer.alloc(0), stderr = Buffer.alloc(0)] = split(
      body.subarray(first + 1),
      this.#channel.mark('e\n'),
    )
    const timedOut = code === 'timeout'
    const result = { stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8'), timedOut }
    // env(1): 126 and 127 where the program cannot be started.
    if (code === '126' || code === '127')
      return { ...result, exitCode: undefined, spawnError: result.stderr.trim() }
    return { ...result, exitCode: timedOut || Number(code) > 128 ? undefined : Number(code) }
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

  #folderFile(record: Buffer, limits: FolderLimits): FolderFile {
    const [head, rest] = [record.indexOf(0), record.indexOf(0, record.indexOf(0) + 1)]
    const name = record.subarray(0, head).toString('utf8')
    const times = record
      .subarray(head + 1, rest)
      .toString('latin1')
      .split(' ')
      .map(Number)
    const changedMs = Math.max(...times.filter((time) => !Number.isNaN(time)), 0) * 1000
    const bytes = record.subarray(rest + 1)
    const failed = bytes.indexOf(this.#channel.mark('e'))
    if (failed !== -1)
      return { name, changedMs: 0, error: codeOf(bytes.subarray(0, failed).toString('utf8')) }
    return bytes.length > limits.bytes ? { name, changedMs, error: 'EFBIG' } : { name, changedMs, bytes }
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

/** stat(2), the type bits of a mode. */
const KINDS = new Map<number, FileInfo['kind']>([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o120000, 'symlink'],
])

function orThrow(answer: Answer, what: string): Answer {
  if (answer.status !== '0') throw failure(answer.said, what)
  return answer
}

function isAbsent({ status, said }: Answer): boolean {
  return status !== '0' && codeOf(said) === 'ENOENT'
}

function tooLong(path: string, limit: number): Error {
  return Object.assign(new Error(`${path} has more than ${limit} bytes`), { code: 'EFBIG' })
}

function ownerWord(owner: Owner | undefined): string {
  return owner ? `${owner.uid}:${owner.gid}` : '-'
}

function octal(mode: number): string {
  return mode.toString(8)
}

function split(bytes: Buffer, mark: string): Buffer[] {
  const parts: Buffer[] = []
  let start = 0
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, start)) {
    parts.push(bytes.subarray(start, at))
    start = at + mark.length
  }
  return [...parts, bytes.subarray(start)]
}
