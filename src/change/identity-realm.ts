import type { RealmVerdict } from '../judge/index.ts'
import type { Certificate } from '../x509/index.ts'
import type { IdentityQuestion } from './identity.ts'

/** What a question says of the registry itself, and the anchors of its token services that were vouched for. */
export interface RealmSplit {
  /** Without the pins and files that are for token services alone. */
  readonly question: Pick<IdentityQuestion, 'given' | 'fingerprints'>
  readonly anchors: readonly Certificate[]
}

/**
 * A token service needs an identity of its own: a pin or a file names a CA of its chain, as it does for the registry.
 * With pins, what is pinned alone counts. Nothing else vouches for it: no record, no proof, no first use.
 */
export function vouchedRealms(
  realms: readonly RealmVerdict[],
  { given, fingerprints, judgement }: Pick<IdentityQuestion, 'given' | 'fingerprints' | 'judgement'>,
): RealmSplit {
  const pins = new Set(fingerprints)
  const files = new Set(given.map(({ sha256 }) => sha256))
  const named = pins.size > 0 ? pins : files
  const own = new Set(judgement.candidates.map(({ certificate }) => certificate.sha256))
  const anchors = realms
    .flatMap(({ candidates }) => candidates.map(({ certificate }) => certificate))
    .filter(({ sha256 }) => named.has(sha256))
  const theirs = new Set(anchors.map(({ sha256 }) => sha256).filter((sha256) => !own.has(sha256)))
  // A file that anchors the registry as well goes in as a whole.
  const shared = given.some(({ sha256 }) => own.has(sha256))
  return {
    question: {
      fingerprints: fingerprints.filter((pin) => !theirs.has(pin)),
      given: shared ? given : given.filter(({ sha256 }) => !theirs.has(sha256)),
    },
    anchors: [...new Map(anchors.map((certificate) => [certificate.sha256, certificate])).values()],
  }
}
