import { verifySent, type CertPool, type GoVersion } from '../x509/index.ts'
import { openTls, resolve, type Connection, type Limits } from './connect.ts'
import { exchange, type Answer, type Ask } from './exchange.ts'
import { isDialError } from './failures.ts'
import type { Target } from './reference.ts'

/** Whose eyes judge a server before anything secret is sent: the engine's pool, by the engine's Go. */
export interface Eyes {
  readonly roots: CertPool
  readonly go?: GoVersion
  readonly at: Date
}

/** The chain would not do for the engine: nothing was sent. The message is Go's. */
export class UntrustedError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UntrustedError'
  }
}

/**
 * One request over a connection of its own whose chain our Go verifier has accepted, never Node's; TLS 1.2 at least.
 * The addresses that `choose` lets pass are the ones that are called, whatever the resolver says a moment later.
 * @throws UntrustedError, the socket's error, or DeadlineError
 */
export async function askVerified(
  target: Target,
  ask: Ask,
  eyes: Eyes,
  limits: Limits,
  choose: (addresses: readonly string[]) => readonly string[] = (all) => all,
): Promise<Answer> {
  const connection = await openAny(target, choose(await resolve(target, limits)), limits)
  const answer = verifySent(connection.sent, { host: target.host, ...eyes })
  if (!answer.ok) {
    connection.socket.destroy()
    throw new UntrustedError(answer.message)
  }
  ask.sending?.()
  return exchange(target, connection, ask, limits).catch((error: unknown) => {
    // undici only says that the other side closed; the alert of TLS 1.3 is the socket's.
    throw limits.signal?.aborted ? error : (connection.socketError() ?? error)
  })
}

async function openAny(target: Target, addresses: readonly string[], limits: Limits): Promise<Connection> {
  let failed: unknown = new Error('no address')
  const ways = limits.proxyFor?.(target) ? [addresses[0] ?? target.host] : addresses
  for (const address of ways) {
    try {
      return await openTls(target, address, { ...limits, modern: true })
    } catch (error) {
      if (limits.signal?.aborted || !isDialError(error)) throw error
      failed = error
    }
  }
  throw failed
}
