import { tryParseCertificate, type Certificate } from './certificate.ts'
import { DerReader, contextTag, tag } from './der.ts'
import { newestGo, type GoVersion } from './go-version.ts'
import { readCertificateBlocks, unparsable, type PemIssue } from './pem-issues.ts'

export interface PemPool {
  readonly certificates: readonly Certificate[]
  readonly ignored: readonly PemIssue[]
}

/** x509.CertPool.AppendCertsFromPEM on a file, with everything that it drops. */
export function readPool(bytes: Uint8Array, go: GoVersion = newestGo): PemPool {
  const { blocks, ignored } = readCertificateBlocks(bytes, go)
  const certificates: Certificate[] = []
  for (const block of blocks) {
    const certificate = tryParseCertificate(block.bytes, go)
    if (certificate instanceof Error) ignored.push(unparsable(block.line, certificate.message))
    else certificates.push(certificate)
  }
  return { certificates, ignored: ignored.sort((a, b) => a.line - b.line) }
}

/** A pool's member: parsed when it becomes a candidate, and then by the rules of the Go that asks. */
class Entry {
  readonly raw: Buffer
  readonly origin: string | undefined
  #parsed: Map<string, Certificate | undefined> | undefined

  constructor(raw: Buffer, origin: string | undefined) {
    this.raw = raw
    this.origin = origin
  }

  /** Undefined when this Go refuses it: then it is not in the pool, as far as that Go is concerned. */
  parse(go: GoVersion): Certificate | undefined {
    const name = nameOf(go)
    if (this.#parsed?.has(name) === true) return this.#parsed.get(name)
    const outcome = tryParseCertificate(this.raw, go)
    return this.#keep(name, outcome instanceof Error ? undefined : outcome)
  }

  keep(certificate: Certificate): void {
    this.#keep(nameOf(certificate.go), certificate)
  }

  #keep(name: string, certificate: Certificate | undefined): Certificate | undefined {
    this.#parsed ??= new Map()
    this.#parsed.set(name, certificate)
    return certificate
  }
}

function nameOf(go: GoVersion): string {
  return `${go.minor}.${go.patch ?? ''}`
}

/** x509.CertPool: a set in order of arrival, indexed by the octets of the subject. */
export class CertPool {
  readonly #bySubject = new Map<string, Entry[]>()
  #size = 0

  static of(...certificates: readonly Certificate[]): CertPool {
    const pool = new CertPool()
    for (const certificate of certificates) pool.add(certificate)
    return pool
  }

  /** Without parsing more than each certificate's subject: a bundle costs about what reading it costs. */
  static fromPem(
    bytes: Uint8Array,
    options: { readonly origin?: string; readonly onIgnored?: (issue: PemIssue) => void } = {},
  ): CertPool {
    const pool = new CertPool()
    pool.addPem(bytes, options)
    return pool
  }

  /** Members of all pools, earlier ones first; the parsed forms are shared. */
  static union(...pools: readonly CertPool[]): CertPool {
    const union = new CertPool()
    for (const pool of pools) {
      for (const [subject, entries] of pool.#bySubject)
        for (const entry of entries) union.#insert(subject, entry)
    }
    return union
  }

  get size(): number {
    return this.#size
  }

  /** Every member that the newest Go can parse. Parses all: for reports, not for verdicts. */
  get certificates(): readonly Certificate[] {
    return [...this.#bySubject.values()].flat().flatMap((entry) => entry.parse(newestGo) ?? [])
  }

  add(certificate: Certificate, origin?: string): void {
    const entry = new Entry(certificate.raw, origin)
    entry.keep(certificate)
    this.#insert(certificate.rawSubject.toString('latin1'), entry)
  }

  addPem(
    bytes: Uint8Array,
    options: { readonly origin?: string; readonly onIgnored?: (issue: PemIssue) => void } = {},
  ): void {
    const { blocks, ignored } = readCertificateBlocks(bytes)
    for (const issue of ignored) options.onIgnored?.(issue)
    for (const block of blocks) {
      const subject = subjectOf(block.bytes)
      if (subject !== undefined)
        this.#insert(subject.toString('latin1'), new Entry(block.bytes, options.origin))
      else options.onIgnored?.(unparsable(block.line, parseMessage(block.bytes)))
    }
  }

  /** cert_pool.go contains: the same octets. */
  contains(certificate: Certificate): boolean {
    return this.#find(certificate) !== undefined
  }

  /** The file that brought the certificate in, if the pool was told. */
  originOf(certificate: Certificate): string | undefined {
    return this.#find(certificate)?.origin
  }

  /**
   * cert_pool.go findPotentialParents: the subject must equal the issuer octet by octet; key identifiers
   * only sort. First those that match (or are both absent), then those with one side only, then the rest.
   */
  findCandidates(child: Certificate, go: GoVersion = newestGo): readonly Certificate[] {
    const entries = this.#bySubject.get(child.rawIssuer.toString('latin1')) ?? []
    const ranks: [Certificate[], Certificate[], Certificate[]] = [[], [], []]
    for (const entry of entries) {
      const candidate = entry.parse(go)
      if (candidate !== undefined) ranks[rank(candidate.subjectKeyId, child.authorityKeyId)].push(candidate)
    }
    return ranks.flat()
  }

  #find(certificate: Certificate): Entry | undefined {
    const entries = this.#bySubject.get(certificate.rawSubject.toString('latin1'))
    return entries?.find((entry) => entry.raw.equals(certificate.raw))
  }

  #insert(subject: string, entry: Entry): void {
    const entries = this.#bySubject.get(subject)
    if (entries?.some((other) => other.raw.equals(entry.raw)) === true) return
    if (entries === undefined) this.#bySubject.set(subject, [entry])
    else entries.push(entry)
    this.#size++
  }
}

function rank(subjectKeyId: string | undefined, authorityKeyId: string | undefined): 0 | 1 | 2 {
  if (subjectKeyId === authorityKeyId) return 0
  return subjectKeyId === undefined || authorityKeyId === undefined ? 1 : 2
}

// Just far enough into the certificate; what lies behind is looked at when it matters.
function subjectOf(der: Buffer): Buffer | undefined {
  const tbs = new DerReader(der).enter(tag.sequence)?.enter(tag.sequence)
  tbs?.skip(contextTag(0, true))
  const before = [tag.integer, tag.sequence, tag.sequence, tag.sequence]
  return before.every((expected) => tbs?.skip(expected)) ? tbs?.element(tag.sequence)?.full : undefined
}

function parseMessage(der: Buffer): string {
  const outcome = tryParseCertificate(der)
  return outcome instanceof Error ? outcome.message : 'x509: malformed certificate'
}
