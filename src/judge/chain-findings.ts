import type { Certificate, GoVersion } from '../x509/index.ts'
import { authorityFindings, type AuthorityQuestion } from './authority.ts'
import type { EngineVerdict, Refusal } from './engine.ts'
import type { Evidence } from './evidence.ts'
import { chainFaults, refusedFault } from './faults.ts'
import type { ChainLink, Finding } from './judgement.ts'
import { misplacedLeaf } from './misplaced.ts'
import { servingFaults } from './serving.ts'
import { otherWays } from './ways.ts'

export interface ChainQuestion extends AuthorityQuestion {
  readonly engines: readonly EngineVerdict[]
  /** Every way up from the leaf, as drawn, and with the one first that would hold. */
  readonly drawn: readonly (readonly ChainLink[])[]
  readonly paths: readonly (readonly ChainLink[])[]
  readonly refusal: Refusal | undefined
  /** The server's own certificate, where it is not sent first. */
  readonly behind: Certificate | undefined
  /** Trust in the top of the best path would be enough. */
  readonly mended: boolean
  /** Everybody who counts is content with it. */
  readonly accepted: boolean
  readonly go: GoVersion
}

/** All that is to be said of the chain: who vouches for it, its own faults, and how it is served. */
export function chainFindings(evidence: Evidence, question: ChainQuestion): readonly Finding[] {
  const { host, at, sent, path, paths, drawn, refusal, behind, mended, accepted, go } = question
  const [leaf] = sent
  if (behind) return forgiven(accepted, misplacedLeaf(behind, leaf, host))
  const elsewhere = mended ? otherWays(refusal, drawn[0], path, { leaf, host, at, go }) : []
  // Go gave up before it knew who vouches for the chain.
  const lost = refusal?.kind === 'too-many-checks'
  const unvouched = lost || refusal?.kind === 'unknown-authority' || elsewhere.length > 0
  const faults = forgiven(accepted, chainFaults({ host, at, sent, path, go }))
  const known = faults.some(({ code }) => code === 'chain-too-long')
  return [
    ...(unvouched ? handedOver(authorityFindings(question), lineOfTheirs(evidence, question.engines)) : []),
    ...(refusal?.kind === 'weak-key' ? [keyFault(refusal)] : []),
    ...(lost && !known && leaf ? refusedFault(refusal, { leaf, host, at }) : []),
    ...elsewhere,
    ...faults,
    ...servingFaults(sent, paths),
  ]
}

/** Faults that Go found its way around, for instance an expired root above an anchor: worth a word, no refusal. */
function forgiven(accepted: boolean, faults: readonly Finding[]): readonly Finding[] {
  return faults.map((fault) =>
    accepted && fault.severity === 'error' ? { ...fault, severity: 'warning' } : fault,
  )
}

/** The line for the person to whom everything belongs that refuses; undefined where a run by us serves one of them. */
function lineOfTheirs(
  { engines, givenAs }: Evidence,
  verdicts: readonly EngineVerdict[],
): string | undefined {
  const refusing = engines.filter((_, index) => {
    const consumer = verdicts[index]?.consumer
    return consumer?.required === true && consumer.state === 'refused'
  })
  const line = refusing[0]?.trust.byHand?.fix
  if (!refusing.every(({ trust }) => trust.byHand !== undefined)) return undefined
  return givenAs === undefined ? line : line?.replace('--ca CA.pem', () => givenAs)
}

function handedOver(findings: readonly Finding[], line: string | undefined): readonly Finding[] {
  if (line === undefined) return findings
  return findings.map((finding) => (finding.owner === 'machine' ? { ...finding, fix: line } : finding))
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
