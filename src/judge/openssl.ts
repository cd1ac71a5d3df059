import { isSelfSigned, verifyHostname, type Certificate, type CertPool } from '../x509/index.ts'
import type { ChainLink } from './judgement.ts'

export interface OpensslQuestion {
  readonly host: string
  readonly hostIsAddress: boolean
  readonly at: Date
  readonly sent: readonly Certificate[]
  /** Best first. */
  readonly paths: readonly (readonly ChainLink[])[]
  readonly store: CertPool
}

/**
 * What OpenSSL 3, and with it curl, wget and git, makes of the chain against the OS store: it wants a
 * self-signed anchor, builds first, then looks at names, then at dates (crypto/x509/x509_vfy.c verify_chain).
 * @returns its text (X509_verify_cert_error_string), or undefined where it accepts
 */
export function opensslError(question: OpensslQuestion): string | undefined {
  const leaf = question.sent[0]
  if (!leaf) return undefined
  const path = question.paths.find((candidate) => isComplete(candidate, question.store))
  if (!path) return incomplete(question, leaf)
  const usages = leaf.extKeyUsages
  if (usages.length > 0 && !usages.includes(SERVER_AUTH) && !usages.includes(ANY))
    return 'unsuitable certificate purpose'
  let below = 0
  for (const { certificate } of path.slice(1)) {
    if (!certificate.isCA) return 'invalid CA certificate'
    if (below > (certificate.maxPathLen ?? below)) return 'path length constraint exceeded'
    if (!certificate.selfIssued) below++
  }
  // Unlike Go, OpenSSL still reads the common name where there is no DNS name at all.
  const commonName = leaf.dnsNames.length === 0 && leaf.subject.commonName === question.host
  if (verifyHostname(leaf, question.host) && !commonName) {
    return question.hostIsAddress ? 'IP address mismatch' : 'hostname mismatch'
  }
  const at = question.at.getTime()
  for (const { certificate } of [...path].reverse()) {
    if (at < certificate.notBefore.getTime()) return 'certificate is not yet valid'
    if (at > certificate.notAfter.getTime()) return 'certificate has expired'
  }
  return undefined
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const ANY = '2.5.29.37.0'

/** Sent all the way up to a root that the store holds; what was fetched or given OpenSSL never sees. */
function isComplete(path: readonly ChainLink[], store: CertPool): boolean {
  const top = path.at(-1)
  if (!top || !isSelfSigned(top.certificate) || !store.contains(top.certificate)) return false
  return path.every((link) => link.origin === 'sent' || store.contains(link.certificate))
}

function incomplete(question: OpensslQuestion, leaf: Certificate): string {
  if (isSelfSigned(leaf)) return 'self-signed certificate'
  const sentPath = question.paths.find((path) => path.every((link) => link.origin === 'sent'))
  const top = sentPath?.at(-1)
  if (top && isSelfSigned(top.certificate)) return 'self-signed certificate in certificate chain'
  return 'unable to get local issuer certificate'
}
