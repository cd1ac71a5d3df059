import { CertPool, verify, type Certificate, type GoVersion } from '../x509/index.ts'
import type { EngineVerdict } from './engine.ts'
import type { Evidence } from './evidence.ts'
import { hypotheticalTrust } from './faults.ts'
import type { ChainLink, Finding } from './judgement.ts'

/** Whether trust in the path's top would be enough. */
export function isMendable(
  evidence: Evidence,
  sent: readonly Certificate[],
  path: readonly ChainLink[],
  pool: CertPool,
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
    roots: CertPool.union(pool, hypotheticalTrust(path)),
    go,
  }).ok
}

/** Whether the chain would hold by the registry's clock, and fails only by ours. */
export function clockDecides(
  evidence: Evidence,
  sent: readonly Certificate[],
  path: readonly ChainLink[],
  pool: CertPool,
  go: GoVersion,
): boolean {
  const skew = evidence.observation.clockSkewSeconds ?? 0
  if (Math.abs(skew) <= 300 || isMendable(evidence, sent, path, pool, go)) return false
  return isMendable(evidence, sent, path, pool, go, new Date(evidence.at.getTime() + skew * 1000))
}

export function clockFault(finding: Finding): Finding {
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
  'registry-v1',
  'bad-challenge',
  'malformed-certificate',
  'weak-key',
])

/** Whether what is wrong with the chain is nothing to the engines that count. */
export function nobodyChecks(engines: readonly EngineVerdict[], why?: 'loopback'): boolean {
  const excused = engines.some(({ unchecked }) => unchecked !== undefined && unchecked === (why ?? unchecked))
  return excused && !engines.some(({ consumer, unchecked }) => consumer.required && unchecked === undefined)
}

export function ownerMustAct(
  findings: readonly Finding[],
  engines: readonly EngineVerdict[],
  leaf: Certificate | undefined,
): boolean {
  // A loopback registry may speak plain HTTP: Docker falls back to it there.
  if (nobodyChecks(engines)) return false
  return findings.some(
    ({ code, severity, certificate }) =>
      severity === 'error' &&
      // A weakly signed intermediate can be an anchor; a server's certificate that a CA has issued cannot.
      (OWNER_ONLY.has(code) || (code === 'weak-signature' && certificate === leaf?.sha256)),
  )
}
