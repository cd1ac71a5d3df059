import type { Duplex } from 'node:stream'
import type { Lock, Machine, OsInfo, RunOptions, RunResult, WhoAmI, Wire } from '../machine.ts'
import { osOf } from '../os-release.ts'
import { FIXED_PATH } from '../run.ts'
import { orThrow, runResult } from './answers.ts'
import type { Channel } from './channel.ts'
import { SshFiles } from './files.ts'
import type { Greeting } from './greeting.ts'
import { failure } from './words.ts'

const SLOTS = ['4', '5', '6', '7', '8', '9']

/** What the connection can do beside the shell. */
export interface Way {
  dial(host: string, port: number): Promise<Duplex>
  /** A socket here that leads to the one there. */
  forward(path: string): Promise<string>
}

/** A computer that is reached over a shell: every file of it is looked at and changed through that one connection. */
export class SshMachine extends SshFiles implements Machine {
  readonly kind = 'ssh'
  readonly platform = 'linux'
  readonly #greeting: Greeting
  readonly #slots = [...SLOTS]

  #os: Promise<OsInfo> | undefined
  readonly #sockets = new Map<string, Promise<string>>()
  readonly #way: Way | undefined
  readonly wire: Wire

  constructor(channel: Channel, greeting: Greeting, way?: Way) {
    super(channel)
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
    this.#os ??= osOf(this)
    return this.#os
  }

  async run(argv: readonly [string, ...string[]], options: RunOptions): Promise<RunResult> {
    const { input = '', timeoutMs, env = {}, as } = options
    if (as) throw new Error('over ssh nothing is run as somebody else')
    const variables = Object.entries({ PATH: FIXED_PATH, LC_ALL: 'C', ...env })
    const words = [...variables.map(([name, value]) => `${name}=${value}`), ...argv]
    const seconds = String(Math.max(1, Math.ceil(timeoutMs / 1000)))
    const answer = await this.ask({
      do: 'run',
      more: [seconds],
      words,
      data: Buffer.from(input),
      takesMs: timeoutMs,
    })
    return runResult(orThrow(answer, argv[0]).body, this.channel.mark('e\n'))
  }

  async which(program: string): Promise<string | undefined> {
    const answer = await this.ask({ do: 'which', path: program })
    return answer.status === '0' ? answer.body.toString('utf8') : undefined
  }

  async #resolve(host: string): Promise<readonly string[] | undefined> {
    const { body, status } = await this.ask({ do: 'resolve', path: host })
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
    const answer = await this.ask({ do: 'lock', path, more: [slot] })
    if (answer.status === '0') {
      return {
        release: async () => {
          // Where the connection is gone, so is the lock.
          await this.ask({ do: 'unlock', more: [slot] }).catch(() => undefined)
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
}
