import { tryParseCertificate, type Certificate } from './certificate.ts'
import { judgeChains } from './chain-rules.ts'
import { goHasFix, newestGo, type GoVersion } from './go-version.ts'
import { quote } from './go-text.ts'
import { verifyHostname } from './hostname.ts'
import type { ExtKeyUsage } from './key-usage.ts'
import { CertPool } from './pool.ts'
import { checkSignatureFrom } from './signature.ts'
import { validityFailure } from './validity.ts'
import { classifyHint, type Hint, type VerifyError } from './verify-error.ts'

/** x509.VerifyOptions. */
export interface VerifyOptions {
  /** Absent: the name is not checked. */
  readonly host?: string
  readonly at: Date
  readonly intermediates: CertPool
  readonly roots: CertPool
  /** One of them must fit; serverAuth unless told otherwise. */
  readonly extKeyUsages?: readonly ExtKeyUsage[]
  readonly go?: GoVersion
}

export type Chain = readonly Certificate[]

export type VerifyResult =
  | { readonly ok: true; readonly chains: readonly Chain[] }
  | { readonly ok: false; readonly error: VerifyError }

/**
 * verify.go Certificate.Verify: leaf, name, chains, then what holds for a chain as a whole.
 * The first complaint in this order is the verdict. Never throws.
 */
export function verify(leaf: Certificate, options: VerifyOptions): VerifyResult {
  const go = options.go ?? newestGo
  const own = sameRules(leaf.go, go) ? leaf : tryParseCertificate(leaf.raw, go)
  if (own instanceof Error) {
    return refused({ kind: 'malformed-certificate', message: own.message, certificate: leaf })
  }
  const failure = validityFailure(own, 'leaf', [], options.at, go)
  if (failure !== undefined) return refused(failure)
  const mismatch =
    options.host === undefined || options.host === '' ? undefined : verifyHostname(own, options.host, go)
  if (mismatch !== undefined) return refused(mismatch)
  if (options.roots.contains(own)) return conclude([[own]], options, go)
  const built = new ChainBuilder(options, go).build(own, [own])
  return 'error' in built ? refused(built.error) : conclude(built.chains, options, go)
}

function sameRules(a: GoVersion, b: GoVersion): boolean {
  return a.minor === b.minor && a.patch === b.patch
}

function refused(error: VerifyError): VerifyResult {
  return { ok: false, error }
}

function conclude(candidates: readonly Chain[], options: VerifyOptions, go: GoVersion): VerifyResult {
  const { chains, error } = judgeChains(candidates, options.extKeyUsages ?? [], go)
  return error === undefined ? { ok: true, chains } : refused(error)
}

type Built = { readonly chains: readonly Chain[] } | { readonly error: VerifyError }

/** verify.go: as many signatures are tried in one Verify, over all paths. */
const maxSignatureChecks = 100

class ChainBuilder {
  readonly #options: VerifyOptions
  readonly #go: GoVersion
  #checks = 0

  constructor(options: VerifyOptions, go: GoVersion) {
    this.#options = options
    this.#go = go
  }

  /** verify.go buildChains: depth first, roots before intermediates; the last failure wins. */
  build(child: Certificate, chain: Chain): Built {
    const chains: Chain[] = []
    let error: VerifyError | undefined
    let hint: Hint | undefined
    for (const { role, candidate } of this.#candidates(child)) {
      const outcome = this.#consider(child, chain, role, candidate)
      if (outcome === undefined) continue
      if ('hint' in outcome) hint ??= outcome.hint
      else if ('error' in outcome) error = outcome.error
      else {
        error = undefined
        chains.push(...outcome.chains)
      }
      if (error?.kind === 'too-many-checks' && this.#boundedWork) break
    }
    return chains.length > 0 ? { chains } : { error: error ?? unknownAuthority(child, hint) }
  }

  *#candidates(child: Certificate): Generator<{ role: 'root' | 'intermediate'; candidate: Certificate }> {
    for (const candidate of this.#options.roots.findCandidates(child, this.#go))
      yield { role: 'root', candidate }
    for (const candidate of this.#options.intermediates.findCandidates(child, this.#go)) {
      yield { role: 'intermediate', candidate }
    }
  }

  #consider(
    child: Certificate,
    chain: Chain,
    role: 'root' | 'intermediate',
    candidate: Certificate,
  ): Built | { readonly hint: Hint } | undefined {
    if (!this.#boundedWork && this.#isRepetition(candidate, chain)) return undefined
    this.#checks++
    if (this.#checks > maxSignatureChecks) return { error: tooManyChecks }
    if (this.#boundedWork && this.#isRepetition(candidate, chain)) return undefined
    const message = checkSignatureFrom(child, candidate, this.#go)
    if (message !== undefined) {
      return { hint: { kind: classifyHint(message), certificate: candidate, message } }
    }
    const failure = validityFailure(candidate, role, chain, this.#options.at, this.#go)
    if (failure !== undefined) return { error: failure }
    const longer = [...chain, candidate]
    return role === 'root' ? { chains: [longer] } : this.build(candidate, longer)
  }

  // GO-2026-4947: a certificate that is in the chain already costs a check, and the limit ends the search.
  get #boundedWork(): boolean {
    return goHasFix(this.#go, '25.9', '26.2')
  }

  // verify.go alreadyInChain: the same subject, key and names, however the certificates differ.
  #isRepetition(candidate: Certificate, chain: Chain): boolean {
    if (candidate.publicKey.algorithm === 'unknown' && goHasFix(this.#go, '21.8', '22.1')) return true
    for (const member of chain) {
      if (!candidate.rawSubject.equals(member.rawSubject) || !candidate.rawSpki.equals(member.rawSpki))
        continue
      const names = member.rawAlternativeNames
      const wanted = candidate.rawAlternativeNames
      if (wanted === undefined || names === undefined) return wanted === names
      if (wanted.equals(names)) return true
    }
    return false
  }
}

const tooManyChecks: VerifyError = {
  kind: 'too-many-checks',
  message: 'x509: signature check attempts limit reached while verifying certificate chain',
}

// verify.go UnknownAuthorityError.Error.
function unknownAuthority(child: Certificate, hint: Hint | undefined): VerifyError {
  const message = 'x509: certificate signed by unknown authority'
  if (hint === undefined) return { kind: 'unknown-authority', message, certificate: child }
  const { subject, serialDecimal } = hint.certificate
  const name = (subject.commonName ?? '') || (subject.organization[0] ?? `serial:${serialDecimal}`)
  const because = `possibly because of ${quote(hint.message)} while trying to verify candidate authority certificate`
  return {
    kind: 'unknown-authority',
    message: `${message} (${because} ${quote(name)})`,
    certificate: child,
    hint,
  }
}
