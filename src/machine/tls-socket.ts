import { createServer, type Server, type Socket } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'

/** A daemon behind TLS on both sides: `dockerd --tlsverify`. */
export interface TlsDaemon {
  readonly host: string
  readonly port: number
  /** PEM. */
  readonly ca: Buffer
  readonly cert: Buffer
  readonly key: Buffer
}

const DIAL_MS = 10_000

/**
 * A socket on this computer that leads to a daemon behind TLS, so that it is spoken to like any other. Its certificate
 * is checked against the one CA, name and all; the folder is ours alone.
 */
export class TlsSocket {
  readonly path: string
  readonly #folder: string
  readonly #server: Server
  readonly #open = new Set<Socket | TLSSocket>()

  private constructor(folder: string, daemon: TlsDaemon) {
    this.#folder = folder
    this.path = join(folder, 's')
    this.#server = createServer((near) => {
      const far = connect({ ...daemon, timeout: DIAL_MS }, () => far.setTimeout(0))
      far.on('timeout', () => far.destroy())
      for (const [end, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#open.add(end)
        end.on('error', () => other.destroy())
        end.on('close', () => {
          this.#open.delete(end)
          other.destroy()
        })
      }
      near.pipe(far).pipe(near)
    })
  }

  static async open(daemon: TlsDaemon): Promise<TlsSocket> {
    const socket = new TlsSocket(await mkdtemp(join(tmpdir(), 'trust-registry-')), daemon)
    try {
      await new Promise<void>((done, failed) => {
        socket.#server.once('error', failed)
        socket.#server.listen(socket.path, done)
      })
    } catch (error) {
      await socket.close()
      throw error
    }
    return socket
  }

  /** Why the daemon cannot be reached that way; undefined where TLS stands on both sides. */
  static async problem(daemon: TlsDaemon, timeoutMs: number): Promise<string | undefined> {
    let socket: TLSSocket | undefined
    try {
      // A damaged certificate or key, and no such port, are thrown at once.
      const far = (socket = connect({ ...daemon, timeout: timeoutMs }))
      await new Promise<void>((done, failed) => {
        far.once('secureConnect', done)
        far.once('error', failed)
        far.once('timeout', () => {
          failed(new Error(`no answer within ${timeoutMs / 1000} s`))
        })
      })
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    } finally {
      socket?.destroy()
    }
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const end of this.#open) end.destroy()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
