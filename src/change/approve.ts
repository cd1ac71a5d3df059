import { colons, nameOf, type Certificate } from '../x509/index.ts'
import type { Approved, IdentityHow } from './model.ts'

export interface Approval {
  readonly kind: 'approved'
  readonly approved: Approved
}

/** An identity, and the very certificates to install for it, each once. */
export function approve(how: IdentityHow, identity: Certificate, install: readonly Certificate[]): Approval {
  const unique = new Map(install.map((certificate) => [certificate.sha256, certificate]))
  const { sha256, subject } = identity
  return {
    kind: 'approved',
    approved: {
      identity: { how, sha256, subject: subject.text },
      anchor: identity,
      install: [...unique.values()],
    },
  }
}

/** A certificate as it is held against what the owner says. */
export function line(certificate: Certificate): string {
  return `${colons(certificate.sha256)}  ${nameOf(certificate)}`
}
