import { CertPool, verify, type Certificate } from '../x509/index.ts'
import { differingAddresses, unnamedChain } from './addresses.ts'
import { isProven, missingLinks } from './authority.ts'
import { builderFindings } from './builders.ts'
import { chainFindings } from './chain-findings.ts'
import { areAllLetIn } from './client.ts'
import { judgeEngine, type EngineVerdict, type Refusal } from './engine.ts'
import type { Evidence } from './evidence.ts'
import { goOf } from './faults.ts'
import type { ChainLink, Consumer, Finding, Judgement } from './judgement.ts'
import { clockDecides, clockFault, isMendable, nobodyChecks, ownerMustAct } from './mendable.ts'
import { networkFindings, unknownNames } from './network.ts'
import { opensslError } from './openssl.ts'
import { firstOf, markFirst, order, present } from './order.ts'
import { candidatesOf, chainOf, pathsUp, type Sources } from './path.ts'
import { leafBehind } from './misplaced.ts'
import { malformed, parseOrSkip, readChain } from './read.ts'
import { judgeRealms } from './realms.ts'
import { registryFindings } from './registry.ts'
import { sourceFindings } from './store-sources.ts'
import { workingFirst } from './ways.ts'

/**
 * From what was seen to what is wrong, for whom, and who has to act:
 *   1. read the certificates and draw every path up from the leaf;
 *   2. ask what each engine makes of them, and which path would hold;
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
  const asSent = pathsUp(sources, at, go)
  const behind = leafBehind(sent, host, go)
  const drawn = behind ? pathsUp({ ...sources, sent: [behind, ...sent] }, at, go) : asSent

  const engines = evidence.engines.map((engine) => judgeEngine(evidence, engine))
  // What is only shown does not put the registry in question.
  const counting = engines.some((engine) => engine.consumer.required)
  const refusing = engines.find(
    ({ refusal, consumer }) => refusal !== undefined && !consumer.trusted && consumer.required === counting,
  )
  const refusal = refusing?.refusal ?? (engines.length === 0 ? storeError(evidence, sent) : undefined)
  const pool = refusing?.pool ?? engines[0]?.pool ?? evidence.store
  const paths = workingFirst(drawn, (way) => isMendable(evidence, sent, way, pool, go))
  const path = paths[0] ?? []
  const question = {
    registry,
    host,
    at,
    sent,
    fetched: observation.fetched,
    path,
    store: evidence.store,
    pool,
    ...(evidence.givenAs === undefined ? {} : { givenAs: evidence.givenAs }),
    ...(evidence.places === undefined ? {} : { places: evidence.places }),
    ...(refusal?.hint ? { hint: refusal.hint } : {}),
    ...(refusal?.certificate ? { refused: refusal.certificate } : {}),
  }

  const mended = isMendable(evidence, sent, path, pool, go)
  const accepted = isAccepted(engines)
  const letIn = areAllLetIn(evidence)
  const realms = judgeRealms(evidence, engines)
  const loopback = nobodyChecks(engines, 'loopback')
  const found = [
    ...differingAddresses(evidence, engines),
    ...unnamedChain(evidence),
    ...networkFindings(observation, evidence.told, letIn),
    ...unknownNames(evidence),
    ...malformed(observation.sent, go),
    ...chainFindings(evidence, { ...question, engines, drawn, paths, refusal, behind, mended, accepted, go }),
    ...registryFindings(observation, letIn),
    ...realms.findings,
    ...distinct(engines.flatMap((engine) => engine.findings)),
    ...sourceFindings(evidence, sent, path),
    ...(loopback ? [] : builderFindings(evidence, sent)),
  ]
  const clock = clockDecides(evidence, sent, path, pool, go)
  const first = firstOf(evidence, engines, refusal, behind)
  return {
    findings: order(markFirst(clock ? found.map(clockFault) : found, first)),
    consumers: [...present(evidence, engines), ...systemConsumer(evidence, sources, asSent)],
    chain: chainOf(sources, path),
    path,
    candidates: candidatesOf(paths),
    missing: missingLinks(path, pool).map((link) => link.certificate),
    proven: isProven(question),
    realms: realms.verdicts,
    ownerMustAct:
      ownerMustAct(found, engines, sent[0]) ||
      (sent.length > 0 && !accepted && !mended && !clock && !loopback),
  }
}

/** Engines that read the same files find the same faults in them. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [`${finding.code} ${finding.message}`, finding])).values()]
}

/** Every engine that counts, and looks at the chain, is content with it, by its own word. */
function isAccepted(engines: readonly EngineVerdict[]): boolean {
  const required = engines.filter((engine) => engine.consumer.required && engine.unchecked === undefined)
  return required.length > 0 && required.every((engine) => engine.consumer.trusted)
}

function storeError(evidence: Evidence, sent: readonly Certificate[]): Refusal | undefined {
  const leaf = sent[0]
  if (!leaf) return undefined
  const { host } = evidence.observation.target
  const intermediates = CertPool.of(...sent.slice(1))
  const answer = verify(leaf, { host, at: evidence.at, intermediates, roots: evidence.store })
  return answer.ok ? undefined : answer.error
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
  const base = { name: 'system', required: evidence.systemRequired ?? false }
  if (error === undefined) return [{ ...base, state: 'trusted', trusted: true }]
  return [{ ...base, state: 'refused', trusted: false, predictedError: error }]
}
