import {
  CertPool,
  checkSentChain,
  leafKeyFailure,
  newestGo,
  verify,
  type Certificate,
} from '../x509/index.ts'
import type { Evidence } from './evidence.ts'

/**
 * Whether every required engine would accept the chain with these certificates installed for the registry.
 * Nothing is written where the answer is no: it could only be the owner's to mend.
 */
export function wouldAccept(evidence: Evidence, install: readonly Certificate[]): boolean {
  const { observation, at } = evidence
  return evidence.engines
    .filter((engine) => engine.required)
    .every((engine) => {
      const go = engine.survey.go ?? newestGo
      const wire = checkSentChain(observation.sent, go)
      const [leaf, ...others] = wire.ok ? wire.certificates : []
      if (!leaf || leafKeyFailure(leaf, go) !== undefined) return false
      const roots = CertPool.union(engine.store, engine.trust.pool, CertPool.of(...install))
      const { host } = observation.target
      return verify(leaf, { host, at, intermediates: CertPool.of(...others), roots, go }).ok
    })
}
