import { errorCode } from '../errors.ts'
import { openTls, type Connection, type Limits } from './connect.ts'
import { classifyPlain, dialFailure, isDialError, tlsFailure } from './failures.ts'
import type { Failure } from './observation.ts'
import type { Target } from './reference.ts'

/** Go's least share of a deadline for one address of several (net/dial.go saneMinimum). */
const MIN_DIAL_MS = 2000

/** Who waits for what, on the way to an open connection. */
export interface Told {
  /** The first packet is on its way: a round trip's time for work of this machine. */
  readonly dialled?: () => void
  /** Something is there. */
  readonly connected?: () => void
}

export type Opened =
  | { readonly connection: Connection }
  | { readonly failure: Failure; readonly address?: string; readonly sent?: readonly Buffer[] }

/**
 * TLS to the first address that answers. All of them together have one timeout to connect within, and what
 * connects and then says nothing has one more: a dead registry is paid for once.
 */
export async function openFirst(
  target: Target,
  addresses: readonly string[],
  limits: Limits,
  tell: Told = {},
): Promise<Opened> {
  // Through a proxy there is one way only, and the addresses are not ours to choose.
  const ways = limits.proxyFor?.(target) ? [addresses[0] ?? target.host] : addresses
  let failed: Opened = { failure: { code: 'name-not-resolved', stage: 'resolve', detail: 'no address' } }
  const until = Date.now() + limits.timeoutMs
  for (const [index, address] of ways.entries()) {
    // A fair share of what is left each (net/dial.go partialDeadline).
    const left = Math.max(until - Date.now(), 1)
    const share = Math.min(left, Math.max(left / (ways.length - index), MIN_DIAL_MS))
    const plain = plainLook(target, address, limits)
    try {
      const opening = openTls(target, address, { ...limits, dialMs: share }, () => {
        tell.connected?.()
        plain.start()
      })
      // Node dials when all that is ready to run has run: what is told now would come first.
      setImmediate(() => tell.dialled?.())
      return { connection: await opening }
    } catch (error) {
      if (limits.signal?.aborted) throw error
      if (!isDialError(error)) return await handshakeFailed(error, target, address, limits, plain)
      failed = { failure: dialFailure(error, target, address), address }
    } finally {
      plain.stop()
    }
  }
  return failed
}

interface PlainLook {
  /** The connection stands: from now on the server's silence counts. */
  readonly start: () => void
  readonly stop: () => void
  readonly answer: () => Promise<Failure | undefined>
}

/** Asks in plain what has said nothing for half of its time, so that the answer is there when the time is over. */
function plainLook(target: Target, address: string, limits: Limits): PlainLook {
  const half = limits.timeoutMs / 2
  let timer: NodeJS.Timeout | undefined
  let asked: Promise<Failure | undefined> | undefined
  return {
    start: () => {
      timer = setTimeout(() => {
        asked = classifyPlain(target, address, { ...limits, timeoutMs: half })
        asked.catch(() => undefined)
      }, half)
    },
    stop: () => {
      clearTimeout(timer)
    },
    answer: () => asked ?? Promise.resolve(undefined),
  }
}

async function handshakeFailed(
  error: unknown,
  target: Target,
  address: string,
  limits: Limits,
  plain: PlainLook,
): Promise<Opened> {
  const sent = sentBefore(error)
  const named = tlsFailure(error)
  if (named.code === 'timeout') return { failure: (await plain.answer()) ?? named, address }
  // An alert is TLS: only what never spoke it is asked again.
  const alert = named.code !== 'not-tls' && errorCode(error)?.startsWith('ERR_SSL_') === true
  if (sent.length === 0 && !alert && (named.code === 'not-tls' || named.code === 'tls-handshake-failed')) {
    const other = await classifyPlain(target, address, limits)
    if (other) return { failure: other, address }
  }
  // TLS 1.2 with OpenSSL: the chain came, the client's answer displeased, and no better alert exists.
  const wanted = sent.length > 0 && named.goError?.endsWith('handshake failure') === true
  return { failure: wanted ? { ...named, code: 'client-certificate-required' } : named, address, sent }
}

/** What had come of the chain when the handshake failed. */
export function sentBefore(error: unknown): readonly Buffer[] {
  if (typeof error !== 'object' || error === null || !('sent' in error)) return []
  return Array.isArray(error.sent) ? error.sent.filter((item) => Buffer.isBuffer(item)) : []
}
