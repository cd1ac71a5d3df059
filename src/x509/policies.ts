import type { Certificate } from './certificate.ts'

const anyPolicy = '551d2000'

interface Node {
  readonly policy: string
  expected: readonly string[]
  readonly parents: Set<Node>
  readonly children: Set<Node>
}

/** The levels of RFC 9618's policy graph: nodes by policy, the root of it at level 0. */
class PolicyGraph {
  readonly #levels: Map<string, Node>[]
  #byExpected = new Map<string, Node[]>()

  constructor() {
    this.#levels = [new Map([[anyPolicy, node(anyPolicy, [])]])]
  }

  get leaves(): Map<string, Node> {
    return this.#levels.at(-1) ?? new Map<string, Node>()
  }

  get above(): Map<string, Node> {
    return this.#levels.at(-2) ?? new Map<string, Node>()
  }

  deepen(): void {
    this.#byExpected = new Map()
    for (const leaf of this.leaves.values()) {
      for (const policy of leaf.expected) {
        append(this.#byExpected, policy, leaf)
      }
    }
    this.#levels.push(new Map())
  }

  parentsOf(policy: string): readonly Node[] {
    const anyParent = this.above.get(anyPolicy)
    return this.#byExpected.get(policy) ?? (anyParent === undefined ? [] : [anyParent])
  }

  insert(policy: string, parents: readonly Node[], expected: readonly string[] = [policy]): void {
    this.leaves.set(policy, node(policy, parents, expected))
  }

  remove(policy: string): void {
    const leaf = this.leaves.get(policy)
    if (leaf === undefined) return
    for (const parent of leaf.parents) parent.children.delete(leaf)
    this.leaves.delete(policy)
  }

  /** Drops inner nodes without children; the root stays, the leaves do too. */
  prune(): void {
    for (let level = this.#levels.length - 2; level > 0; level--) {
      const nodes = this.#levels[level]
      for (const [policy, inner] of nodes ?? []) {
        if (inner.children.size > 0) continue
        for (const parent of inner.parents) parent.children.delete(inner)
        nodes?.delete(policy)
      }
    }
  }

  /** RFC 9618 5.4 (g): policies that hang on anyPolicy alone, and anyPolicy itself at the end. */
  get valid(): boolean {
    if (this.leaves.has(anyPolicy)) return true
    return this.#levels.some((level) =>
      [...level.values()].some((inner) => {
        const [parent] = inner.parents
        return inner.policy !== anyPolicy && inner.parents.size === 1 && parent?.policy === anyPolicy
      }),
    )
  }
}

function append<T>(lists: Map<string, T[]>, name: string, entry: T): void {
  const list = lists.get(name)
  if (list === undefined) lists.set(name, [entry])
  else list.push(entry)
}

function node(policy: string, parents: readonly Node[], expected: readonly string[] = [policy]): Node {
  const made: Node = { policy, expected, parents: new Set(parents), children: new Set() }
  for (const parent of parents) parent.children.add(made)
  return made
}

interface Counters {
  inhibitAny: number
  explicit: number
  mapping: number
}

/**
 * verify.go policiesValid (RFC 5280 6.1 as RFC 9618 amends it), for a caller that accepts any policy.
 * The chain runs from the leaf to the anchor; the anchor's own policies do not count.
 */
export function policiesValid(chain: readonly Certificate[]): boolean {
  const length = chain.length - 1
  if (length === 0) return true
  const counters: Counters = { inhibitAny: length + 1, explicit: length + 1, mapping: length + 1 }
  let graph: PolicyGraph | undefined = new PolicyGraph()
  for (let index = length - 1; index >= 0; index--) {
    const certificate = chain[index]
    if (certificate === undefined) return false
    if (certificate.policies.length === 0) graph = undefined
    if (counters.explicit === 0 && graph === undefined) return false
    if (graph !== undefined) {
      grow(graph, certificate, counters, index !== 0)
      if (index !== 0 && !applyMappings(graph, certificate, counters)) return false
    }
    if (index !== 0) count(counters, certificate)
  }
  if (counters.explicit > 0) counters.explicit--
  if (chain[0]?.requireExplicitPolicy === 0) counters.explicit = 0
  return counters.explicit !== 0 || graph?.valid === true
}

// RFC 9618 5.2 (d).
function grow(graph: PolicyGraph, certificate: Certificate, counters: Counters, inner: boolean): void {
  graph.deepen()
  for (const policy of certificate.policies) {
    if (policy === anyPolicy) continue
    const parents = graph.parentsOf(policy)
    if (parents.length > 0) graph.insert(policy, parents)
  }
  const anyCounts = counters.inhibitAny > 0 || (inner && certificate.selfIssued)
  if (certificate.policies.includes(anyPolicy) && anyCounts) {
    const missing = new Map<string, Node[]>()
    for (const parent of graph.above.values()) {
      for (const policy of parent.expected) {
        if (!graph.leaves.has(policy)) append(missing, policy, parent)
      }
    }
    for (const [policy, parents] of missing) graph.insert(policy, parents)
  }
  graph.prune()
}

// RFC 9618 5.3 (b); false for a mapping to or from anyPolicy.
function applyMappings(graph: PolicyGraph, certificate: Certificate, counters: Counters): boolean {
  const mappings = new Map<string, string[]>()
  for (const { issuer, subject } of certificate.policyMappings) {
    if (counters.mapping === 0) {
      graph.remove(issuer)
      continue
    }
    if (issuer === anyPolicy || subject === anyPolicy) return false
    append(mappings, issuer, subject)
  }
  graph.prune()
  for (const [issuer, subjects] of mappings) {
    const leaf = graph.leaves.get(issuer)
    const anyLeaf = graph.leaves.get(anyPolicy)
    if (leaf !== undefined) leaf.expected = subjects
    else if (anyLeaf !== undefined) graph.insert(issuer, [anyLeaf], subjects)
  }
  return true
}

// RFC 5280 6.1.4 (h) to (j).
function count(counters: Counters, certificate: Certificate): void {
  if (!certificate.selfIssued) {
    counters.explicit = Math.max(counters.explicit - 1, 0)
    counters.mapping = Math.max(counters.mapping - 1, 0)
    counters.inhibitAny = Math.max(counters.inhibitAny - 1, 0)
  }
  counters.explicit = lower(counters.explicit, certificate.requireExplicitPolicy)
  counters.mapping = lower(counters.mapping, certificate.inhibitPolicyMapping)
  counters.inhibitAny = lower(counters.inhibitAny, certificate.inhibitAnyPolicy)
}

function lower(current: number, limit: number | undefined): number {
  return limit !== undefined && limit >= 0 && limit < current ? limit : current
}
