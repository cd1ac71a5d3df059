import { isIP, type LookupFunction } from 'node:net'
import type { Client } from './http.ts'
import { errorText } from '../errors.ts'
import { certificatesFromPkcs7, parseCertificate, type CertPool, type Certificate } from '../x509/index.ts'
import { isSelfSigned, isSignedBy } from '../x509/index.ts'
import { mayCall } from './addresses.ts'
import type { Limits, Wire } from './connect.ts'
import { within } from './deadline.ts'
import { lookUp } from './look-up.ts'
import type { AiaFetch } from './observation.ts'
import { overWire } from './over-wire.ts'

const MAX_FETCHES = 3
const MAX_BYTES = 64 * 1024
const MAX_MS = 5000
/** As many as Go checks for one chain: certificates of one name can ask for thousands. */
const MAX_SIGNATURES = 100

/**
 * Climbs from the last certificate whose issuer was not sent, by its "CA issuers" address
 * (RFC 5280 section 4.2.2.1), until an issuer is known here, is self-signed, or the limits are met.
 * What it brings proves nothing by itself.
 */
export async function climb(
  sent: readonly Certificate[],
  known: CertPool,
  registryAddresses: readonly string[],
  limits: Limits,
): Promise<readonly AiaFetch[]> {
  const fetched: AiaFetch[] = []
  const pool: Certificate[] = [...sent]
  const isParent = parentTest(MAX_SIGNATURES)
  let top = topOf(pool, isParent)
  while (top && fetched.length < MAX_FETCHES && !isSelfSigned(top) && !isKnown(top, known)) {
    const url = top.caIssuers.find((address) => /^https?:\/\//i.test(address))
    if (url === undefined || fetched.some((entry) => entry.url === url)) break
    const answer = await fetchIssuers(url, top.sha256, registryAddresses, limits)
    fetched.push(answer)
    const parsed = answer.certificates.flatMap(parseOrSkip)
    if (parsed.length === 0) break
    pool.push(...parsed)
    const next = topOf(pool, isParent)
    if (next?.sha256 === top.sha256) break
    top = next
  }
  return fetched
}

type ParentTest = (child: Certificate, parent: Certificate) => boolean

/** By name, and then by signature as long as the budget lasts. */
function parentTest(budget: number): ParentTest {
  let left = budget
  return (child, parent) =>
    parent.rawSubject.equals(child.rawIssuer) && left-- > 0 && isSignedBy(child, parent)
}

/** The highest certificate that a walk by name and signature reaches from the leaf. */
function topOf(certificates: readonly Certificate[], isParent: ParentTest): Certificate | undefined {
  let current = certificates[0]
  const seen = new Set<string>()
  while (current && !seen.has(current.sha256)) {
    seen.add(current.sha256)
    const child: Certificate = current
    const parent = certificates.find((other) => !seen.has(other.sha256) && isParent(child, other))
    if (!parent) return current
    current = parent
  }
  return current
}

function isKnown(certificate: Certificate, known: CertPool): boolean {
  return known.findCandidates(certificate).some((parent) => isSignedBy(certificate, parent))
}

function parseOrSkip(der: Buffer): Certificate[] {
  try {
    return [parseCertificate(der)]
  } catch {
    return []
  }
}

/** One bounded GET: http and https only, no redirects, no credentials, DER or PKCS#7. */
async function fetchIssuers(
  url: string,
  namedBy: string,
  registryAddresses: readonly string[],
  limits: Limits,
): Promise<AiaFetch> {
  const ms = Math.min(limits.timeoutMs, MAX_MS)
  let client: Client | undefined
  try {
    const parsed = new URL(url)
    if (parsed.username !== '' || parsed.password !== '') throw new Error('the address holds a user name')
    const address = await permittedAddress(parsed, registryAddresses, ms, limits.signal, limits.wire)
    const undici = await import('./http.ts')
    client = new undici.Client(parsed.origin, {
      headersTimeout: ms,
      bodyTimeout: ms,
      // The address that was checked is the one that is called, whatever DNS says a moment later.
      connect: limits.wire
        ? overWire(limits.wire, parsed, address, ms, limits.signal)
        : { timeout: ms, lookup: pinned(address), rejectUnauthorized: false },
    })
    const body = await within(ms, `AIA ${url}`, limits.signal, download(parsed, client))
    return { url, namedBy, certificates: await decode(body) }
  } catch (error) {
    if (limits.signal?.aborted) throw error
    return { url, namedBy, certificates: [], error: errorText(error) }
  } finally {
    client?.destroy().catch(() => undefined)
  }
}

async function permittedAddress(
  url: URL,
  registryAddresses: readonly string[],
  ms: number,
  signal: AbortSignal | undefined,
  wire: Wire | undefined,
): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const limits = { timeoutMs: ms, ...(signal ? { signal } : {}), ...(wire ? { wire } : {}) }
  const [address = ''] = isIP(host) ? [host] : await lookUp(host, 'AIA name look-up', limits)
  if (!mayCall(address, registryAddresses))
    throw new Error(`${address} is not asked: local or metadata address`)
  return address
}

function pinned(address: string): LookupFunction {
  const family = isIP(address)
  return (_host, options, done) => {
    if (options.all) done(null, [{ address, family }])
    else done(null, address, family)
  }
}

async function download(url: URL, client: Client): Promise<Buffer> {
  const answer = await client.request({
    method: 'GET',
    path: `${url.pathname}${url.search}`,
    headers: { 'user-agent': 'trust-registry' },
  })
  if (answer.statusCode !== 200) {
    // Without a listener the abort of the body would end the process.
    answer.body.on('error', () => undefined).destroy()
    throw new Error(`HTTP status ${answer.statusCode}`)
  }
  const parts: Buffer[] = []
  let size = 0
  for await (const part of answer.body as AsyncIterable<Buffer>) {
    size += part.length
    if (size > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

async function decode(body: Buffer): Promise<readonly Buffer[]> {
  const first = parseOrSkip(body)
  if (first.length > 0) return [body]
  return certificatesFromPkcs7(body)
}
