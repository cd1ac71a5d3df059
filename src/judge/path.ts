import {
  isSelfSigned,
  isSignedBy,
  newestGo,
  type CertPool,
  type Certificate,
  type GoVersion,
} from '../x509/index.ts'
import type { ChainLink, Origin, Role } from './judgement.ts'

export interface Sources {
  /** Wire order; the first is the leaf. */
  readonly sent: readonly Certificate[]
  readonly fetched: readonly Certificate[]
  readonly given: readonly Certificate[]
  readonly store: CertPool
}

const MAX_DEPTH = 12
const MAX_SIGNATURES = 200

interface Step {
  readonly certificate: Certificate
  readonly origin: Origin
}

/**
 * Every way up from the leaf by name and by signatures that this Go takes, through what was sent, given, fetched and stored.
 * Unlike Go's search it does not stop at the first anchor: it draws the picture, it does not judge.
 */
export function pathsUp(
  sources: Sources,
  at: Date,
  go: GoVersion = newestGo,
): readonly (readonly ChainLink[])[] {
  const leaf = sources.sent[0]
  if (!leaf) return []
  const paths: Step[][] = []
  let budget = MAX_SIGNATURES

  const parentsOf = (child: Certificate, path: readonly Step[]): readonly Step[] => {
    const found = new Map<string, Step>()
    const consider = (candidates: readonly Certificate[], origin: Origin): void => {
      for (const candidate of candidates) {
        if (found.has(candidate.sha256) || path.some((step) => sameCertificate(step.certificate, candidate)))
          continue
        if (!candidate.rawSubject.equals(child.rawIssuer) || budget-- <= 0) continue
        if (isSignedBy(child, candidate, go)) found.set(candidate.sha256, { certificate: candidate, origin })
      }
    }
    consider(sources.sent, 'sent')
    consider(sources.store.findCandidates(child, go), 'store')
    consider(sources.given, 'given')
    consider(sources.fetched, 'fetched')
    return [...found.values()]
  }

  const climb = (path: readonly Step[]): void => {
    const top = path.at(-1)
    if (!top || path.length >= MAX_DEPTH || budget <= 0 || isSelfSigned(top.certificate)) {
      paths.push([...path])
      return
    }
    const parents = parentsOf(top.certificate, path)
    if (parents.length === 0) paths.push([...path])
    for (const parent of parents) climb([...path, parent])
  }
  climb([{ certificate: leaf, origin: 'sent' }])
  return paths
    .map((path) => path.map((step, index) => link(step, index, sources.store)))
    .sort((a, b) => worth(b, at) - worth(a, at))
}

function link(step: Step, index: number, store: CertPool): ChainLink {
  const role: Role = index === 0 ? 'leaf' : isSelfSigned(step.certificate) ? 'root' : 'intermediate'
  const file = step.origin === 'store' ? store.originOf(step.certificate) : undefined
  return { ...step, role, ...(file === undefined ? {} : { file }) }
}

/** Best: ends in a store, then at what the user gave, then at a root; then all dates hold; then the longer one. */
function worth(path: readonly ChainLink[], at: Date): number {
  const top = path.at(-1)
  const end =
    top?.origin === 'store' ? 4000 : top?.origin === 'given' ? 2000 : top?.role === 'root' ? 1000 : 0
  const foreign = path.filter((entry) => entry.origin !== 'sent').length
  const inTime = path.every(({ certificate }) => certificate.notBefore <= at && at <= certificate.notAfter)
  return end + (inTime ? 500 : 0) + (end === 0 ? path.length : -foreign)
}

/** The same key under the same name twice in a path is a cycle, whatever the bytes say (Go verify.go alreadyInChain). */
function sameCertificate(a: Certificate, b: Certificate): boolean {
  return a.sha256 === b.sha256 || (a.rawSubject.equals(b.rawSubject) && a.spkiSha256 === b.spkiSha256)
}

/** The issuing CAs of candidate paths, and a leaf that signed itself. */
export function candidatesOf(paths: readonly (readonly ChainLink[])[]): readonly ChainLink[] {
  const found = new Map<string, ChainLink>()
  for (const path of paths) {
    for (const [index, link] of path.entries()) {
      const eligible =
        index > 0 ? link.certificate.isCA || isSelfSigned(link.certificate) : isSelfSigned(link.certificate)
      if (eligible && !found.has(link.certificate.sha256)) found.set(link.certificate.sha256, link)
    }
  }
  return [...found.values()]
}

/** Wire order first, then what was found elsewhere, each once. */
export function chainOf(sources: Sources, path: readonly ChainLink[]): readonly ChainLink[] {
  const role = (certificate: Certificate, index: number): Role => {
    const known = path.find((entry) => entry.certificate.sha256 === certificate.sha256)
    if (known) return known.role
    if (index === 0) return 'leaf'
    return isSelfSigned(certificate) ? 'root' : certificate.isCA ? 'intermediate' : 'leaf'
  }
  const sent = sources.sent.map((certificate, index) => ({
    certificate,
    role: role(certificate, index),
    origin: 'sent' as const,
  }))
  const seen = new Set(sent.map((entry) => entry.certificate.sha256))
  const rest = path.filter((entry) => entry.origin !== 'sent' && !seen.has(entry.certificate.sha256))
  const inPath = new Set([...seen, ...rest.map((entry) => entry.certificate.sha256)])
  const others = [
    ...sources.fetched.map((certificate) => ({
      certificate,
      role: role(certificate, 1),
      origin: 'fetched' as const,
    })),
    ...sources.given.map((certificate) => ({
      certificate,
      role: role(certificate, 1),
      origin: 'given' as const,
    })),
  ].filter((entry) => !inPath.has(entry.certificate.sha256) && inPath.add(entry.certificate.sha256))
  return [...sent, ...rest, ...others]
}
