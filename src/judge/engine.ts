import type { Observation } from '../registry/observation.ts'
import type { TrustFault } from '../runtimes/engine.ts'
import {
  checkSentChain,
  CertPool,
  leafKeyFailure,
  newestGo,
  tlsVerifyPrefix,
  tryParseCertificate,
  verify,
} from '../x509/index.ts'
import type { GoVersion, SentChain, VerifyError } from '../x509/index.ts'
import { byItsOwnPair } from './client.ts'
import { directoryFindings } from './directory-findings.ts'
import { engineFindings, misnamedFinding, shadowFindings, uncheckedFinding } from './engine-findings.ts'
import { isUnseen, overriddenStore, staleBuilder, staleStore } from './engine-stale.ts'
import type { EngineEvidence, Evidence } from './evidence.ts'
import type { Consumer, Finding, FindingCode } from './judgement.ts'
import { wordsOf, type Words } from './engine-words.ts'
import { loginFailure } from './registry.ts'
import { uncheckedBecause } from './unchecked.ts'

/** Go's complaint: its kind, the certificate at fault, and the issuer that would not do. */
export type Refusal = Pick<VerifyError, 'message' | 'certificate' | 'hint'> & {
  readonly kind: VerifyError['kind'] | 'weak-key'
}

export interface EngineVerdict {
  readonly consumer: Consumer
  /** Everything that this engine trusts for the registry. */
  readonly pool: CertPool
  /** Go's complaint about the chain, where there is one. */
  readonly refusal?: Refusal
  /** The finding of its own trust directory that ends every request before the network is reached. */
  readonly fatal?: FindingCode
  /** Why the engine does not check at all. */
  readonly unchecked?: 'loopback' | 'listed'
  readonly findings: readonly Finding[]
}

/** One engine's verdict: what it will print, beside what it did print. */
export function judgeEngine(evidence: Evidence, engine: EngineEvidence): EngineVerdict {
  const { observation } = evidence
  const pool = CertPool.union(engine.store, engine.trust.pool)
  const own = isToldBefore(evidence, engine) ? [] : directoryFindings(engine)
  const findings = [...engineFindings(engine, evidence), ...own]
  const unchecked = uncheckedBecause(observation, engine, evidence.loopbackCounts ?? false)
  const place = engine.survey.loader === 'store' ? {} : { trustLocation: engine.trust.path }
  const base = { name: engine.survey.name, required: engine.required, ...place }
  if (unchecked) {
    findings.push(uncheckedFinding(unchecked, observation, engine))
    return { consumer: { ...base, state: 'unchecked', trusted: false }, pool, unchecked, findings }
  }
  const go = engine.survey.go ?? newestGo
  const words = wordsOf(engine.survey, observation.target.registry, go)
  // Builds of old daemons know the directories of their start only.
  const unseen = isUnseen(engine)
  const seen = predict(observation, unseen ? engine.store : pool, go, evidence.at, words)
  // What it will say rests on files that we may not open.
  const chain = engine.trust.closed && seen.refusal ? { ...seen, line: undefined } : seen
  const { fatal } = engine.trust
  const prediction = fatal ? broken(chain, fatal, words) : byItsOwnPair(evidence, engine, chain)
  if (!fatal && prediction.line === undefined && engine.answer?.outcome === 'refused') {
    const stale = engine.survey.name === 'docker-build' ? staleBuilder : staleStore
    findings.push(...stale(engine, observation.target.registry))
  }
  if (unseen && chain.refusal && engine.answer?.outcome !== 'accepted') {
    const known = predict(observation, pool, go, evidence.at, words)
    if (!known.refusal) findings.push(...staleBuilder(engine))
  }
  const wouldHelp = (other: CertPool): boolean =>
    predict(observation, CertPool.union(pool, other), go, evidence.at, words).refusal === undefined
  for (const stray of chain.refusal ? engine.trust.misnamed : []) {
    if (wouldHelp(stray.pool)) findings.push(misnamedFinding(engine, stray.path))
  }
  if (chain.refusal)
    findings.push(...shadowFindings(engine, wouldHelp), ...overriddenStore(evidence, engine, wouldHelp))
  return {
    consumer: stateOf(base, engine, prediction),
    pool,
    ...(chain.refusal ? { refusal: chain.refusal } : {}),
    ...(fatal ? { fatal: fatal.code } : {}),
    findings,
  }
}

