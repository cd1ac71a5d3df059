import {
  CertPool,
  isSelfSigned,
  tryParseCertificate,
  verify,
  type Certificate,
  type GoVersion,
} from '../x509/index.ts'
import { authorityFindings, isProven, missingLinks } from './authority.ts'
import { judgeEngine, type EngineVerdict, type Refusal } from './engine.ts'
import type { Evidence } from './evidence.ts'
import { chainFaults, findingCode, goOf, hypotheticalTrust, servingFaults } from './faults.ts'
import type { ChainLink, Consumer, Finding, FindingCode, Judgement, Severity } from './judgement.ts'
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
  const go = goOf(evidence.engines.find((engine) => engine.required)?.survey.go)
  const sent = readChain(observation.sent, go)
  const sources: Sources = {
    sent,
    fetched: observation.fetched
      .flatMap((fetch) => fetch.certificates)
      .flatMap((der) => parseOrSkip(der, go)),
    given: evidence.given,
    store: CertPool.union(
      evidence.store,
      ...evidence.engines.map((engine) => engine.trust.pool),
      ...(evidence.remembered ? [evidence.remembered] : []),
    ),
  }
  const paths = pathsUp(sources, at)
  const path = paths[0] ?? []

  const engines = evidence.engines.map((engine) => judgeEngine(evidence, engine))
  const refusing = engines.find((engine) => engine.refusal !== undefined && !engine.consumer.trusted)
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
    ...(refusal?.certificate ? { refused: refusal.certificate } : {}),
  }

  const authority = refusal?.kind === 'unknown-authority' ? authorityFindings(question) : []
  const faults = chainFaults({ host, at, sent, path, go })
  const found = [
    ...networkFindings(observation),
    ...malformed(observation.sent, go),
    ...authority,
    ...(refusal?.kind === 'weak-key' ? [keyFault(refusal)] : []),
    ...faults,
    ...servingFaults(sent, paths),
    ...registryFindings(observation),
    ...engines.flatMap((engine) => engine.findings),
  ]
  const mended = isMendable(evidence, sent, path, go)
  const clock = clockDecides(evidence, sent, path, go)
  const loopback = engines.some((engine) => engine.unchecked === 'loopback')
  return {
    findings: order(markFirst(clock ? found.map(clockFault) : found, firstOf(evidence, engines, refusal))),
    consumers: [...present(evidence, engines), ...systemConsumer(evidence, sources, paths)],
    chain: chainOf(sources, path),
    path,
    candidates: candidatesOf(paths),
    missing: missingLinks(path, pool).map((link) => link.certificate),
    proven: isProven(question),
    ownerMustAct:
      ownerMustAct(found, engines, sent[0]) || (sent.length > 0 && !mended && !clock && !loopback),
  }
}

/** What can be read of it. Nothing where the first cannot: the next one must not pass for the server's own. */
function readChain(sent: readonly Buffer[], go: GoVersion): readonly Certificate[] {
  const [leaf, ...others] = sent.map((der) => parseOrSkip(der, go))
  return leaf?.[0] ? [...leaf, ...others.flat()] : []
}

function parseOrSkip(der: Buffer, go: GoVersion): readonly Certificate[] {
  const read = tryParseCertificate(der, go)
  return read instanceof Error ? [] : [read]
}

function malformed(sent: readonly Buffer[], go: GoVersion): readonly Finding[] {
  return sent.flatMap((der, index): Finding[] => {
    const read = tryParseCertificate(der, go)
    if (!(read instanceof Error)) return []
    const message = `certificate ${index + 1} of ${sent.length} that the server sends cannot be read: ${read.message}`
    return [{ code: 'malformed-certificate', severity: 'error', owner: 'registry', message }]
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
  go: GoVersion,
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
    go,
  }).ok
}

/** Whether the chain would hold by the registry's clock, and fails only by ours. */
function clockDecides(
  evidence: Evidence,
  sent: readonly Certificate[],
  path: readonly ChainLink[],
  go: GoVersion,
): boolean {
  const skew = evidence.observation.clockSkewSeconds ?? 0
  if (Math.abs(skew) <= 300 || isMendable(evidence, sent, path, go)) return false
  return isMendable(evidence, sent, path, go, new Date(evidence.at.getTime() + skew * 1000))
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
  'malformed-certificate',
  'weak-key',
])

function ownerMustAct(
  findings: readonly Finding[],
  engines: readonly EngineVerdict[],
  leaf: Certificate | undefined,
): boolean {
  // A loopback registry may speak plain HTTP: Docker falls back to it there.
  if (engines.some((engine) => engine.unchecked !== undefined)) return false
  return findings.some(
    ({ code, severity, certificate }) =>
      severity === 'error' &&
      // A weakly signed intermediate can be an anchor; a server's certificate that a CA has issued cannot.
      (OWNER_ONLY.has(code) || (code === 'weak-signature' && certificate === leaf?.sha256)),
  )
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

/** The fault that Docker prints: its own directory's, before the network; then the chain's; then the network's. */
function firstOf(
  evidence: Evidence,
  engines: readonly EngineVerdict[],
  refusal: Refusal | undefined,
): { readonly code: FindingCode; readonly certificate?: string } | undefined {
  if (evidence.engines.length > 0 && present(evidence, engines).length === 0) return undefined
  const fatal = engines.find((engine) => engine.fatal !== undefined)?.fatal
  if (fatal !== undefined) return { code: fatal }
  const certificate = refusal?.certificate?.sha256
  if (refusal)
    return { code: findingCode(refusal.kind), ...(certificate === undefined ? {} : { certificate }) }
  const { failure } = evidence.observation
  if (failure) return { code: failure.code }
  // What is left is an answer that no login survives.
  const foreseen = engines.some(({ consumer }) => consumer.predictedError !== undefined)
  const answer = registryFindings(evidence.observation).find(({ severity }) => severity === 'error')
  return foreseen ? answer : undefined
}

/** Go stops at one fault: the finding of its kind is the one that Docker prints. */
function markFirst(findings: readonly Finding[], first: ReturnType<typeof firstOf>): readonly Finding[] {
  if (!first) return findings
  const authority = new Set([
    'missing-intermediate',
    'rotated-ca',
    'self-signed',
    'unknown-authority',
    'weak-signature',
    'weak-key',
    'issuer-not-ca',
  ])
  const { code, certificate: at } = first
  const isIt = (finding: Finding): boolean =>
    finding.code === code || (code === 'unknown-authority' && authority.has(finding.code))
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
  return [...findings].sort((a, b) => RANK[a.severity] - RANK[b.severity] || standing(b) - standing(a))
}

/** Where there is no engine at all, that comes before what one would say. */
function standing(finding: Finding): number {
  return finding.code === 'runtime-not-found' ? 2 : finding.first ? 1 : 0
}

/** An engine that is not there and was not asked for is no consumer. */
function present(evidence: Evidence, engines: readonly EngineVerdict[]): readonly Consumer[] {
  const gone = evidence.engines.filter(({ survey, required }) => survey.state === 'absent' && !required)
  const names = new Set(gone.map(({ survey }) => survey.name))
  return engines.map((engine) => engine.consumer).filter((consumer) => !names.has(consumer.name))
}
