import { isSelfSigned, nameOf, type Certificate, type GoVersion } from '../x509/index.ts'
import type { Refusal } from './engine.ts'
import { chainFaults, refusedFault } from './faults.ts'
import type { ChainLink, Finding } from './judgement.ts'

type Way = readonly ChainLink[]

/** As many ways up are tried: more than one or two are seldom there, and each costs a verification. */
const MAX_TRIED = 8

/**
 * Of several ways up, the first that would hold if its top were trusted comes first: an expired cross-signature
 * must not hide the root that would do. The others keep their order.
 * @param holds whether Go would accept with this way's top among the roots
 */
export function workingFirst(ways: readonly Way[], holds: (way: Way) => boolean): readonly Way[] {
  const working = ways.slice(0, MAX_TRIED).find((way) => leadsSomewhere(way) && holds(way))
  return working === undefined ? ways : [working, ...ways.filter((way) => way !== working)]
}

function leadsSomewhere(way: Way): boolean {
  const top = way.at(-1)?.certificate
  return top !== undefined && (way.length > 1 || isSelfSigned(top))
}

export interface OtherWays {
  readonly leaf: Certificate | undefined
  readonly host: string
  readonly at: Date
  readonly go: GoVersion
}

/**
 * What is wrong with the way up that would have come first, where another one would hold; and Go's own complaint,
 * should it have stopped on one that is neither.
 * @param hidden the way that would have come first, which may be the one that holds
 * @param way the one that would hold if its top were trusted
 */
export function otherWays(
  refusal: Refusal | undefined,
  hidden: Way | undefined,
  way: Way,
  { leaf, ...question }: OtherWays,
): readonly Finding[] {
  const top = way.at(-1)?.certificate
  if (!hidden || !top || !leaf) return []
  const isHere = (sha256: string | undefined): boolean =>
    way.some(({ certificate }) => certificate.sha256 === sha256)
  const sent = hidden.map(({ certificate }) => certificate)
  const wrong = hidden === way ? [] : chainFaults({ ...question, sent, path: hidden })
  const faults = wrong.filter(({ severity, certificate }) => severity === 'error' && !isHere(certificate))
  const at = refusal?.certificate?.sha256
  // A complaint about no certificate in particular is none about a way up.
  const aside = hidden === way && at === undefined
  const known = !refusal || refusal.kind === 'unknown-authority' || aside || isHere(at)
  const printed = known || faults.some(({ certificate }) => certificate === at)
  return [...faults, ...(printed ? [] : refusedFault(refusal, { ...question, leaf }))].map((fault) => ({
    ...fault,
    message: `${fault.message}; of the ways up, the one to ${nameOf(top)} would hold`,
  }))
}
