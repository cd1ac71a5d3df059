import { DerReader, contextTag, oidText, tag } from './der.ts'
import type { Extension, ExtensionFacts } from './extensions.ts'
import { goAtLeast, takesPaddedOids, type GoVersion } from './go-version.ts'
import { need, refuse } from './parse-error.ts'

/** parser.go processExtensions: the certificate policies (RFC 5280 4.2.1.4). */
export function certificatePolicies(facts: ExtensionFacts, { value }: Extension, go: GoVersion): boolean {
  const invalid = 'x509: invalid certificate policies'
  const der = need(new DerReader(value).enter(tag.sequence), invalid)
  const policies = new Set<string>()
  while (!der.empty) {
    const content = need(der.enter(tag.sequence)?.read(tag.oid), invalid)
    // Components beyond 31 bits are let in since OIDs have a type of their own, 1.22.
    const limit = goAtLeast(go, 22) ? Number.POSITIVE_INFINITY : 2 ** 31
    if (oidText(content, limit, takesPaddedOids(go)) === undefined) refuse(invalid)
    const policy = content.toString('hex')
    if (policies.has(policy) && goAtLeast(go, 24)) refuse(invalid)
    policies.add(policy)
  }
  facts.policies = [...policies]
  return true
}

// The three policy extensions are read since 1.24; before, they were unknown to Go.
export function policyMappings(facts: ExtensionFacts, { value }: Extension, go: GoVersion): boolean {
  if (!goAtLeast(go, 24)) return false
  const invalid = 'x509: invalid policy mappings extension'
  const der = need(new DerReader(value).enter(tag.sequence), invalid)
  const mappings = []
  while (!der.empty) {
    const pair = need(der.enter(tag.sequence), invalid)
    const issuer = need(pair.read(tag.oid), invalid).toString('hex')
    mappings.push({ issuer, subject: need(pair.read(tag.oid), invalid).toString('hex') })
  }
  facts.policyMappings = mappings
  return true
}

export function policyConstraints(facts: ExtensionFacts, { value }: Extension, go: GoVersion): boolean {
  if (!goAtLeast(go, 24)) return false
  const invalid = 'x509: invalid policy constraints extension'
  const der = need(new DerReader(value).enter(tag.sequence), invalid)
  if (der.peek(contextTag(0))) facts.requireExplicitPolicy = Number(need(der.int64(contextTag(0)), invalid))
  if (der.peek(contextTag(1))) facts.inhibitPolicyMapping = Number(need(der.int64(contextTag(1)), invalid))
  return true
}

export function inhibitAnyPolicy(facts: ExtensionFacts, { value }: Extension, go: GoVersion): boolean {
  if (!goAtLeast(go, 24)) return false
  const skip = need(new DerReader(value).int64(), 'x509: invalid inhibit any policy extension')
  facts.inhibitAnyPolicy = Number(skip)
  return true
}
