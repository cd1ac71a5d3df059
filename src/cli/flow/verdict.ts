import type { Judgement } from '../../judge/index.ts'
import type { ExitCode } from '../exit.ts'
import type { Judged } from './observe.ts'

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
