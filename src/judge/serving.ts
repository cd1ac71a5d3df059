import { nameOf, type Certificate } from '../x509/index.ts'
import type { ChainLink, Finding } from './judgement.ts'

/** What Go forgives and other clients do not: order, duplicates, strangers, the root on the wire. */
export function servingFaults(
  sent: readonly Certificate[],
  paths: readonly (readonly ChainLink[])[],
): readonly Finding[] {
  const path = paths[0] ?? []
  const inPath = path.filter((link) => link.origin === 'sent').map((link) => link.certificate.sha256)
  // A cross-signed certificate leads elsewhere, and belongs.
  const related = new Set(paths.flat().map((link) => link.certificate.sha256))
  const wire = sent.map((certificate) => certificate.sha256)
  const findings: Finding[] = []
  const base = { severity: 'warning', owner: 'registry' } as const
  for (const [index, certificate] of sent.entries()) {
    if (wire.indexOf(certificate.sha256) === index && related.has(certificate.sha256)) continue
    const what = related.has(certificate.sha256)
      ? 'is sent twice'
      : 'is sent but does not belong to the chain'
    const message = `${nameOf(certificate)} ${what}`
    findings.push({ ...base, code: 'unrelated-certificate', certificate: certificate.sha256, message })
  }
  const order = [...new Set(wire)].filter((sha256) => inPath.includes(sha256))
  if (order.join() !== inPath.join()) {
    const message = 'the certificates are sent in the wrong order; Go sorts them out, other clients do not'
    findings.push({
      ...base,
      code: 'wrong-order',
      message,
      fix: 'send the leaf first, then each issuer after what it signed',
    })
  }
  const root = path.find((link) => link.origin === 'sent' && link.role === 'root')
  if (root) {
    const message = `${nameOf(root.certificate)} is a root and need not be sent: nobody trusts it for that`
    findings.push({
      ...base,
      severity: 'info',
      code: 'root-sent',
      certificate: root.certificate.sha256,
      message,
    })
  }
  return findings
}
