import type { Finding } from '../judge/judgement.ts'
import { mainFault } from './findings.ts'
import type { Style } from './style.ts'
import { isOnlyPlanned } from './verdict.ts'
import type { RegistryView } from './view.ts'

/** More lines than this are no quick fix; -v shows them. */
const MAX_FIX_LINES = 9

/** A one-word host would be taken for a command without the word `trust` (DESIGN 2). */
export function trustCommand(registry: string): string {
  return /[.:[/]/.test(registry) ? `trust-registry ${registry}` : `trust-registry trust ${registry}`
}

/** Who does what, with lines that can be pasted as they stand: no prompt sign, no frame, no wrapping. */
export function fixLines(view: RegistryView, command: string, style: Style): string[] {
  const { document } = view
  if (document.error?.fix !== undefined) return titled('To go on', document.error.fix, style)
  if (document.error !== undefined) return []
  if (command !== 'diagnose' && (document.ok || isOnlyPlanned(document))) return []
  const owners =
    document.exitCode === 6 ? document.findings.filter(({ owner }) => owner === 'registry') : undefined
  const fault = mainFault(owners ?? document.findings)
  if (fault?.fix === undefined) return []
  const lines = titled(titleOf(fault), fault.fix, style)
  const meanwhile =
    fault.owner === 'registry' &&
    document.exitCode === 1 &&
    command === 'diagnose' &&
    view.storeName === undefined
  if (!meanwhile || fault.fix.includes('trust-registry ')) return lines
  const own = document.findings.find(
    (finding) => finding.owner === 'machine' && finding.fix?.startsWith('trust-registry '),
  )
  return [
    ...lines,
    ...titled('Until then, on this machine', own?.fix ?? trustCommand(document.registry), style),
  ]
}

function titleOf(fault: Finding): string {
  if (fault.owner === 'registry') return 'For the registry owner'
  return fault.owner === 'machine' ? 'On this machine' : 'To look into the network'
}

function titled(title: string, fix: string, style: Style): string[] {
  const lines = style.safeLines(fix)
  const all = style.verbose || lines.length <= MAX_FIX_LINES
  const shown = all ? lines : lines.slice(0, MAX_FIX_LINES - 1)
  const rest = all ? [] : [style.paint('dim', ` (${lines.length - shown.length} more lines of it: -v)`)]
  return [` ${style.paint('strong', `${title}:`)}`, ...shown.map((line) => `   ${line}`.trimEnd()), ...rest]
}

/** The fingerprint to compare over another channel, as long as nothing else vouches for it. */
export function compareLines(view: RegistryView, style: Style): string[] {
  const { document } = view
  const top = view.path.at(-1)
  const refused = document.consumers.some((consumer) => consumer.required && consumer.state === 'refused')
  if (!refused || document.identity !== undefined || top === undefined) return []
  if (top.origin === 'store' || top.origin === 'given') return []
  const { subject, issuer, sha256 } = top.certificate
  if (top.role === 'leaf' && subject.text !== issuer.text) return []
  const what = { root: 'root', intermediate: 'topmost CA', leaf: 'certificate' }[top.role]
  return [
    ` ${style.paint('strong', `Fingerprint of its ${what}`)}, to compare with what the registry owner says:`,
    `   SHA256:${sha256}`,
  ]
}

/** What comes next when all went well. */
export function nextLines(view: RegistryView, command: string, style: Style): string[] {
  const { registry, changes, error } = view.document
  if (error !== undefined) return []
  const changed = changes.some((change) => change.state === 'written' || change.state === 'removed')
  if (isOnlyPlanned(view.document)) {
    return [` ${style.paint('dim', 'Only a look: nothing on this machine is changed.')}`]
  }
  const finish =
    view.restart === undefined ? [] : [` ${style.paint('strong', 'To finish:')} ${style.safe(view.restart)}`]
  if (command === 'trust' && changed) {
    const undo = view.undo ?? `trust-registry undo ${registry}`
    const wider =
      view.wider === undefined
        ? []
        : [` ${style.paint('dim', 'For curl and all that read the OS store alone:')} ${view.wider}`]
    return [...finish, ...wider, ` ${style.paint('dim', 'To take it back:')} ${undo}`]
  }
  if (command === 'undo' && changed && view.atRest !== true) {
    const podmans = (path: string): boolean => path.includes('/containers/certs.d/')
    const program = changes.every(({ path }) => podmans(path)) ? 'podman' : 'docker'
    return [
      ...finish,
      ` ${style.paint('dim', 'Logged in? That stays until you say:')} ${program} logout ${registry}`,
    ]
  }
  return finish
}
