import { MACHINE, REMEMBERED, type Places } from './evidence.ts'
import type { AiaFetch } from '../registry/observation.ts'
import { isSelfSigned, verify, CertPool, type Certificate, type Hint } from '../x509/index.ts'
import type { ChainLink, Finding } from './judgement.ts'
import { day, issuerOf, list, nameOf } from '../x509/index.ts'

export interface AuthorityQuestion {
  readonly registry: string
  readonly host: string
  readonly at: Date
  readonly sent: readonly Certificate[]
  readonly fetched: readonly AiaFetch[]
  readonly path: readonly ChainLink[]
  /** How the files of `--ca` were named. */
  readonly givenAs?: string
  readonly places?: Places
  /** Everything that the machine's OS store trusts. */
  readonly store: CertPool
  /** The pool of the consumer that refuses. */
  readonly pool: CertPool
  /** The issuer that Go tried and that would not do ("possibly because of"). */
  readonly hint?: Hint
  /** The certificate whose issuer Go did not accept. */
  readonly refused?: Certificate
}

/**
 * Go says "certificate signed by unknown authority" for four different faults. They are told apart by
 * who issued the last certificate that was sent, and whether that issuer can be found anywhere.
 */
export function authorityFindings(question: AuthorityQuestion): readonly Finding[] {
  const { path, sent } = question
  const leaf = sent[0]
  const top = path.at(-1)
  if (!leaf || !top) return []
  if (path.length === 1 && isSelfSigned(leaf)) return [selfSigned(question, leaf)]

  const missing = missingLinks(path, question.pool)
  const unfit = question.hint ? unfitIssuer(question, question.hint) : undefined
  const findings: Finding[] = missing.length > 0 ? [missingIntermediate(question, missing)] : []
  if (unfit) findings.push(unfit)
  else if (findings.length === 0 || !question.pool.contains(top.certificate))
    findings.push(unknownAuthority(question, top))
  return findings
}

/** Intermediates between the leaf and the top that the server does not send. */
export function missingLinks(path: readonly ChainLink[], pool: CertPool): readonly ChainLink[] {
  return path
    .slice(1)
    .filter(
      (link) => link.role === 'intermediate' && link.origin !== 'sent' && !pool.contains(link.certificate),
    )
}

/** Whether the path ends at something that the OS store holds. */
export function isAnchored(question: Pick<AuthorityQuestion, 'path' | 'store'>): boolean {
  const top = question.path.at(-1)
  return top !== undefined && question.path.length > 1 && question.store.contains(top.certificate)
}

/**
 * Proof of identity without a pin: the chain, completed from what was found, passes Go's full verification
 * for this host against the OS store alone (DESIGN 5).
 */
export function isProven(question: AuthorityQuestion): boolean {
  const leaf = question.sent[0]
  if (!leaf || !isAnchored(question)) return false
  const others = [...question.sent.slice(1), ...question.path.slice(1).map((link) => link.certificate)]
  const { host, at, store } = question
  return verify(leaf, { host, at, intermediates: CertPool.of(...others), roots: store }).ok
}

function selfSigned({ registry, places = MACHINE }: AuthorityQuestion, leaf: Certificate): Finding {
  const kind = leaf.isCA ? 'and calls itself a CA' : 'and vouches only for itself'
  return {
    code: 'self-signed',
    severity: 'error',
    owner: 'machine',
    certificate: leaf.sha256,
    message: `the server's certificate ${nameOf(leaf)} is self-signed ${kind}; it ${places.untrusted}`,
    fix: `trust-registry ${registry} --fingerprint SHA256:${leaf.sha256}`,
  }
}

