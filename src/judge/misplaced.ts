import { isSignedBy, nameOf, verifyHostname, type Certificate, type GoVersion } from '../x509/index.ts'
import type { Finding } from './judgement.ts'

/** A chain of sane length needs a handful. */
const MAX_SIGNATURES = 50

/**
 * The server's own certificate where it stands behind one of its issuers: it is for the host, the first is not, and the
 * way up from it leads through the first. Go takes the first for the server's (crypto/tls verifyServerCertificate).
 */
export function leafBehind(
  sent: readonly Certificate[],
  host: string,
  go: GoVersion,
): Certificate | undefined {
  const [first, ...others] = sent
  if (!first || others.length === 0 || verifyHostname(first, host, go) === undefined) return undefined
  let budget = MAX_SIGNATURES
  const leadsToFirst = (from: Certificate): boolean => {
    const seen = new Set<Certificate>([from])
    // What is found is looked at in turn.
    for (const child of seen) {
      for (const parent of sent) {
        if (seen.has(parent) || !parent.rawSubject.equals(child.rawIssuer) || budget-- <= 0) continue
        if (!isSignedBy(child, parent, go)) continue
        if (parent === first) return true
        seen.add(parent)
      }
    }
    return false
  }
  return others.find(
    (certificate) =>
      !certificate.isCA && verifyHostname(certificate, host, go) === undefined && leadsToFirst(certificate),
  )
}

/** It is all that is wrong as far as anybody can see: what clients say of the first certificate is about a CA. */
export function misplacedLeaf(
  leaf: Certificate,
  first: Certificate | undefined,
  host: string,
): readonly Finding[] {
  if (!first) return []
  return [
    {
      code: 'wrong-order',
      severity: 'error',
      owner: 'registry',
      certificate: leaf.sha256,
      message: `the CA ${nameOf(first)} comes first, and the certificate for ${host} behind it: clients take the first one for the server's own`,
      fix: 'cat server.pem intermediate.pem > fullchain.pem      # the certificate for the host first, then each issuer after what it signed; then reload the server',
    },
  ]
}
