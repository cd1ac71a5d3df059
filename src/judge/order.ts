import type { Certificate } from '../x509/index.ts'
import { areAllLetIn } from './client.ts'
import type { EngineVerdict, Refusal } from './engine.ts'
import type { Evidence } from './evidence.ts'
import { findingCode } from './faults.ts'
import type { Consumer, Finding, FindingCode, Severity } from './judgement.ts'
import { unknownNames } from './network.ts'
import { registryFindings } from './registry.ts'

/** The fault that Docker prints: its own directory's, before the network; then the chain's; then the network's. */
export function firstOf(
  evidence: Evidence,
  engines: readonly EngineVerdict[],
  refusal: Refusal | undefined,
  /** The leaf, where it stands behind a CA: then whatever Go says of that CA comes from the order. */
  behind?: Certificate,
): { readonly code: FindingCode; readonly certificate?: string } | undefined {
  if (evidence.engines.length > 0 && present(evidence, engines).length === 0) return undefined
  const fatal = engines.find(({ fatal, consumer }) => fatal !== undefined && consumer.required)?.fatal
  if (fatal !== undefined) return { code: fatal }
  const { failure } = evidence.observation
  // By a way that only we were told to take, no engine has failed; and the way is what has to be mended first.
  if (failure?.code === 'proxy-failed' && evidence.told?.proxy === true) return undefined
  const [unknown] = unknownNames(evidence)
  if (unknown) return { code: unknown.code }
  if (refusal && behind) return { code: 'wrong-order', certificate: behind.sha256 }
  const certificate = refusal?.certificate?.sha256
  if (refusal)
    return { code: findingCode(refusal.kind), ...(certificate === undefined ? {} : { certificate }) }
  // It has what is wanted, and fails at nothing that we know of.
  if (areAllLetIn(evidence)) return undefined
  if (failure) return { code: failure.code }
  // What is left is an answer that no login survives.
  const foreseen = engines.some(({ consumer }) => consumer.predictedError !== undefined)
  const answer = registryFindings(evidence.observation).find(({ severity }) => severity === 'error')
  return foreseen ? answer : undefined
}

/** Go stops at one fault: the finding of its kind is the one that Docker prints. */
export function markFirst(
  findings: readonly Finding[],
  first: ReturnType<typeof firstOf>,
): readonly Finding[] {
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

/** Errors before warnings, the fault that is printed before the others. */
export function order(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort((a, b) => RANK[a.severity] - RANK[b.severity] || standing(b) - standing(a))
}

/** Where there is no engine at all, that comes before what one would say. */
function standing(finding: Finding): number {
  return finding.code === 'runtime-not-found' ? 2 : finding.first ? 1 : 0
}

/** An engine that is not there and was not asked for is no consumer. */
export function present(evidence: Evidence, engines: readonly EngineVerdict[]): readonly Consumer[] {
  const gone = evidence.engines.filter(({ survey, required }) => survey.state === 'absent' && !required)
  const names = new Set(gone.map(({ survey }) => survey.name))
  return engines.map((engine) => engine.consumer).filter((consumer) => !names.has(consumer.name))
}
