import { errorCode, errorText } from '../errors.ts'
import { openTls, resolve, type Connection, type Limits } from './connect.ts'
import { classifyPlain, dialFailure, isDialError, tlsFailure } from './failures.ts'
import type { Failure, Observation } from './observation.ts'
import { ping, speaksV1 } from './ping.ts'
import type { Target } from './reference.ts'

/**
 * One look at a registry:
 *   1. resolve the name;
 *   2. connect and shake hands, keeping the chain as it was sent;
 *   3. `GET /v2/` on the same connection, with the server's clock;
 *   4. where that is unknown, `GET /v1/_ping`, to name a registry of the first generation.
 * Never throws for what the network does: that is what an Observation is for.
 */
export async function probe(target: Target, limits: Limits): Promise<Observation> {
  const blank = { target, addresses: [], sent: [], fetched: [] } satisfies Observation
  let addresses: readonly string[]
  try {
    addresses = await resolve(target, limits)
  } catch (error) {
    if (limits.signal?.aborted) throw error
    return { ...blank, failure: resolveFailure(error, target) }
  }
  const opened = await openFirst(target, addresses, limits)
  if ('failure' in opened) return { ...blank, addresses, ...opened }

  const { connection } = opened
  const { address, tlsVersion, sent } = connection
  const seen = { ...blank, addresses, address, tlsVersion, sent }
  const answer = await ping(target, connection, limits)
  const v1 = answer.ping?.status === 404 && (await isV1(target, address, limits))
  const tooOld: Failure | undefined = /^TLSv1(\.1)?$|^SSL/.test(tlsVersion)
    ? {
        code: 'tls-too-old',
        stage: 'tls',
        detail: `the server speaks ${tlsVersion} at best`,
        goError: 'remote error: tls: protocol version not supported',
      }
    : undefined
  const failure = tooOld ?? answer.failure
  return {
    ...seen,
    ...(answer.ping ? { ping: { ...answer.ping, ...(v1 ? { v1 } : {}) } } : {}),
    ...(answer.date === undefined ? {} : { clockSkewSeconds: skewSeconds(answer.date, answer.midpoint) }),
    ...(failure ? { failure } : {}),
  }
}

async function isV1(target: Target, address: string, limits: Limits): Promise<boolean> {
  const connection = await openTls(target, address, limits).catch((error: unknown) => {
    if (limits.signal?.aborted) throw error
    return undefined
  })
  return connection !== undefined && speaksV1(target, connection, limits)
}

// `Date` drops what is left of the second, so the server's clock was half a second further on average.
function skewSeconds(date: number, midpoint: number): number {
  return Math.round((date + 500 - midpoint) / 1000) || 0
}

type Opened =
  | { readonly connection: Connection }
  | { readonly failure: Failure; readonly address?: string; readonly sent?: readonly Buffer[] }

async function openFirst(target: Target, addresses: readonly string[], limits: Limits): Promise<Opened> {
  let failed: Opened = { failure: { code: 'name-not-resolved', stage: 'resolve', detail: 'no address' } }
  for (const address of addresses) {
    try {
      return { connection: await openTls(target, address, limits) }
    } catch (error) {
      if (limits.signal?.aborted) throw error
      if (isDialError(error)) {
        failed = { failure: dialFailure(error, target, address), address }
        continue
      }
      return await handshakeFailed(error, target, address, limits)
    }
  }
  return failed
}

async function handshakeFailed(
  error: unknown,
  target: Target,
  address: string,
  limits: Limits,
): Promise<Opened> {
  const sent = sentBefore(error)
  const named = tlsFailure(error)
  if (named.code === 'timeout') {
    const connected = await classifyPlain(target, address, limits)
    return { failure: connected ?? named, address }
  }
  // An alert is TLS: only what never spoke it is asked again.
  const alert = named.code !== 'not-tls' && errorCode(error)?.startsWith('ERR_SSL_') === true
  if (sent.length === 0 && !alert && (named.code === 'not-tls' || named.code === 'tls-handshake-failed')) {
    const plain = await classifyPlain(target, address, limits)
    if (plain) return { failure: plain, address }
  }
  // TLS 1.2 with OpenSSL: the chain came, the client's answer displeased, and no better alert exists.
  const wanted = sent.length > 0 && named.goError?.endsWith('handshake failure') === true
  return { failure: wanted ? { ...named, code: 'client-certificate-required' } : named, address, sent }
}

function sentBefore(error: unknown): readonly Buffer[] {
  if (typeof error !== 'object' || error === null || !('sent' in error)) return []
  return Array.isArray(error.sent) ? error.sent.filter((item) => Buffer.isBuffer(item)) : []
}

const resolverWords: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name server does not answer',
}

// Go's resolver names the server it asked; which one that is, the daemon knows and we do not.
function resolveFailure(error: unknown, target: Target): Failure {
  const code = errorCode(error)
  if (code === 'ETIMEDOUT') {
    return { code: 'timeout', stage: 'resolve', detail: errorText(error) }
  }
  return {
    code: 'name-not-resolved',
    stage: 'resolve',
    detail: resolverWords[code ?? ''] ?? errorText(error),
    ...(code === 'ENOTFOUND' ? { goError: `dial tcp: lookup ${target.host}: no such host` } : {}),
  }
}