/** The docker program reads the daemon's directory by the daemon's rules, mostly: then that one tells what is in it. */
function isToldBefore({ engines }: Evidence, { trust, survey }: EngineEvidence): boolean {
  const daemon = engines.find((engine) => engine.survey.name === 'docker')
  return survey.name === 'docker-cli' && daemon?.trust.path === trust.path
}

interface Prediction {
  /** Undefined: it will be content with the chain, or the wording is not known. */
  readonly line?: string | undefined
  /** The fault lies before any certificate: nobody has refused the chain. */
  readonly unreached: boolean
  readonly refusal?: Refusal
  /** It will be content with the chain, and the login fails all the same. */
  readonly login?: string | undefined
}

/** A fault of its own files ends a request before the network, and before any certificate. */
function broken(chain: Prediction, fatal: TrustFault, words: Words): Prediction {
  const line = fatal.foreseen === false ? undefined : words.local(fatal.message)
  return { ...chain, line, unreached: false }
}

function predict(
  observation: Observation,
  pool: CertPool,
  go: GoVersion,
  at: Date,
  words: Words,
): Prediction {
  const { get } = words
  const { failure } = observation
  const failed = failure?.goError === undefined ? {} : { line: get(failure.goError) }
  // The version is settled before any certificate; whatever else went wrong behind one, Go judges it first.
  if (observation.sent.length === 0 || failure?.code === 'tls-too-old') return { ...failed, unreached: true }
  const wire = checkSentChain(observation.sent, go)
  if (!wire.ok) {
    return { line: get(wire.message), unreached: false, refusal: refusalOf(wire, observation, go) }
  }
  const [leaf, ...others] = wire.certificates
  if (!leaf) return { ...failed, unreached: true }

  const intermediates = CertPool.of(...others)
  const answer = verify(leaf, { host: observation.target.host, at, intermediates, roots: pool, go })
  if (!answer.ok) {
    const line = get(tlsVerifyPrefix(go) + answer.error.message)
    return { line, unreached: false, refusal: answer.error }
  }
  const useless = leafKeyFailure(leaf, go)
  if (useless !== undefined) {
    return {
      line: get(useless),
      unreached: false,
      refusal: { kind: 'weak-key', message: useless, certificate: leaf },
    }
  }
  const login = words.login ? loginFailure(observation, words.url, get) : undefined
  return { ...failed, ...(login === undefined ? {} : { login }), unreached: failure !== undefined }
}

function refusalOf(
  wire: Extract<SentChain, { ok: false }>,
  observation: Observation,
  go: GoVersion,
): Refusal {
  const certificate = tryParseCertificate(observation.sent[wire.index] ?? Buffer.alloc(0), go)
  const kind = wire.kind === 'no-certificate' ? 'malformed-certificate' : wire.kind
  return { kind, message: wire.message, ...(certificate instanceof Error ? {} : { certificate }) }
}

// The engine's own word wins over ours; without it a verdict is a prediction, and says so.
function stateOf(
  base: Pick<Consumer, 'name' | 'required' | 'trustLocation'>,
  engine: EngineEvidence,
  prediction: Prediction,
): Consumer {
  const { line = prediction.login } = prediction
  const predicted = line === undefined ? {} : { predictedError: line }
  const { answer } = engine
  if (prediction.unreached) {
    const observed =
      answer && answer.outcome !== 'accepted' ? { seesChain: false, observedError: answer.message } : {}
    return { ...base, state: 'unknown', trusted: false, ...predicted, ...observed }
  }
  switch (answer?.outcome) {
    case 'accepted': {
      const { login } = prediction
      return {
        ...base,
        ...{ state: 'trusted', trusted: true, seesChain: true },
        ...(login && { predictedError: login }),
      }
    }
    case 'refused': {
      const seesChain = engine.trust.fatal === undefined
      const observedError = answer.message
      return { ...base, state: 'refused', trusted: false, seesChain, ...predicted, observedError }
    }
    case 'unclear': {
      const observedError = answer.message
      return { ...base, state: 'unknown', trusted: false, seesChain: false, ...predicted, observedError }
    }
    case undefined: {
      if (engine.survey.state === 'at-rest') {
        // All that it will go by lies there: nobody could see more of it.
        const trusted = prediction.refusal === undefined && engine.trust.fatal === undefined
        return { ...base, state: trusted ? 'trusted' : 'refused', trusted, ...predicted, assumed: true }
      }
      return { ...base, state: 'unknown', trusted: false, ...predicted, assumed: true }
    }
  }
}
