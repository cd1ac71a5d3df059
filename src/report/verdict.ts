import type { Consumer, ConsumerState, FindingCode } from '../judge/judgement.ts'
import type { ErrorDocument, RegistryDocument } from './document.ts'
import { inOrder } from './findings.ts'
import { plural, sentenceList } from './layout.ts'
import type { Style, Tone } from './style.ts'
import type { RegistryView } from './view.ts'

export interface Verdict {
  readonly tone: Extract<Tone, 'good' | 'bad' | 'warn'>
  readonly text: string
}

/** Faults that stand before any question of trust. */
const faults: Partial<Readonly<Record<FindingCode, string>>> = {
  'name-not-resolved': 'nobody here knows this name',
  unreachable: 'nothing answers there',
  timeout: 'it does not answer in time',
  'proxy-failed': 'the proxy does not let us through',
  'plain-http': 'it speaks plain HTTP, not TLS; its owner must act',
  'not-tls': 'what answers there does not speak TLS; its owner must act',
  'tls-too-old': 'it speaks only an outdated TLS; its owner must act',
  'tls-handshake-failed': 'the TLS handshake fails',
  'client-certificate-required': 'it asks for a client certificate',
  'not-a-registry': 'what answers there is no registry; its owner must act',
  'registry-v1': 'it speaks only the old v1 protocol; its owner must act',
  'runtime-not-found': 'no container engine was found on this machine',
}

/** Why a run stopped. */
const stops: Readonly<Record<string, string>> = {
  'identity-missing': 'stopped: nobody has vouched for its certificate yet',
  'consent-missing': 'stopped: it needs your consent',
  policy: 'stopped: policy forbids it',
  'identity-mismatch': 'STOPPED: its identity is not the one that was expected',
  'not-possible': 'stopped: something has to be done by hand first',
  'change-failed': 'failed: nothing on this machine is changed',
  'rollback-incomplete': 'FAILED: some of it is left, see below',
  'login-failed': 'the login failed',
  'state-damaged': 'stopped: what is on record here cannot be read',
  locked: 'stopped: another run is at work',
  'needs-privilege': 'stopped: this needs administrator rights',
  interrupted: 'interrupted: nothing on this machine is changed',
}

/** The answer in one sentence; the rest of the report gives the reasons. */
export function verdictOf(
  { document, restart }: Pick<RegistryView, 'document' | 'restart'>,
  command: string,
  style: Style,
): Verdict {
  const { error, findings } = document
  if (error !== undefined) return { tone: 'bad', text: stopped(error, document) }
  if (command === 'undo') return undone(document, restart !== undefined)
  if (document.ok && restart !== undefined)
    return { tone: 'warn', text: 'in the OS store; docker trusts it once it is restarted' }
  const errors = inOrder(findings).filter((finding) => finding.severity === 'error')
  const fault = errors.find((finding) => finding.code === 'not-a-registry') ?? errors[0]
  const sentence = fault === undefined ? undefined : sentenceOf(fault.code, document)
  if (sentence !== undefined) return { tone: 'bad', text: sentence }
  return ofConsumers(document, command, style)
}

function sentenceOf(code: FindingCode, { probe }: RegistryDocument): string | undefined {
  // We were told the address, the engine was not.
  if (code === 'name-not-resolved' && probe?.chain.some(({ origin }) => origin === 'sent') === true)
    return 'the engine does not know this name'
  return faults[code]
}

function stopped(error: ErrorDocument, document: RegistryDocument): string {
  const text = stops[error.code] ?? 'stopped'
  return error.code === 'login-failed' && document.verified ? `trusted, but ${text}` : text
}

function undone(document: RegistryDocument, restart: boolean): Verdict {
  const done = document.changes.some(({ state }) => state === 'removed' || state === 'written')
  const kept = document.changes.filter((change) => change.state === 'kept').length
  if (kept > 0 && !document.ok)
    return { tone: 'bad', text: `undone only in part: ${plural(kept, 'file')} kept` }
  if (done && restart) return { tone: 'warn', text: 'undone, but docker trusts it until it is restarted' }
  if (done)
    return {
      tone: 'good',
      text: `undone: ${kept > 0 ? `${plural(kept, 'file')} kept` : 'everything of ours is gone'}`,
    }
  if (document.plan.length > 0) return { tone: 'warn', text: 'would be undone: nothing is changed yet' }
  const shared = document.changes.some(({ state }) => state === 'unchanged')
  if (document.changed && shared)
    return { tone: 'good', text: 'undone: what other registries need as well stays' }
  if (document.changed) return { tone: 'good', text: 'forgotten: its files were gone already' }
  return { tone: 'good', text: 'nothing to undo' }
}

