import { TrustError } from '../errors.ts'
import { colons, isSelfSigned, type Certificate } from '../x509/index.ts'
import { approve, line } from './approve.ts'
import type { Approved, RegistryRecord } from './model.ts'

/**
 * Without a look at the registry the file itself is the identity: its CAs, or those of them that are pinned.
 * A self-signed certificate vouches for itself; one that a CA issued is never an anchor. What was accepted before
 * stays the identity where the file holds it; where it does not, only a pin replaces it, since no chain speaks
 * for the file.
 * @throws TrustError `identity-mismatch`, `bad-file`
 */
export function decideBlind(
  registry: string,
  given: readonly Certificate[],
  fingerprints: readonly string[],
  recorded?: RegistryRecord,
): Approved {
  const eligible = given.filter((certificate) => certificate.isCA || isSelfSigned(certificate))
  if (eligible.length === 0) {
    throw new TrustError('bad-file', 'the --ca file holds neither a CA nor a self-signed certificate', {
      seen: given.map(line).join('\n'),
      fix: 'ask the owner of the registry for the CA that issued its certificate',
    })
  }
  const pins = new Set(fingerprints)
  const install = pins.size === 0 ? eligible : eligible.filter(({ sha256 }) => pins.has(sha256))
  const known = install.find(({ sha256 }) => sha256 === recorded?.identity.sha256)
  if (known) return approve('recorded', known, install).approved
  const [anchor] = install
  if (recorded && anchor && pins.size === 0) throw changed(registry, recorded, eligible)
  if (!anchor) {
    throw new TrustError('identity-mismatch', 'the fingerprint matches no CA of the --ca file', {
      seen: given.map(line).join('\n'),
      fix: 'compare with the owner of the registry over another channel before trusting anything',
    })
  }
  return approve(pins.size > 0 ? 'pin' : 'ca-file', anchor, install).approved
}

function changed(registry: string, recorded: RegistryRecord, given: readonly Certificate[]): TrustError {
  const { identity, since } = recorded
  return new TrustError(
    'identity-mismatch',
    `the --ca file does not hold the identity that was accepted for ${registry} on ${since.slice(0, 10)}, and without a look nothing but a fingerprint vouches for another one`,
    {
      seen: `in the file: ${given.map(line).join('\n')}\naccepted then: ${colons(identity.sha256)}  ${JSON.stringify(identity.subject)}`,
      fix: `--fingerprint SHA256:${given[0]?.sha256 ?? ''}      # beside the rest, once the owner has confirmed it`,
    },
  )
}
