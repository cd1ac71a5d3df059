import { tryParseCertificate, type Certificate } from './certificate.ts'
import { chainConstraintFailure } from './constraints.ts'
import { legacyConstraintFailure } from './constraints-legacy.ts'
import { goAtLeast, goHasFix, newestGo, type GoVersion } from './go-version.ts'
import { quote } from './go-text.ts'
import { verifyHostname } from './hostname.ts'
import { keyUsageObstacle, type ExtKeyUsage } from './key-usage.ts'
import { policiesValid } from './policies.ts'
import { CertPool } from './pool.ts'
import { checkSignatureFrom } from './signature.ts'
import { rfc3339 } from './time.ts'
import { classifyHint, type Hint, type VerifyError, type VerifyErrorKind } from './verify-error.ts'

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
  if (options.roots.contains(own)) return judgeChains([[own]], options, go)
  const built = new ChainBuilder(options, go).build(own, [own])
  return 'error' in built ? refused(built.error) : judgeChains(built.chains, options, go)
}

function sameRules(a: GoVersion, b: GoVersion): boolean {
  return a.minor === b.minor && a.patch === b.patch
}

function refused(error: VerifyError): VerifyResult {
  return { ok: false, error }
}

type Role = 'leaf' | 'intermediate' | 'root'

// verify.go isValid: may `certificate` go on top of `chain`?
function validityFailure(
  certificate: Certificate,
  role: Role,
  chain: Chain,
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

type Loss =
  | { readonly cause: 'policy' }
  | { readonly cause: 'usage'; readonly certificate: Certificate }
  | { readonly cause: 'constraint'; readonly error: VerifyError }

// The end of verify.go Verify: policies since 1.24, usages, and since 1.26 the name constraints.
function judgeChains(candidates: readonly Chain[], options: VerifyOptions, go: GoVersion): VerifyResult {
  const usages = options.extKeyUsages?.length ? options.extKeyUsages : (['serverAuth'] as const)
  const kept: Chain[] = []
  const losses: Loss[] = []
  for (const chain of candidates) {
    const loss = lossOf(chain, usages, go)
    if (loss === undefined) kept.push(chain)
    else losses.push(loss)
  }
  return kept.length > 0 ? { ok: true, chains: kept } : refused(lostChains(losses, candidates[0]?.[0], go))
}

function lossOf(chain: Chain, usages: readonly ExtKeyUsage[], go: GoVersion): Loss | undefined {
  const obstacle = usages.includes('any') ? undefined : keyUsageObstacle(chain, usages)
  const usage: Loss | undefined =
    obstacle === undefined ? undefined : { cause: 'usage', certificate: obstacle }
  // CVE-2025-22874: before 1.24.4 usages came first, and any usage let every policy pass.
  const usagesFirst = !goAtLeast(go, 24, 4)
  if (usagesFirst && (usage !== undefined || usages.includes('any'))) return usage
  if (goAtLeast(go, 24) && !policiesValid(chain)) return { cause: 'policy' }
  if (usage !== undefined) return usage
  const failure = goAtLeast(go, 26) ? chainConstraintFailure(chain, go) : undefined
  return failure === undefined ? undefined : { cause: 'constraint', error: constraintError(chain, failure) }
}

function constraintError(chain: Chain, failure: string): VerifyError {
  const message = `x509: a root or intermediate certificate is not authorized to sign for this name: ${failure}`
  const certificate = chain.find((link) => link.nameConstraints !== undefined)
  return { kind: 'name-constraint', message, ...(certificate === undefined ? {} : { certificate }) }
}

function lostChains(losses: readonly Loss[], leaf: Certificate | undefined, go: GoVersion): VerifyError {
  const constraint = losses.find((loss) => loss.cause === 'constraint')
  if (constraint !== undefined) return constraint.error
  const usages = losses.filter((loss) => loss.cause === 'usage')
  const policies = losses.length - usages.length
  if (policies === 0) {
    const message = 'x509: certificate specifies an incompatible key usage'
    const certificate = usages[0]?.certificate
    return { kind: 'wrong-key-usage', message, ...(certificate === undefined ? {} : { certificate }) }
  }
  const message = `x509: no valid chains built: ${policyDetail(policies, usages.length, go)}`
  return { kind: 'policy-invalid', message, ...(leaf === undefined ? {} : { certificate: leaf }) }
}

function policyDetail(policies: number, usages: number, go: GoVersion): string {
  const current = goAtLeast(go, 26)
  if (usages === 0 && !current && goAtLeast(go, 24, 4)) return 'all candidate chains have invalid policies'
  const what = current ? 'candidate chains' : 'chains'
  const usageDetail = usages === 0 ? [] : [`${usages} ${what} with incompatible key usage`]
  return [...usageDetail, `${policies} ${what} with invalid policies`].join(', ')
}
