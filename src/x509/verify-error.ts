import type { Certificate } from './certificate.ts'

export type VerifyErrorKind =
  | 'malformed-certificate'
  | 'unhandled-critical-extension'
  | 'expired'
  | 'not-yet-valid'
  | 'name-mismatch'
  | 'no-san'
  | 'ip-without-ip-san'
  | 'unknown-authority'
  | 'issuer-not-ca'
  | 'path-length'
  | 'wrong-key-usage'
  | 'name-constraint'
  | 'policy-invalid'
  | 'too-many-checks'
  | 'distrusted-key'

/** Why the issuer that was found would not do. */
export type HintKind = 'weak-signature' | 'weak-key' | 'issuer-not-ca' | 'wrong-key' | 'unsupported'

export interface Hint {
  readonly kind: HintKind
  readonly certificate: Certificate
  /** Go's text of it. */
  readonly message: string
}

export interface VerifyError {
  readonly kind: VerifyErrorKind
  /** Go's text, to the letter, without what callers put before it. */
  readonly message: string
  /** The certificate at fault, which Go's text often does not name. */
  readonly certificate?: Certificate
  /** The candidate behind "possibly because of". */
  readonly hint?: Hint
}

export function classifyHint(message: string): HintKind {
  if (message.includes('insecure algorithm')) return 'weak-signature'
  if (message.startsWith('crypto/rsa: ') && !message.endsWith('verification error')) return 'weak-key'
  if (message.includes('cannot sign this kind')) return 'issuer-not-ca'
  return message.includes('unimplemented') ? 'unsupported' : 'wrong-key'
}
