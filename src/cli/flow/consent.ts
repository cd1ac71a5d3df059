import { TrustError } from '../../errors.ts'
import type { ChainLink } from '../../judge/index.ts'
import { colons, day } from '../../x509/words.ts'
import type { PlanItem } from '../../change/index.ts'
import { printable } from '../../report/printable.ts'
import type { Context } from './context.ts'
import type { Site } from './site.ts'

/** The line to type again, with privilege. */
export function sudoLine(context: Site): string {
  const { options } = context
  const quoted = (text: string): string =>
    /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
  const words = [
    ...(options.command === 'trust' ? [] : [options.command]),
    ...options.registries,
    ...(options.all ? ['--all'] : []),
    ...options.ca.flatMap((path) => ['--ca', path]),
    ...options.fingerprints.flatMap((pin) => ['--fingerprint', `SHA256:${pin}`]),
    ...(options.trustOnFirstUse ? ['--trust-on-first-use'] : []),
    ...options.runtimes.flatMap((name) => ['--runtime', name]),
    ...(options.username === undefined ? [] : ['-u', options.username]),
    ...(options.passwordStdin ? ['--password-stdin'] : []),
    ...(options.stateDir === undefined ? [] : ['--state-dir', options.stateDir]),
    ...(options.yes ? ['--yes'] : []),
  ]
  return `sudo trust-registry ${words.map(quoted).join(' ')}`
}

export function requirePrivilege(context: Site, what: string): void {
  if (context.machine.who().privileged) return
  throw new TrustError('needs-privilege', `${what} needs root; nothing was changed`, {
    fix: sudoLine(context),
  })
}

/** What ssh asks before it trusts a host, for a CA: what it is, what it will be trusted for, where the truth is. */
export async function askIdentity(
  context: Context,
  registry: string,
  candidate: ChainLink,
): Promise<boolean> {
  const { certificate, origin } = candidate
  const { services } = context
  services.progress.done()
  const lines = [
    '',
    `The identity of ${registry} cannot be proven. It presents this ${certificate.isCA ? 'CA' : 'self-signed certificate'}:`,
    '',
    `  ${printable(certificate.subject.text)}`,
    `  valid ${day(certificate.notBefore)} to ${day(certificate.notAfter)}, ${origin === 'sent' ? 'sent by the server' : 'fetched over plain HTTP'}`,
    `  SHA256 ${colons(certificate.sha256)}`,
    '',
    `It will be trusted for ${registry} only, by ${context.engines.map((engine) => engine.name).join(', ')}.`,
    'Get the true fingerprint from the owner of the registry, over another channel:',
    '  openssl x509 -in ca.pem -noout -fingerprint -sha256',
    '',
  ]
  services.io.stderr.write(`${lines.join('\n')}\n`)
  const answer = await services.prompts.ask('Paste the fingerprint, or type "yes" if you compared it [no]:')
  if (/^yes$/i.test(answer)) return true
  const hex = answer.replace(/^sha256[:=\s]*/i, '').replace(/[:\s]/g, '')
  if (!/^[0-9a-f]{64}$/i.test(hex)) {
    throw new TrustError('identity-missing', 'the identity was not confirmed; nothing was changed')
  }
  if (hex.toUpperCase() === certificate.sha256) return true
  throw new TrustError(
    'identity-mismatch',
    'the pasted fingerprint is not that of the presented CA; nothing was changed',
    {
      seen: `presented: SHA256 ${colons(certificate.sha256)}`,
      fix: 'somebody may be in between: do not go on before the owner has explained it',
    },
  )
}

/** Off a terminal a valid identity is consent to per-registry files; undo wants a word of its own. */
export async function askChanges(
  context: Site,
  items: readonly PlanItem[],
  offTerminal: 'identity-is-enough' | 'needs-yes',
): Promise<void> {
  const { options, services } = context
  if (options.yes || items.length === 0) return
  if (options.input) {
    services.progress.done()
    const signs = { write: '+', remove: '-', run: '!', restart: '!' }
    const shown = items.map(
      (item) => `  ${signs[item.action]} ${printable(item.target)}    ${printable(item.reason)}\n`,
    )
    services.io.stderr.write(`\n${shown.join('')}  nothing else is touched\n\n`)
    if (await services.prompts.confirm('Go ahead?')) return
    throw new TrustError('consent-missing', 'not agreed to; nothing was changed')
  }
  if (offTerminal === 'identity-is-enough') return
  throw new TrustError('consent-missing', 'there is no terminal to ask for consent; nothing was changed', {
    seen: items.map((item) => `${item.action} ${item.target}`).join(', '),
    fix: 'add --yes',
  })
}
