import { CertPool, isSelfSigned, parseCertificate, verify, type Certificate } from '../x509/index.ts'
import { authorityFindings, isProven, missingLinks } from './authority.ts'
import { judgeEngine, type EngineVerdict, type Refusal } from './engine.ts'
import type { Evidence } from './evidence.ts'
import { chainFaults, findingCode, hypotheticalTrust, servingFaults } from './faults.ts'
import type { ChainLink, Consumer, Finding, Judgement, Severity } from './judgement.ts'
import { networkFindings } from './network.ts'
import { opensslError } from './openssl.ts'
import { chainOf, pathsUp, type Sources } from './path.ts'
import { registryFindings } from './registry.ts'

/**
 * From what was seen to what is wrong, for whom, and who has to act:
 *   1. read the certificates and draw every path up from the leaf;
 *   2. ask what each engine makes of them;
 *   3. name the faults: of the network, the chain, the authority, the registry, the machine;
 *   4. mark the one that Docker prints, and tell whether this machine can mend it.
 */
export function judge(evidence: Evidence): Judgement {
  const { observation, at } = evidence
  const { host, registry } = observation.target
  const sent = observation.sent.flatMap(parseOrSkip)
  const sources: Sources = {
    sent,
    fetched: observation.fetched.flatMap((fetch) => fetch.certificates).flatMap(parseOrSkip),
    given: evidence.given,
    store: CertPool.union(evidence.store, ...evidence.engines.map((engine) => engine.trust.pool)),
  }
  const paths = pathsUp(sources)
  const path = paths[0] ?? []

  const engines = evidence.engines.map((engine) => judgeEngine(evidence, engine, sent))
  const refusing = engines.find((engine) => engine.refusal !== undefined)
  const refusal = refusing?.refusal ?? (engines.length === 0 ? storeError(evidence, sent) : undefined)
  const pool = refusing?.pool ?? engines[0]?.pool ?? evidence.store
  const question = {
    registry,
    host,
    at,
    sent,
    fetched: observation.fetched,
    path,
    store: evidence.store,
    pool,
    ...(refusal?.hint ? { hint: refusal.hint } : {}),
  }

  const authority = refusal?.kind === 'unknown-authority' ? authorityFindings(question) : []
  const faults = chainFaults({ host, at, sent, path })
  const found = [
    ...networkFindings(observation),
    ...malformed(observation.sent),
    ...authority,
    ...(refusal?.kind === 'weak-key' ? [keyFault(refusal)] : []),
    ...faults,
    ...servingFaults(sent, path),
    ...registryFindings(observation),
    ...engines.flatMap((engine) => engine.findings),
  ]
  const mended = isMendable(evidence, sent, path)
  const clock = clockDecides(evidence, sent, path)
  return {
    findings: order(markFirst(clock ? found.map(clockFault) : found, refusal)),
    consumers: [...engines.map((engine) => engine.consumer), ...systemConsumer(evidence, sources, paths)],
    chain: chainOf(sources, path),
    path,
    candidates: candidatesOf(paths),
    missing: missingLinks(path, pool).map((link) => link.certificate),
    proven: isProven(question),
    ownerMustAct: ownerMustAct(found, engines) || (sent.length > 0 && !mended && !clock),
  }
}

function parseOrSkip(der: Buffer): Certificate[] {
  try {
    return [parseCertificate(der)]
  } catch {
    return []
  }
}

function malformed(sent: readonly Buffer[]): readonly Finding[] {
  return sent.flatMap((der, index): Finding[] => {
    try {
      parseCertificate(der)
      return []
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      const message = `certificate ${index + 1} of ${sent.length} that the server sends cannot be read: ${text}`
      return [{ code: 'malformed-certificate', severity: 'error', owner: 'registry', message }]
    }
  })
}

function keyFault(refusal: Refusal): Finding {
  return {
    code: 'weak-key',
    severity: 'error',
    owner: 'registry',
    ...(refusal.certificate ? { certificate: refusal.certificate.sha256 } : {}),
    message: refusal.message.replace(/^tls: /, ''),
    fix: 'reissue the certificate with an RSA key of 2048 to 8192 bits, or P-256',
  }
}

function storeError(evidence: Evidence, sent: readonly Certificate[]): Refusal | undefined {
  const leaf = sent[0]
  if (!leaf) return undefined
  const { host } = evidence.observation.target
  const intermediates = CertPool.of(...sent.slice(1))
  const answer = verify(leaf, { host, at: evidence.at, intermediates, roots: evidence.store })
  return answer.ok ? undefined : answer.error
}