function missingIntermediate(question: AuthorityQuestion, missing: readonly ChainLink[]): Finding {
  const names = missing.map((link) => nameOf(link.certificate))
  const lowest = question.path[question.path.findIndex((link) => link === missing[0]) - 1]?.certificate
  const url = question.fetched.find((fetch) => fetch.namedBy === lowest?.sha256)?.url
  const from = url === undefined ? '' : `, which ${url} has`
  return {
    code: 'missing-intermediate',
    severity: 'error',
    owner: 'registry',
    ...(missing[0] ? { certificate: missing[0].certificate.sha256 } : {}),
    message: `the server does not send the intermediate ${list(names)}${from}; Docker never fetches it by itself`,
    fix: `# nginx: the whole chain, not the certificate alone
ssl_certificate /etc/nginx/certs/fullchain.pem;
# docker-registry: the same file in its configuration
http: { tls: { certificate: /certs/fullchain.pem, key: /certs/key.pem } }`,
  }
}

/** Go found an issuer of the right name: with another key, or one that may or can not sign. */
function unfitIssuer(question: AuthorityQuestion, hint: Hint): Finding | undefined {
  const { certificate, kind, message } = hint
  const base = { severity: 'error', certificate: certificate.sha256 } as const
  switch (kind) {
    case 'wrong-key':
      // A namesake on the wire is nobody's anchor: that the true issuer is unknown says it all.
      if (!question.pool.contains(certificate)) return undefined
      return {
        ...base,
        code: 'rotated-ca',
        owner: 'machine',
        message: `a CA named ${nameOf(certificate)} is trusted here, with another key (valid from ${day(certificate.notBefore)}): the CA was renewed, or somebody uses its name`,
        fix: `trust-registry ${question.registry} --ca NEW-CA.pem`,
      }
    case 'issuer-not-ca':
      return {
        ...base,
        code: 'issuer-not-ca',
        owner: 'registry',
        message: `${nameOf(certificate)} signed it, but is no CA`,
      }
    case 'weak-signature':
    case 'weak-key': {
      // A weak signature stands on what was signed, a weak key in the signer.
      const faulty = kind === 'weak-signature' ? (question.refused ?? certificate) : certificate
      return {
        ...base,
        certificate: faulty.sha256,
        code: kind,
        owner: 'registry',
        message: `Go refuses what ${nameOf(certificate)} signed: ${message.replace(/^x509: /, '')}`,
        fix: `reissue ${nameOf(faulty)} with a SHA-256 signature and an RSA key of 2048 bits or more, or P-256`,
      }
    }
    case 'unsupported':
      return undefined
  }
}

function unknownAuthority(question: AuthorityQuestion, top: ChainLink): Finding {
  const { certificate, origin } = top
  const { sent, unsent, untrusted } = question.places ?? MACHINE
  const base = { code: 'unknown-authority', severity: 'error', owner: 'machine' } as const
  if (top.role === 'root') {
    const where = origin === 'sent' ? sent : origin === 'fetched' ? 'fetched' : 'given by --ca'
    const message =
      top.file === REMEMBERED
        ? `${nameOf(certificate)} was accepted here before, but is not installed any more`
        : origin === 'store'
          ? `${nameOf(certificate)} is trusted on this machine, but not in the store that the engine reads`
          : `the private CA ${nameOf(certificate)} (${where}) ${untrusted}`
    return {
      ...base,
      certificate: certificate.sha256,
      message,
      fix: `trust-registry ${question.registry}${vouching(top, question.givenAs)}`,
    }
  }
  const failed = question.fetched.find(
    (fetch) => fetch.namedBy === certificate.sha256 && fetch.error !== undefined,
  )
  const why = failed
    ? `${failed.url} did not give it (${failed.error ?? ''})`
    : `${untrusted}: a private CA, or an intermediate that is missing`
  return {
    ...base,
    certificate: certificate.sha256,
    message: `${nameOf(certificate)}: its issuer ${issuerOf(certificate)} ${unsent} and ${why}`,
    fix: `trust-registry ${question.registry} --ca CA.pem      # the CA file from the registry's owner`,
  }
}

/** What has to be added for this certificate to be believed; nothing where it was accepted before. */
function vouching({ certificate, origin, file }: ChainLink, givenAs = '--ca CA.pem'): string {
  if (file === REMEMBERED) return ''
  return origin === 'given' ? ` ${givenAs}` : ` --fingerprint SHA256:${certificate.sha256}`
}
