import { TrustError } from '../errors.ts'
import { isSelfSigned, type Certificate } from '../x509/index.ts'
import { approve, line } from './approve.ts'
import type { Approved } from './model.ts'

/**
 * Without a look at the registry the file itself is the identity: its CAs, or those of them that are pinned.
 * A self-signed certificate vouches for itself; one that a CA issued is never an anchor.
 * @throws TrustError `identity-mismatch`, `bad-file`
 */
export function decideBlind(given: readonly Certificate[], fingerprints: readonly string[]): Approved {
  const eligible = given.filter((certificate) => certificate.isCA || isSelfSigned(certificate))
  if (eligible.length === 0) {
    throw new TrustError('bad-file', 'the --ca file holds neither a CA nor a self-signed certificate', {
      seen: given.map(line).join('\n'),
      fix: 'ask the owner of the registry for the CA that issued its certificate',
    })
  }
  const pins = new Set(fingerprints)
  const install = pins.size === 0 ? eligible : eligible.filter(({ sha256 }) => pins.has(sha256))
  const anchor = install[0]
  if (!anchor) {
    throw new TrustError('identity-mismatch', 'the fingerprint matches no CA of the --ca file', {
      seen: given.map(line).join('\n'),
      fix: 'compare with the owner of the registry over another channel before trusting anything',
    })
  }
  return approve(pins.size > 0 ? 'pin' : 'ca-file', anchor, install).approved
}
