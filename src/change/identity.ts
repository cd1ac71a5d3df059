import { TrustError } from '../errors.ts'
import type { ChainLink, Judgement } from '../judge/index.ts'
import { isSelfSigned, nameOf, type Certificate } from '../x509/index.ts'
import { acceptedThen, afterConfirmation, anotherIdentity, recordedIn } from './another-identity.ts'
import { approve, line, type Approval } from './approve.ts'
import type { Approved, IdentityHow, RegistryRecord } from './model.ts'

export interface IdentityQuestion {
  readonly registry: string
  readonly judgement: Pick<Judgement, 'candidates' | 'missing' | 'path' | 'proven'>
  /** Certificates from `--ca`. */
  readonly given: readonly Certificate[]
  /** 64 upper-case hex digits each. */
  readonly fingerprints: readonly string[]
  readonly trustOnFirstUse: boolean
  readonly recorded?: RegistryRecord
  /** SHA-256 of what the server shows to clients that name none, where it was looked for. */
  readonly unnamed?: readonly string[]
}

export type Decision =
  | Approval
  /** Only a person can tell: show this one. */
  | { readonly kind: 'ask'; readonly candidate: ChainLink }

/**
 * Whether what the registry presents is who it should be (DESIGN 6, "Identity before installing"). In this order:
 * a pin, a file, what was accepted before, a proof by the OS store, first use; else a person.
 * @throws TrustError `identity-mismatch`, `identity-missing`
 */
export function decideIdentity(question: IdentityQuestion): Decision {
  if (question.fingerprints.length > 0) return byPin(question)
  if (question.given.length > 0) return byFile(question)
  if (question.recorded) return byRecord(question, question.recorded)
  const { judgement } = question
  const top = judgement.path.at(-1)
  if (judgement.proven && top) {
    // The root is recorded: public intermediates change at random.
    // Nothing missing, and still refused: the engine has not read the OS store again since the root came into it.
    return approve(
      'proven',
      top.certificate,
      judgement.missing.length > 0 ? judgement.missing : [top.certificate],
    )
  }
  const presented = presentedAnchor(judgement)
  if (!presented) throw nothingPresented(question)
  if (question.trustOnFirstUse) return approveWith(question, 'first-use', [presented.certificate])
  return { kind: 'ask', candidate: presented }
}

/** What a person, or `--trust-on-first-use`, may accept: the topmost certificate that came from the other side. */
function presentedAnchor(judgement: IdentityQuestion['judgement']): ChainLink | undefined {
  const eligible = new Set(judgement.candidates.map((link) => link.certificate.sha256))
  return [...judgement.path]
    .reverse()
    .find((link) => link.origin !== 'given' && eligible.has(link.certificate.sha256))
}

/** The identity that a person has just confirmed. */
export function confirmed(question: IdentityQuestion, candidate: ChainLink): Approved {
  return approveWith(question, 'confirmed', [candidate.certificate]).approved
}

function byPin(question: IdentityQuestion): Decision {
  const pins = new Set(question.fingerprints)
  const matched = question.judgement.candidates
    .map((link) => link.certificate)
    .filter(({ sha256 }) => pins.has(sha256))
  if (matched.length > 0) return approveWith(question, 'pin', matched)
  const leaf = question.judgement.path[0]
  const pinnedLeaf = leaf !== undefined && pins.has(leaf.certificate.sha256)
  const top = question.judgement.path.at(-1)
  if (question.unnamed?.some((digest) => pins.has(digest)) === true) throw pinnedUnnamed(question)
  const rootUnseen = top !== undefined && !isSelfSigned(top.certificate)
  throw new TrustError(
    'identity-mismatch',
    pinnedLeaf
      ? 'the fingerprint is that of the server certificate, which was issued by a CA: pin the CA instead'
      : rootUnseen
        ? `the fingerprint matches nothing that ${question.registry} sends; its root is not sent, so a root's fingerprint needs the file beside it`
        : `the fingerprint matches no CA that ${question.registry} presents`,
    {
      seen: seen(question),
      fix: pinnedLeaf
        ? `trust-registry ${question.registry} --ca CA.pem      # the CA file from the registry's owner`
        : rootUnseen
          ? `trust-registry ${question.registry} --ca CA.pem --fingerprint SHA256:${question.fingerprints[0] ?? ''}`
          : 'compare with the owner of the registry over another channel before trusting anything',
    },
  )
}

