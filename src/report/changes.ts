import type { Change, Identity, IdentityHow, PlanItem } from '../change/model.ts'
import type { LoginDocument, RegistryDocument } from './document.ts'
import { sentenceList, width } from './layout.ts'
import type { Style, Tone } from './style.ts'

const accepted: Readonly<Record<IdentityHow, string>> = {
  pin: 'accepted by pin',
  'ca-file': 'accepted from the --ca file',
  proven: 'proven by the OS store',
  recorded: 'accepted earlier, on record',
  confirmed: 'confirmed at the prompt',
  'first-use': 'accepted at first use, compared with nothing',
}

/** `+ file`, `- file`, `> command`, a restart: what will happen, in the order of its happening. */
export function planRows(plan: readonly PlanItem[], style: Style): string[][] {
  return plan.map((item) => {
    const [mark, tone] = actionMark(item, style)
    const note = `${style.safe(item.reason, 200)}${item.privileged ? ' (as root)' : ''}`
    const line = ` ${style.paint(tone, mark)} ${style.safe(item.target)}`
    // Measured without paint; a note that does not fit beside the path goes below it.
    const plain = ` ${mark} ${style.safe(item.target)}  ${note}`
    if (note === '') return [line]
    return width(plain) <= style.columns
      ? [`${line}  ${style.paint('dim', note)}`]
      : [line, `     ${style.paint('dim', note)}`]
  })
}

function actionMark(item: PlanItem, style: Style): readonly [string, Tone] {
  switch (item.action) {
    case 'write':
      return ['+', 'good']
    case 'remove':
      return ['-', 'bad']
    case 'run':
      return ['> run', 'warn']
    case 'restart':
      return [`${style.glyph.restart} restart`, 'warn']
  }
}

export function changeRows(changes: readonly Change[], style: Style): string[][] {
  const tones: Readonly<Record<Change['state'], Tone>> = {
    written: 'good',
    removed: 'good',
    kept: 'warn',
    unchanged: 'dim',
  }
  return changes.map(({ path, state }) => [
    ` ${style.paint(tones[state], state.padEnd(9))}  ${style.safe(path)}`,
  ])
}

/** Two lines, so that the fingerprint stays whole and can be pasted behind --fingerprint. */
export function identityLines(identity: Identity, style: Style): string[] {
  return [
    ` ${style.paint('strong', accepted[identity.how])}: ${style.safe(identity.subject, 100)}`,
    `   SHA256:${identity.sha256}`,
  ]
}

export function loginLines(login: LoginDocument, style: Style): string[] {
  const message = login.message === undefined ? '' : `: ${style.safe(login.message, 300)}`
  const realm = login.realm === undefined ? '' : ` (realm ${style.safe(login.realm, 200)})`
  if (login.ok) return [` ${style.paint('good', `${style.glyph.good} logged in`)}${realm}${message}`]
  const [glyph, word, tone]: readonly [string, string, Tone] = login.attempted
    ? [style.glyph.bad, 'login failed', 'bad']
    : [style.glyph.warn, 'not logged in', 'warn']
  return [` ${style.paint(tone, `${glyph} ${word}`)}${realm}${message}`]
}

/** Who said so: never our own opinion, always the engine's answer. */
export function proofLines(document: RegistryDocument, restartNeeded: boolean, style: Style): string[] {
  const names = document.consumers
    .filter((consumer) => consumer.required && consumer.state === 'trusted')
    .map((consumer) => style.safe(consumer.name, 40))
  if (document.verified && names.length > 0) {
    // Nobody goes there for the OS store: its bundle was read, and held against the chain.
    const engines = names.filter((name) => name !== 'system')
    const reached = engines.join() === 'docker' ? "docker's daemon" : sentenceList(engines)
    // In an image nobody runs to be asked.
    const atRest = document.consumers.some(({ assumed, state }) => assumed === true && state === 'trusted')
    const word = atRest
      ? `by the files that ${sentenceList(engines)} will read in the image`
      : `${reached} reached /v2/`
    const said = [
      ...(engines.length > 0 ? [word] : []),
      ...(engines.length < names.length ? ['the bundle of the OS store holds what it takes'] : []),
    ]
    return [` ${style.paint('good', `${style.glyph.good} verified`)}: ${said.join('; ')}`]
  }
  if (document.verified || document.changes.length === 0) return []
  const unchecked = document.consumers.some((consumer) => consumer.state === 'unchecked')
  const why = restartNeeded
    ? 'the engine sees it after a restart'
    : document.consumers.length === 0
      ? 'nobody has looked at the registry'
      : unchecked
        ? 'the engine does not check this registry'
        : 'no engine could be asked'
  return [` ${style.paint('warn', `${style.glyph.warn} not verified`)}: ${why}`]
}
