import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { FIXED_PATH } from '../run.ts'
import { dialError, streamOf, type Child } from './stream.ts'

/** Where a machine is, in the words of ssh(1). */
export interface SshPlace {
  /** `user@host`, `host`, or an alias of ssh_config. */
  readonly destination: string
  readonly port?: number
  readonly identity?: string
}

export interface LinkOptions {
  readonly timeoutMs: number
  /** Whether ssh may ask at the terminal: for a password, or whether a new host is the right one. */
  readonly interactive: boolean
  readonly env: Readonly<Record<string, string | undefined>>
}

/** ssh could not get there; `said` are its own words. */
export class SshError extends Error {
  readonly said: string
  constructor(said: string) {
    super(said.trim().split('\n').at(-1) ?? 'ssh ended without a word')
    this.name = 'SshError'
    this.said = said
  }
}

/** Held open by nobody for this long, the connection ends by itself, whatever became of us. */
const IDLE_SECONDS = 30
const MAX_LOG = 256 * 1024
/** What ssh needs of our environment: its agent, the user's configuration, and a terminal to ask at. */
const ENVIRONMENT = [
  'HOME',
  'USER',
  'LOGNAME',
  'SSH_AUTH_SOCK',
  'SSH_ASKPASS',
  'SSH_ASKPASS_REQUIRE',
  'DISPLAY',
  'TERM',
]
/** The user's ssh_config says how to get there, and nothing of what is done there. Keys of hosts are checked as it says. */
const FIXED = {
  ControlPersist: String(IDLE_SECONDS),
  ServerAliveInterval: '5',
  ServerAliveCountMax: '6',
  RemoteCommand: 'none',
  RequestTTY: 'no',
  PermitLocalCommand: 'no',
  ForwardAgent: 'no',
  ForwardX11: 'no',
  ClearAllForwardings: 'yes',
  StreamLocalBindMask: '0177',
  LogLevel: 'INFO',
  EscapeChar: 'none',
} as const

/** One connection of the system's OpenSSH client, and what goes through it. */
export class SshLink {
  readonly #folder: string
  readonly #place: SshPlace
  readonly #options: LinkOptions
  readonly #children = new Set<Child>()
  #forwards = 0

  private constructor(folder: string, place: SshPlace, options: LinkOptions) {
    this.#folder = folder
    this.#place = place
    this.#options = options
  }

  /** @throws SshError */
  static async open(place: SshPlace, options: LinkOptions): Promise<SshLink> {
    const link = new SshLink(await mkdtemp(join(tmpdir(), 'trust-registry-')), place, options)
    try {
      await link.#finish(
        ['-o', 'ControlMaster=yes', '-f', '-N'],
        options.interactive ? 300_000 : options.timeoutMs * 2,
      )
      return link
    } catch (error) {
      await link.close()
      throw error
    }
  }

  /** A command over there, as its login shell reads it; never anything but our own fixed words. */
  async exec(command: string): Promise<Child> {
    return this.#start([], [command])
  }

  /** A stream to a port, as the far side sees it: its resolver, its hosts file, its routes. */
  async dial(host: string, port: number): Promise<Duplex> {
    const target = `${host.includes(':') ? `[${host}]` : host}:${port}`
    const child = await this.#start(['-W', target])
    const before = await this.#log()
    const stream = streamOf(child)
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4096)))
    // The log says why, and may say it of another stream as well.
    child.once('exit', (status) => {
      if (status === 0 || stream.readableDidRead || stream.destroyed) return
      void this.#log().then((log) => {
        stream.destroy(dialError(log.slice(before.length) + said, target))
      })
    })
    return stream
  }

  /** A socket here that leads to a socket there. */
  async forward(path: string): Promise<string> {
    this.#forwards += 1
    const here = join(this.#folder, `s${this.#forwards}`)
    await this.#finish(
      ['-o', 'ClearAllForwardings=no', '-O', 'forward', '-L', `${here}:${path}`],
      this.#options.timeoutMs,
    )
    return here
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill()
    await this.#finish(['-O', 'exit'], 2000).catch(() => undefined)
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #start(flags: readonly string[], command: readonly string[] = []): Promise<Child> {
    const { spawn } = await import('node:child_process')
    const { timeoutMs, interactive, env } = this.#options
    const { destination, port, identity } = this.#place
    const words = [
      ...['-S', join(this.#folder, 'c'), '-E', join(this.#folder, 'log')],
      ...flags,
      ...Object.entries(FIXED).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
      ...['-o', `ConnectTimeout=${Math.ceil(timeoutMs / 1000)}`],
      ...['-o', `BatchMode=${interactive ? 'no' : 'yes'}`],
      ...(port === undefined ? [] : ['-p', String(port)]),
      ...(identity === undefined ? [] : ['-i', identity, '-o', 'IdentitiesOnly=yes']),
      ...['--', destination, ...command],
    ]
    const kept = ENVIRONMENT.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]))
    const child = spawn('ssh', words, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: FIXED_PATH, LC_ALL: 'C', ...Object.fromEntries(kept) },
      // Ctrl-C is for us to hear: what is under way has to be taken back over this very connection.
      detached: !(interactive && flags.includes('-N')),
    })
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    child.stdin.on('error', () => undefined)
    return child
  }

  /** Runs ssh to its end. */
  async #finish(flags: readonly string[], ms: number): Promise<void> {
    const child = await this.#start(flags)
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4096)))
    child.stdin.end()
    const timer = setTimeout(() => child.kill('SIGKILL'), ms)
    try {
      // Not its pipes' end: what goes into the background keeps them.
      const [status] = (await once(child, 'exit')) as [number | null]
      if (status !== 0)
        throw new SshError(
          (await this.#lastWords(said)) || (status === null ? 'ssh: Connection timed out' : ''),
        )
    } catch (error) {
      if (error instanceof SshError || child.pid !== undefined) throw error
      throw new SshError('ssh: the program is not installed')
    } finally {
      clearTimeout(timer)
      child.stdout.destroy()
      child.stderr.destroy()
    }
  }

  async #lastWords(said: string): Promise<string> {
    return `${(await this.#log()).slice(-MAX_LOG)}${said}`.replaceAll('\r', '')
  }

  #log(): Promise<string> {
    return readFile(join(this.#folder, 'log'), 'utf8').catch(() => '')
  }
}
