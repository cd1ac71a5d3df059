import type { Certificate } from './certificate.ts'
import { legacyConstraintFailure } from './constraints-legacy.ts'
import { goAtLeast, type GoVersion } from './go-version.ts'
import { rfc3339 } from './time.ts'
import type { VerifyError, VerifyErrorKind } from './verify-error.ts'

export type Role = 'leaf' | 'intermediate' | 'root'

/** verify.go isValid: may `certificate` go on top of `chain`? */
export function validityFailure(
  certificate: Certificate,
  role: Role,
  chain: readonly Certificate[],
  at: Date,
  go: GoVersion,
): VerifyError | undefined {
  const complain = (kind: VerifyErrorKind, message: string): VerifyError => ({ kind, message, certificate })
  if (certificate.unhandledCriticalExtensions.length > 0) {
    return complain('unhandled-critical-extension', 'x509: unhandled critical extension')
  }
  const date = dateFailure(certificate, at, go)
  if (date !== undefined) return complain(date.kind, date.message)
  if (role !== 'leaf' && !goAtLeast(go, 26)) {
    const failure = legacyConstraintFailure(certificate, chain, go)
    if (failure !== undefined) return complain('name-constraint', failure)
  }
  if (role === 'intermediate' && !(certificate.basicConstraintsValid && certificate.isCA)) {
    return complain('issuer-not-ca', 'x509: certificate is not authorized to sign other certificates')
  }
  // RFC 5280 6.1.4 (l) spares self-issued certificates; Go counts them.
  const { basicConstraintsValid, maxPathLen } = certificate
  if (basicConstraintsValid && maxPathLen !== undefined && chain.length - 1 > maxPathLen) {
    return complain('path-length', 'x509: too many intermediates for path length constraint')
  }
  return undefined
}

function dateFailure(
  certificate: Certificate,
  at: Date,
  go: GoVersion,
): { readonly kind: 'expired' | 'not-yet-valid'; readonly message: string } | undefined {
  const early = at.getTime() < certificate.notBefore.getTime()
  if (!early && at.getTime() <= certificate.notAfter.getTime()) return undefined
  const limit = early ? certificate.notBeforeText : certificate.notAfterText
  const detail = `current time ${rfc3339(at)} is ${early ? 'before' : 'after'} ${limit}`
  const message = 'x509: certificate has expired or is not yet valid'
  return {
    kind: early ? 'not-yet-valid' : 'expired',
    message: goAtLeast(go, 14) ? `${message}: ${detail}` : message,
  }
}
