import { shellWord } from '../machine/shell.ts'
import { nameOf, verifyHostname, verifySent, type GoVersion } from '../x509/index.ts'
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
  const other = others.find((look) => !isSame(look.sent, sent))
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
  return [
    {
      code: 'addresses-differ',
      severity: split.length > 0 ? 'warning' : 'info',
      owner: 'network',
      message: `the addresses of ${target.host} show different chains: ${address} ${shownBy(sent, go)}, ${other.address} ${shownBy(other.sent, go)}${split[0] ?? ''}`,
      fix: `trust-registry diagnose ${shellWord(target.registry)} --resolve ${shellWord(`${target.host}:${target.port}:${other.address}`)}      # looks at that one`,
    },
  ]
}

/**
 * The server chooses its certificate by the name that a client sends (SNI, RFC 6066 section 3), and has another one for
 * those that send none: `openssl s_client` to an address, for one. Go sends the name, so that is the chain that counts.
 */
export function unnamedChain({ observation, engines }: Evidence): readonly Finding[] {
  const { target, sent, unnamed } = observation
  if (unnamed === undefined || isSame(unnamed, sent)) return []
  const go = goOf(engines.find(({ required }) => required)?.survey.go)
  const fits = (chain: readonly Buffer[]): boolean => {
    const [leaf] = readChain(chain, go)
    return leaf !== undefined && verifyHostname(leaf, target.host, go) === undefined
  }
  const swapped = !fits(sent) && fits(unnamed)
  const where = shellWord(`${target.host}:${target.port}`)
  return [
    {
      code: 'sni-differs',
      severity: 'info',
      owner: 'registry',
      message: `to clients that send no server name (SNI) it shows another chain: ${shownBy(unnamed, go)} in the place of ${shownBy(sent, go)}; engines send the name ${target.host}, so the latter counts`,
      fix: swapped
        ? `nginx: the server block with server_name ${target.host} needs the ssl_certificate of the default one`
        : `openssl s_client -connect ${where} -servername ${shellWord(target.host)} -showcerts </dev/null      # what engines see`,
    },
  ]
}

function isSame(one: readonly Buffer[], other: readonly Buffer[]): boolean {
  return Buffer.concat(one).equals(Buffer.concat(other))
}

function shownBy(chain: readonly Buffer[], go: GoVersion): string {
  const [leaf] = readChain(chain, go)
  if (leaf === undefined) return 'no certificate that can be read'
  return `${nameOf(leaf)} (SHA256 ${leaf.sha256.slice(0, 16)}…)`
}
