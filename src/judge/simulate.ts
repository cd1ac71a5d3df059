import { CertPool, verifySent, type Certificate } from '../x509/index.ts'
import { isServed } from './stuck.ts'
import type { Evidence } from './evidence.ts'

/**
 * Whether every engine that is served would accept the chain with these certificates installed for the registry.
 * Nothing is written where the answer is no: it could only be the owner's to mend.
 */
export function wouldAccept(evidence: Evidence, install: readonly Certificate[]): boolean {
  const { observation, at } = evidence
  return evidence.engines
    .filter((engine) => isServed(engine))
    .every(({ survey: { go }, store, trust }) => {
      const roots = CertPool.union(store, trust.pool, CertPool.of(...install))
      const question = { host: observation.target.host, at, roots, ...(go ? { go } : {}) }
      return verifySent(observation.sent, question).ok
    })
}
