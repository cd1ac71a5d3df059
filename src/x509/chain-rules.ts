import type { Certificate } from './certificate.ts'
import { chainConstraintFailure } from './constraints.ts'
import { distrustedLink } from './distrusted-keys.ts'
import { goAtLeast, type GoVersion } from './go-version.ts'
import { keyUsageObstacle, type ExtKeyUsage } from './key-usage.ts'
import { policiesValid } from './policies.ts'
import type { VerifyError } from './verify-error.ts'

type Chain = readonly Certificate[]

type Loss =
  | { readonly cause: 'policy' }
  | { readonly cause: 'usage'; readonly certificate: Certificate }
  | { readonly cause: 'constraint'; readonly error: VerifyError }
  | { readonly cause: 'distrust'; readonly certificate: Certificate }

/**
 * The end of verify.go Verify: policies since 1.24, usages, since 1.26 the name constraints, and the keys that
 * Go itself distrusts. The chains that are left, or the error when none is.
 */
export function judgeChains(
  candidates: readonly Chain[],
  wanted: readonly ExtKeyUsage[],
  go: GoVersion,
): { readonly chains: readonly Chain[]; readonly error?: VerifyError } {
  const usages = wanted.length > 0 ? wanted : (['serverAuth'] as const)
  const chains: Chain[] = []
  const losses: Loss[] = []
  for (const chain of candidates) {
    const loss = lossOf(chain, usages, go)
    if (loss === undefined) chains.push(chain)
    else losses.push(loss)
  }
  return chains.length > 0 ? { chains } : { chains, error: lostChains(losses, candidates[0]?.[0], go) }
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
  if (failure !== undefined) return { cause: 'constraint', error: constraintError(chain, failure) }
  const distrusted = distrustedLink(chain, go)
  return distrusted === undefined ? undefined : { cause: 'distrust', certificate: distrusted }
}

function constraintError(chain: Chain, failure: string): VerifyError {
  const message = `x509: a root or intermediate certificate is not authorized to sign for this name: ${failure}`
  const certificate = chain.find((link) => link.nameConstraints !== undefined)
  return { kind: 'name-constraint', message, ...(certificate === undefined ? {} : { certificate }) }
}

const noChains = 'x509: no valid chains built'

function lostChains(losses: readonly Loss[], leaf: Certificate | undefined, go: GoVersion): VerifyError {
  const constraint = losses.find((loss) => loss.cause === 'constraint')
  if (constraint !== undefined) return constraint.error
  const usages = losses.filter((loss) => loss.cause === 'usage')
  const policies = losses.filter((loss) => loss.cause === 'policy').length
  if (usages[0] !== undefined && policies === 0) {
    const message = 'x509: certificate specifies an incompatible key usage'
    return { kind: 'wrong-key-usage', message, certificate: usages[0].certificate }
  }
  const distrust = losses.find((loss) => loss.cause === 'distrust')
  if (distrust !== undefined && policies === 0) {
    // Go has no words for it: the sentence ends where the details would begin.
    return { kind: 'distrusted-key', message: noChains, certificate: distrust.certificate }
  }
  const message = `${noChains}: ${policyDetail(policies, usages.length, go)}`
  return { kind: 'policy-invalid', message, ...(leaf === undefined ? {} : { certificate: leaf }) }
}

function policyDetail(policies: number, usages: number, go: GoVersion): string {
  const current = goAtLeast(go, 26)
  if (usages === 0 && !current && goAtLeast(go, 24, 4)) return 'all candidate chains have invalid policies'
  const what = current ? 'candidate chains' : 'chains'
  const usageDetail = usages === 0 ? [] : [`${usages} ${what} with incompatible key usage`]
  return [...usageDetail, `${policies} ${what} with invalid policies`].join(', ')
}
