import { errorCode, errorText } from '../errors.ts'
import { wantsClientCertificate } from './certificate-request.ts'
import { lookClientCas } from './client-cas.ts'
import { openTls, resolve, type Limits } from './connect.ts'
import type { AiaFetch, Failure, Observation, Ping } from './observation.ts'
import { openFirst, type Told } from './open.ts'
import { lookElsewhere } from './other-addresses.ts'
import { ping, speaksV1 } from './ping.ts'
import { lookAtRealms } from './realm-look.ts'
import type { Target } from './reference.ts'
import { isOfAnotherHost, lookUnnamed } from './unnamed.ts'

/** What goes on beside the look, as soon as there is enough to go by: the wire is what a look waits for. */
export interface Beside extends Told {
  /** The chain has come: finds the issuers that it lacks while `/v2/` is asked. */
  readonly issuers?: (sent: readonly Buffer[], addresses: readonly string[]) => Promise<readonly AiaFetch[]>
  /** Something else was to be expected: what does the server show to clients that name none? */
  readonly doubtful?: (sent: readonly Buffer[]) => boolean
}

/**
 * One look at a registry:
 *   1. resolve the name;
 *   2. connect and shake hands, keeping the chain as it was sent;
 *   3. `GET /v2/` on the same connection, with the server's clock, and beside it the missing issuers and the chains of
 *      the name's other addresses; where the chain is in doubt, also the one without a server name;
 *   4. a handshake with each token service that the challenges name;
 *   5. where `/v2/` is unknown, `GET /v1/_ping`, to name a registry of the first generation; where a client certificate is
 *      wanted, whose.
 * Never throws for what the network does: that is what an Observation is for.
 */
export async function probe(target: Target, limits: Limits, beside: Beside = {}): Promise<Observation> {
  const proxy = limits.proxyFor?.(target)?.shown
  const through = proxy === undefined ? {} : { proxy }
  const blank = { target, addresses: [], ...through, sent: [], fetched: [] } satisfies Observation
  let addresses: readonly string[]
  try {
    addresses = await resolve(target, limits)
  } catch (error) {
    if (limits.signal?.aborted) throw error
    return { ...blank, failure: resolveFailure(error, target) }
  }
  const issuersOf = (sent: readonly Buffer[]): Promise<readonly AiaFetch[]> =>
    sent.length > 0 && beside.issuers ? beside.issuers(sent, addresses) : Promise.resolve([])
  const opened = await openFirst(target, addresses, limits, beside)
  const clientCas = async (address: string | undefined, failure?: Failure, answer?: Ping) => {
    if (address === undefined || !wantsClientCertificate(failure, answer)) return {}
    const found = await lookClientCas(target, address, limits)
    return found === undefined ? {} : { clientCas: found }
  }
  if ('failure' in opened) {
    const [fetched, asked] = await Promise.all([
      issuersOf(opened.sent ?? []),
      clientCas(opened.address, opened.failure),
    ])
    return { ...blank, addresses, ...opened, ...asked, fetched }
  }
  const { connection } = opened
  const { address, tlsVersion, sent } = connection
  const doubtful = isOfAnotherHost(sent, target) || beside.doubtful?.(sent) === true
  const [answer, fetched, others, unnamed] = await Promise.all([
    ping(target, connection, limits),
    issuersOf(sent),
    lookElsewhere(target, addresses, address, limits),
    doubtful ? lookUnnamed(target, address, limits) : undefined,
  ])
  const seen = { ...blank, addresses, address, tlsVersion, sent, fetched }
  const challenges = answer.ping?.status === 401 ? answer.ping.challenges : []
  const realms = await lookAtRealms(target, challenges, { sent, addresses: [address, ...addresses] }, limits)
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
    ...(others.length === 0 ? {} : { others }),
    ...(unnamed === undefined ? {} : { unnamed }),
    ...(realms.length === 0 ? {} : { realms }),
    ...(answer.date === undefined ? {} : { clockSkewSeconds: skewSeconds(answer.date, answer.midpoint) }),
    ...(await clientCas(address, failure, answer.ping)),
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