/** Read off by a client that sent no server name (SNI): to an address, or by an old openssl. */
function pinnedUnnamed(question: IdentityQuestion): TrustError {
  const { registry } = question
  const fix = `openssl s_client -connect ADDRESS:PORT -servername HOST -showcerts </dev/null      # what ${registry} shows to engines`
  return new TrustError(
    'identity-mismatch',
    `the fingerprint is of a certificate that ${registry} shows only to clients that send no server name (SNI); engines send it`,
    { seen: seen(question), fix },
  )
}

function byFile(question: IdentityQuestion): Decision {
  const given = new Set(question.given.map((certificate) => certificate.sha256))
  const anchors = question.judgement.candidates.filter((link) => given.has(link.certificate.sha256))
  const anchor = anchors.at(-1)
  if (!anchor) {
    throw new TrustError(
      'identity-mismatch',
      `no certificate of the --ca file anchors the chain of ${question.registry}`,
      {
        seen: `${seen(question)}\nin the file: ${question.given.map((given) => inFile(given, question.judgement)).join('\n')}`,
        fix: 'ask the owner of the registry for the CA that issued its certificate',
      },
    )
  }
  // Every CA of the file: in a rotation the old and the new one stand side by side.
  const cas = question.given.filter(
    (certificate) => certificate.isCA || certificate.sha256 === anchor.certificate.sha256,
  )
  return approve('ca-file', anchor.certificate, [...cas, ...below(question, anchor.certificate)])
}

function byRecord(question: IdentityQuestion, recorded: RegistryRecord): Decision {
  const known = recordedIn(question.judgement, recorded)
  if (known)
    return approveWith(
      question,
      'recorded',
      question.judgement.proven && question.judgement.missing.length > 0 ? [] : [known.certificate],
      known.certificate,
    )
  throw new TrustError('identity-mismatch', anotherIdentity(recorded), {
    seen: `${seen(question)}\naccepted then: ${acceptedThen(recorded)}`,
    fix: afterConfirmation(recorded),
  })
}

function approveWith(
  question: IdentityQuestion,
  how: IdentityHow,
  anchors: readonly Certificate[],
  identity: Certificate | undefined = anchors[0],
): Approval {
  if (!identity) throw nothingPresented(question)
  return approve(how, identity, [...anchors, ...below(question, identity)])
}

/** The intermediates that the server leaves out between its leaf and the anchor. */
function below(question: IdentityQuestion, anchor: Certificate): readonly Certificate[] {
  const { path, missing } = question.judgement
  const height = path.findIndex((link) => link.certificate.sha256 === anchor.sha256)
  const under = new Set(path.slice(0, Math.max(height, 0)).map((link) => link.certificate.sha256))
  return missing.filter((certificate) => under.has(certificate.sha256))
}

function nothingPresented(question: IdentityQuestion): TrustError {
  return new TrustError(
    'identity-missing',
    `${question.registry} does not send the CA that issued its certificate, and it cannot be found`,
    {
      seen: seen(question),
      fix: `trust-registry ${question.registry} --ca CA.pem      # the CA file from the registry's owner`,
    },
  )
}

/** The refusal off a terminal: nothing may stand for a person's look at the fingerprint. */
export function identityMissing(question: IdentityQuestion, candidate: ChainLink): TrustError {
  const { certificate } = candidate
  const what = certificate.isCA
    ? `${nameOf(certificate)} is the CA of ${question.registry}`
    : `this certificate is that of ${question.registry}`
  return new TrustError(
    'identity-missing',
    `nothing proves that ${what}: it came over the connection that it is to secure. Compare its fingerprint with what the owner of the registry says, over another channel`,
    {
      seen: `presented, unverified: ${line(certificate)}`,
      fix: `trust-registry ${question.registry} --fingerprint SHA256:${certificate.sha256}`,
    },
  )
}

function seen(question: IdentityQuestion): string {
  const links = question.judgement.path.map((link) => line(link.certificate))
  return links.length === 0 ? 'no certificate' : links.join('\n')
}

/** A CA that was renewed has the name of the old one, and another key: the fingerprint tells them apart. */
function inFile(given: Certificate, { path }: IdentityQuestion['judgement']): string {
  const top = path.at(-1)?.certificate
  const issued = top !== undefined && !isSelfSigned(top) && top.rawIssuer.equals(given.rawSubject)
  const namesake = path.some(
    ({ certificate }) =>
      certificate.rawSubject.equals(given.rawSubject) && !certificate.rawSpki.equals(given.rawSpki),
  )
  return `${line(given)}${issued || namesake ? ' (the same name, another key)' : ''}`
}
