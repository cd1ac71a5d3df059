import { CertPool, newestGo, parseCertificate, verify, type Certificate } from '../x509/index.ts'
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
      try {
        const [leaf, ...others] = observation.sent.map((der) => parseCertificate(der, go))
        if (!leaf) return false
        const roots = CertPool.union(engine.store, engine.trust.pool, CertPool.of(...install))
        const { host } = observation.target
        return verify(leaf, { host, at, intermediates: CertPool.of(...others), roots, go }).ok
      } catch {
        // A certificate that this Go cannot read ends its handshake.
        return false
      }
    })
}
