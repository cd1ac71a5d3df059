import type { Certificate } from './certificate.ts'
import { newestGo, tlsVerifyPrefix, type GoVersion } from './go-version.ts'
import { CertPool } from './pool.ts'
import { checkSentChain, leafKeyFailure } from './tls.ts'
import { verify } from './verify.ts'

export interface SentQuestion {
  readonly host: string
  readonly at: Date
  readonly roots: CertPool
  readonly go?: GoVersion
}

export type SentAnswer =
  | { readonly ok: true; readonly leaf: Certificate }
  /** Go's text, the prefix of the verification included. */
  | { readonly ok: false; readonly message: string }

/** What a Go client with these roots makes of a chain as it was sent (crypto/tls handshake_client.go). */
export function verifySent(sent: readonly Uint8Array[], question: SentQuestion): SentAnswer {
  const { host, at, roots, go = newestGo } = question
  const wire = checkSentChain(sent, go)
  if (!wire.ok) return { ok: false, message: wire.message }
  const [leaf, ...others] = wire.certificates
  if (!leaf) return { ok: false, message: 'tls: received empty certificates message' }
  const answer = verify(leaf, { host, at, intermediates: CertPool.of(...others), roots, go })
  if (!answer.ok) return { ok: false, message: tlsVerifyPrefix(go) + answer.error.message }
  const useless = leafKeyFailure(leaf, go)
  return useless === undefined ? { ok: true, leaf } : { ok: false, message: useless }
}
