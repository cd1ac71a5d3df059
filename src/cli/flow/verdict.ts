import { isServed, type Judgement } from '../../judge/index.ts'
import type { ExitCode } from '../exit.ts'
import type { Judged } from './observe.ts'
import type { Site } from './site.ts'

const UNREACHABLE = new Set(['name-not-resolved', 'unreachable', 'timeout', 'proxy-failed'])

/** Whether every required consumer accepts the chain, seen through its own eyes. */
export function isVerified(judgement: Judgement): boolean {
  const required = judgement.consumers.filter((consumer) => consumer.required)
  return required.length > 0 && required.every((consumer) => consumer.state === 'trusted')
}

/** The exit code of a look (DESIGN 2): what stands in the way, and whether this machine could do something. */
export function exitOfCase(seen: Judged): ExitCode {
  const { judgement } = seen
  const codes = new Set(
    judgement.findings.filter((finding) => finding.severity === 'error').map(({ code }) => code),
  )
  if ([...codes].some((code) => UNREACHABLE.has(code))) return 7
  if (judgement.ownerMustAct) return 6
  if (isVerified(judgement)) return 0
  const required = judgement.consumers.filter((consumer) => consumer.required)
  const loopback = judgement.findings.some((finding) => finding.code === 'loopback-insecure')
  const rest = required.filter((consumer) => consumer.state !== 'trusted')
  if (loopback && required.length > 0 && rest.every((consumer) => consumer.state === 'unchecked')) return 0
  return 1
}

/** Whether nothing that could be installed here would help, or there is nothing to do. */
export function isBeyondUs({ options }: Site, seen: Judged): boolean {
  const look = exitOfCase(seen)
  const required = seen.evidence.engines.filter((engine) => engine.required)
  const unchecked = seen.judgement.consumers.some(
    (consumer) => consumer.required && consumer.state === 'unchecked',
  )
  // What stops an engine altogether, or is a person's own, is put in order by that person; the others are served.
  // A directory that is not read is nothing to the OS store.
  const byStore = ({ trust }: (typeof required)[number]): boolean =>
    options.scope === 'system' && trust.byHand?.code === 'trust-file-ignored'
  const served = required.filter((engine) => isServed(engine) || byStore(engine))
  const stuck =
    served.length < required.length && served.every(({ answer }) => answer?.outcome === 'accepted')
  const nobody = required.length === 0 && options.scope === 'registry'
  return look === 7 || look === 6 || nobody || stuck || (unchecked && look === 0)
}