/** Whether trust in the path's top would be enough. */
function isMendable(
  evidence: Evidence,
  sent: readonly Certificate[],
  path: readonly ChainLink[],
  at?: Date,
): boolean {
  const leaf = sent[0]
  if (!leaf) return false
  const others = [...sent.slice(1), ...path.slice(1).map((link) => link.certificate)]
  return verify(leaf, {
    host: evidence.observation.target.host,
    at: at ?? evidence.at,
    intermediates: CertPool.of(...others),
    roots: CertPool.union(evidence.store, hypotheticalTrust(path)),
  }).ok
}

/** Whether the chain would hold by the registry's clock, and fails only by ours. */
function clockDecides(evidence: Evidence, sent: readonly Certificate[], path: readonly ChainLink[]): boolean {
  const skew = evidence.observation.clockSkewSeconds ?? 0
  if (Math.abs(skew) <= 300 || isMendable(evidence, sent, path)) return false
  return isMendable(evidence, sent, path, new Date(evidence.at.getTime() + skew * 1000))
}

function clockFault(finding: Finding): Finding {
  if (finding.code === 'clock-skew') return { ...finding, severity: 'error' }
  if (finding.code === 'expired' || finding.code === 'not-yet-valid') {
    return {
      ...finding,
      owner: 'machine',
      fix: 'timedatectl set-ntp true',
      message: `${finding.message} by this machine's clock, which differs from the registry's`,
    }
  }
  return finding
}

const OWNER_ONLY = new Set([
  'plain-http',
  'not-tls',
  'tls-too-old',
  'tls-handshake-failed',
  'not-a-registry',
  'bad-challenge',
])

function ownerMustAct(findings: readonly Finding[], engines: readonly EngineVerdict[]): boolean {
  // A loopback registry may speak plain HTTP: Docker falls back to it there.
  if (engines.some((engine) => engine.unchecked !== undefined)) return false
  return findings.some((finding) => finding.severity === 'error' && OWNER_ONLY.has(finding.code))
}

/** The issuing CAs of candidate paths, and a leaf that signed itself. */
function candidatesOf(paths: readonly (readonly ChainLink[])[]): readonly ChainLink[] {
  const found = new Map<string, ChainLink>()
  for (const path of paths) {
    for (const [index, link] of path.entries()) {
      const eligible =
        index > 0 ? link.certificate.isCA || isSelfSigned(link.certificate) : isSelfSigned(link.certificate)
      if (eligible && !found.has(link.certificate.sha256)) found.set(link.certificate.sha256, link)
    }
  }
  return [...found.values()]
}

function systemConsumer(
  evidence: Evidence,
  sources: Sources,
  paths: readonly (readonly ChainLink[])[],
): readonly Consumer[] {
  if (sources.sent.length === 0) return []
  const { target } = evidence.observation
  const error = opensslError({
    host: target.host,
    hostIsAddress: target.kind !== 'name',
    at: evidence.at,
    sent: sources.sent,
    paths,
    store: evidence.store,
  })
  const base = { name: 'system', required: false }
  if (error === undefined) return [{ ...base, state: 'trusted', trusted: true }]
  return [{ ...base, state: 'refused', trusted: false, predictedError: error }]
}

/** Go stops at one fault: the finding of its kind is the one that Docker prints. */
function markFirst(findings: readonly Finding[], refusal: Refusal | undefined): readonly Finding[] {
  if (!refusal || findings.some((finding) => finding.first)) return findings
  const authority = new Set([
    'missing-intermediate',
    'rotated-ca',
    'self-signed',
    'unknown-authority',
    'weak-signature',
    'weak-key',
    'issuer-not-ca',
  ])
  const code = findingCode(refusal.kind)
  const isIt = (finding: Finding): boolean =>
    finding.code === code || (code === 'unknown-authority' && authority.has(finding.code))
  const at = refusal.certificate?.sha256
  const exact = findings.findIndex(
    (finding) => isIt(finding) && at !== undefined && finding.certificate === at,
  )
  const index = exact >= 0 ? exact : findings.findIndex(isIt)
  return findings.map((finding, position) =>
    position === index ? { ...finding, first: true as const } : finding,
  )
}

const RANK: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 }

function order(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort(
    (a, b) => RANK[a.severity] - RANK[b.severity] || Number(b.first ?? false) - Number(a.first ?? false),
  )
}
