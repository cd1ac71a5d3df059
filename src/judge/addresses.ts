import { shellWord } from '../machine/shell.ts'
import { nameOf, verifySent } from '../x509/index.ts'
import type { EngineVerdict } from './engine.ts'
import type { Evidence } from './evidence.ts'
import { goOf } from './faults.ts'
import type { Finding } from './judgement.ts'
import { readChain } from './read.ts'

/**
 * The name has several addresses, and they do not show the same chain: which one an engine gets is the resolver's
 * choice. A warning where an engine that counts would accept one of them and refuse another.
 */
export function differingAddresses(
  evidence: Evidence,
  engines: readonly EngineVerdict[],
): readonly Finding[] {
  const { observation, at } = evidence
  const { target, address = '', sent, others = [] } = observation
  const shown = (chain: readonly Buffer[]): string => Buffer.concat(chain).toString('base64')
  const other = others.find((look) => shown(look.sent) !== shown(sent))
  if (!other) return []
  const complaint = (chain: readonly Buffer[], index: number): string | undefined => {
    const { survey } = evidence.engines[index] ?? {}
    const go = survey?.go === undefined ? {} : { go: survey.go }
    const roots = engines[index]?.pool ?? evidence.store
    const answer = verifySent(chain, { host: target.host, at, roots, ...go })
    return answer.ok ? undefined : answer.message
  }
  const split = engines.flatMap(({ consumer, unchecked }, index) => {
    if (!consumer.required || unchecked) return []
    const [here, there] = [complaint(sent, index), complaint(other.sent, index)]
    if ((here === undefined) === (there === undefined)) return []
    const where = here === undefined ? other.address : address
    return [`; ${consumer.name} refuses the one at ${where}: ${here ?? there ?? ''}`]
  })
  const go = goOf(evidence.engines.find(({ required }) => required)?.survey.go)
  const name = (chain: readonly Buffer[]): string => {
    const [leaf] = readChain(chain, go)
    if (leaf === undefined) return 'no certificate that can be read'
    return `"${nameOf(leaf)}" (SHA256 ${leaf.sha256.slice(0, 16)}…)`
  }
  return [
    {
      code: 'addresses-differ',
      severity: split.length > 0 ? 'warning' : 'info',
      owner: 'network',
      message: `the addresses of ${target.host} show different chains: ${address} ${name(sent)}, ${other.address} ${name(other.sent)}${split[0] ?? ''}`,
      fix: `trust-registry diagnose ${shellWord(target.registry)} --resolve ${shellWord(`${target.host}:${target.port}:${other.address}`)}      # looks at that one`,
    },
  ]
}
