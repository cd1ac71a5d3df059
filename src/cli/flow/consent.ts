import { TrustError, errorText } from '../../errors.ts'
import type { ChainLink, Finding } from '../../judge/index.ts'
import { colons, day, nameOf } from '../../x509/words.ts'
import type { Plan, PlanItem } from '../../change/index.ts'
import { printable } from '../../report/printable.ts'
import { parseFingerprint } from '../fingerprint.ts'
import type { Options } from '../options.ts'
import type { Context } from './context.ts'
import { shellWord } from '../../machine/shell.ts'
import type { Confirmable } from './realms.ts'
import type { Site } from './site.ts'

const DEFAULT_TIMEOUT_MS = 10_000

/** The line to type again, with what is to be added. */
export function againLine(context: Pick<Site, 'options'>, ...more: readonly string[]): string {
  const { options } = context
  const flag = (name: string, given: boolean): string[] => (given ? [name] : [])
  const words = [
    ...(options.command === 'trust' && /[.:[/]/.test(options.registries[0] ?? '') ? [] : [options.command]),
    ...options.registries,
    ...flag('--all', options.all),
    ...options.ca.flatMap((path) => ['--ca', path]),
    ...options.fingerprints.flatMap((pin) => ['--fingerprint', `SHA256:${pin}`]),
    ...flag('--trust-on-first-use', options.trustOnFirstUse),
    ...flag('--prune', options.prune),
    ...(options.scope === 'registry' ? [] : ['--scope', options.scope]),
    ...(options.restart === 'auto' ? [] : ['--restart', options.restart]),
    ...flag('--keep-appended', options.keepAppended),
    ...options.runtimes.flatMap((name) => ['--runtime', name]),
    ...(options.username === undefined ? [] : ['-u', options.username]),
    ...flag('--password-stdin', options.passwordStdin),
    ...options.tokenRealms.flatMap((host) => ['--token-realm', host]),
    ...clientWords(options.client),
    ...flag('--no-login', !options.login),
    ...flag('--login-required', options.loginRequired),
    ...flag('--offline', options.offline),
    ...options.pins.flatMap(({ host, port, address }) => ['--resolve', `${host}:${port}:${address}`]),
    ...(options.proxy === undefined ? [] : ['--proxy', options.proxy]),
    ...flag('--no-aia', !options.aia),
    ...(options.timeoutMs === DEFAULT_TIMEOUT_MS ? [] : ['--timeout', String(options.timeoutMs / 1000)]),
    ...(options.machine === undefined ? [] : ['--machine', options.machine.text]),
    ...(options.stateDir === undefined ? [] : ['--state-dir', options.stateDir]),
    ...flag('--yes', options.yes),
    ...flag('--json', options.json),
    ...more,
  ]
  return `trust-registry ${words.map(shellWord).join(' ')}`
}

function clientWords(client: Options['client']): readonly string[] {
  if (client === undefined) return []
  if ('p12' in client) return ['--client-p12', client.p12]
  return ['--client-cert', client.certificate, '--client-key', client.key]
}

/** What ssh asks before it trusts a host, for a CA: what it is, what it will be trusted for, where the truth is. */
export async function askIdentity(
  context: Context,
  registry: string,
  candidate: ChainLink,
  engines: readonly string[],
): Promise<boolean> {
  const { certificate, origin, role } = candidate
  const where = origin === 'fetched' ? 'fetched from the address in the certificate' : 'sent by the server'
  const { services } = context
  services.progress.done()
  const lines = [
    '',
    `The identity of ${registry} cannot be proven. It presents this ${certificate.isCA ? 'CA' : 'self-signed certificate'}:`,
    '',
    `  ${printable(nameOf(certificate))}`,
    `  valid ${day(certificate.notBefore)} to ${day(certificate.notAfter)}, ${where}`,
    `  SHA256 ${colons(certificate.sha256)}`,
    '',
    context.options.scope === 'system'
      ? 'It goes into the OS store: every program on this machine will accept any site signed by it.'
      : `It will be trusted for ${registry} only, by ${engines.join(', ')}.`,
    'Get the true fingerprint of this very certificate from the owner of the registry, over another channel:',
    '  openssl x509 -in ca.pem -noout -fingerprint -sha256',
    ...(role === 'intermediate'
      ? ['It is an intermediate; its root was not sent. With the root in a file: --ca FILE instead.']
      : []),
    '',
  ]
  services.io.stderr.write(`${lines.join('\n')}\n`)
  const answer = await services.prompts.ask('Paste the fingerprint, or type "yes" if you compared it [no]:')
  if (/^yes$/i.test(answer)) return true
  if (pasted(answer, registry) === certificate.sha256) return true
  throw new TrustError(
    'identity-mismatch',
    'the pasted fingerprint is not that of the presented CA; nothing was changed',
    {
      seen: `presented: SHA256 ${colons(certificate.sha256)}`,
      fix:
        role === 'intermediate'
          ? `trust-registry ${registry} --ca FILE      # if that was the fingerprint of the root, which is not sent`
          : 'somebody may be in between: do not go on before the owner has explained it',
    },
  )
}

/** A token service has a CA of its own; without it the registry is trusted all the same, so no is an answer. */
export async function confirmsRealm(
  { services }: Context,
  registry: string,
  { authority, presented: { certificate }, refusedBy }: Confirmable,
): Promise<boolean> {
  services.progress.done()
  const lines = [
    '',
    `${registry} has its clients fetch tokens from ${authority}, which ${refusedBy.join(', ')} does not trust.`,
    `The identity of ${authority} cannot be proven. It presents this ${certificate.isCA ? 'CA' : 'self-signed certificate'}:`,
    '',
    `  ${printable(nameOf(certificate))}`,
    `  SHA256 ${colons(certificate.sha256)}`,
    '',
    `It will be trusted for ${registry} and its token services only. Get the true fingerprint from its owner, over another channel.`,
    '',
  ]
  services.io.stderr.write(`${lines.join('\n')}\n`)
  const answer = await services.prompts.ask(
    'Paste the fingerprint, or type "yes" if you compared it; Enter goes on without [no]:',
  )
  if (/^(?:no?)?$/i.test(answer)) return false
  if (/^yes$/i.test(answer) || pasted(answer, registry) === certificate.sha256) return true
  throw new TrustError(
    'identity-mismatch',
    `the pasted fingerprint is not that of the CA that ${authority} presents; nothing was changed`,
    { seen: `presented: SHA256 ${colons(certificate.sha256)}` },
  )
}

/** Half a fingerprint is no answer, and neither is silence. */
function pasted(answer: string, registry: string): string {
  try {
    if (!/^(?:no?)?$/i.test(answer)) return parseFingerprint(answer)
  } catch (error) {
    throw new TrustError('identity-missing', `${errorText(error)}; nothing was changed`)
  }
  throw new TrustError('identity-missing', 'the identity was not confirmed; nothing was changed', {
    fix: `trust-registry ${registry} --ca CA.pem      # with the CA file from the registry's owner nothing is asked`,
  })
}

/** What is consent off a terminal, beside `--yes`. */
export type Consent = 'identity-is-enough' | 'needs-yes'

/** To take trust away, or anything else beside the registry's own files, wants a word of its own. */
export function consentFor(plan: Plan): Consent {
  return plan.items.every((item) => item.action === 'write') ? 'identity-is-enough' : 'needs-yes'
}

/** Off a terminal a valid identity is consent to per-registry files; undo wants a word of its own. */
export async function askChanges(
  context: Site,
  items: readonly PlanItem[],
  offTerminal: Consent,
  findings: readonly Finding[] = [],
): Promise<void> {
  const { options, services } = context
  if (options.yes || items.length === 0) return
  if (options.input) {
    services.progress.done()
    const signs = { write: '+', remove: '-', run: '! run', restart: '! restart' }
    const shown = items.map(
      (item) => `  ${signs[item.action]} ${printable(item.target)}    ${printable(item.reason)}\n`,
    )
    const said = findings.map(({ message }) => `  ${printable(message)}\n`)
    services.io.stderr.write(`\n${said.join('')}${shown.join('')}  nothing else is touched\n\n`)
    if (await services.prompts.confirm('Go ahead?')) return
    throw new TrustError('consent-missing', 'not agreed to; nothing was changed')
  }
  if (offTerminal === 'identity-is-enough') return
  throw new TrustError('consent-missing', 'there is no terminal to ask for consent; nothing was changed', {
    seen: [...items.map(inWords), ...findings.map(({ message }) => message)].join('\n'),
    fix: againLine(context, '--yes'),
  })
}

/** What a restart costs belongs to the question. */
function inWords({ action, target, reason }: PlanItem): string {
  return `${action} ${target}${action === 'restart' ? ` (${reason})` : ''}`
}

export function agreedLines(items: readonly PlanItem[]): readonly string[] {
  return items.map((item) => `${item.action} ${item.target}`)
}

/** Under the lock nothing may be done that was not shown before it. */
export function sameAsAgreed(shown: ReadonlySet<string>, now: Plan): void {
  const more = agreedLines(now.items).filter((line) => !shown.has(line))
  if (more.length === 0) return
  throw new TrustError(
    'consent-missing',
    'the machine was changed by somebody meanwhile; nothing was changed',
    { seen: more.join(', '), fix: 'run it again' },
  )
}