function ofConsumers(document: RegistryDocument, command: string, style: Style): Verdict {
  const required = document.consumers.filter((consumer) => consumer.required)
  const asked = required.length > 0 ? required : document.consumers
  const names = (state: ConsumerState): string =>
    sentenceList(asked.filter((one) => one.state === state).map((one) => style.safe(one.name, 40)))
  const has = (state: ConsumerState): boolean => asked.some((one) => one.state === state)

  if (has('refused')) {
    const who = `${names('refused')} ${does(asked, 'refused')} not trust it`
    if (command === 'trust' && isOnlyPlanned(document))
      return { tone: 'warn', text: `${who} yet; this is the plan` }
    return { tone: 'bad', text: who + whoActs(document) }
  }
  if (has('unchecked')) {
    const who = `${names('unchecked')} ${does(asked, 'unchecked')} not check its certificate at all`
    return { tone: 'warn', text: who }
  }
  if (has('unknown')) {
    const trust = does(asked, 'unknown') === 'does' ? 'trusts' : 'trust'
    return { tone: 'warn', text: `whether ${names('unknown')} ${trust} it is unknown` }
  }
  if (!has('trusted')) {
    if (command === 'trust' && isOnlyPlanned(document))
      return { tone: 'warn', text: 'this is the plan; nobody has looked at it' }
    if (document.ok && document.changes.length > 0) {
      return { tone: 'warn', text: 'prepared, but nobody has looked at it: not verified' }
    }
    return document.ok ? { tone: 'good', text: 'in order' } : { tone: 'bad', text: 'not in order, see below' }
  }
  return trusted(document, command, names('trusted'), asked.length)
}

function trusted(document: RegistryDocument, command: string, names: string, count: number): Verdict {
  const trusts = `${names} ${count === 1 ? 'trusts' : 'trust'} it`
  if (command !== 'trust') return { tone: 'good', text: trusts }
  if (isOnlyPlanned(document)) return { tone: 'warn', text: `${trusts}; this would be ${doneTo(document)}` }
  if (document.login?.ok === false && document.exitCode === 0) {
    return { tone: 'warn', text: `${trusts}, but no stored login is known to work` }
  }
  if (document.login?.attempted === true && !document.login.ok) {
    return { tone: 'bad', text: `${trusts}, but the login failed` }
  }
  if (document.login?.ok === false) return { tone: 'warn', text: `${trusts}, but nobody was logged in` }
  if (document.changed) {
    return document.verified
      ? { tone: 'good', text: `${trusts} now` }
      : { tone: 'warn', text: 'the files are in place, but no engine has confirmed it' }
  }
  return { tone: 'good', text: `${trusts}; nothing to do` }
}

function doneTo({ plan }: RegistryDocument): string {
  const removes = plan.filter(({ action }) => action === 'remove').length
  if (removes === 0) return 'added'
  return removes === plan.length ? 'removed' : 'changed'
}

/** `--dry-run` and `--check` (exit 3): there is a plan, and nothing of it was done. */
export function isOnlyPlanned({ plan, changes, ok, exitCode }: RegistryDocument): boolean {
  return plan.length > 0 && changes.length === 0 && (ok || exitCode === 3)
}

function does(asked: readonly Consumer[], state: ConsumerState): string {
  return asked.filter((one) => one.state === state).length === 1 ? 'does' : 'do'
}

function whoActs(document: RegistryDocument): string {
  // Files were judged, not this machine.
  if (document.consumers.some((consumer) => consumer.name === 'go')) return ''
  if (document.exitCode === 6) return '; only its owner can mend that'
  return document.exitCode === 1 ? '; this machine can mend that' : ''
}
