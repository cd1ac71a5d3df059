import type { Finding, Owner } from '../judge/judgement.ts'
import { indent, wrapAtMost } from './layout.ts'
import type { Style, Tone } from './style.ts'
import { glyphOf } from './tree.ts'

const actors: Readonly<Record<Owner, string>> = {
  registry: 'registry owner',
  machine: 'this machine',
  network: 'network',
}

const order = { error: 0, warning: 1, info: 2 } as const
const tones: Readonly<Record<Finding['severity'], Tone>> = { error: 'bad', warning: 'warn', info: 'dim' }

/** That it may be somebody else comes before anything else; then errors, and among them the one that Docker prints. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  return findings.toSorted(
    (a, b) =>
      Number(isAlarm(b)) - Number(isAlarm(a)) ||
      order[a.severity] - order[b.severity] ||
      standing(b) - standing(a),
  )
}

/** A short screen keeps it, whatever else has to go. */
export function isAlarm({ code }: Finding): boolean {
  return code === 'identity-changed'
}

/** Where there is no engine at all, that comes before what one would say. */
function standing(finding: Finding): number {
  return finding.code === 'runtime-not-found' ? 2 : finding.first ? 1 : 0
}

/** The fault to mend first: its fix stands at the end of the report, the others' with -v beside them. */
export function mainFault(findings: readonly Finding[]): Finding | undefined {
  return inOrder(findings).find((finding) => finding.severity === 'error' && finding.fix !== undefined)
}

function fixOf(finding: Finding, style: Style): string[] {
  if (!style.verbose || finding.fix === undefined) return []
  return [style.paint('dim', '   to mend it:'), ...indent(style.safeLines(finding.fix), 5)]
}

/** What is wrong, in a sentence, and who has to act. */
export function findingRows(
  findings: readonly Finding[],
  mainFixShown: boolean,
  style: Style,
  printer = 'Docker',
): string[][] {
  const main = mainFixShown ? mainFault(findings) : undefined
  return inOrder(findings).map((finding) => {
    const tone = tones[finding.severity]
    const notes = [
      `who acts: ${actors[finding.owner]}`,
      ...(finding.first ? [`the one ${printer} prints`] : []),
    ]
    const head =
      ` ${style.paint(tone, `${glyphOf(finding, style)} ${finding.code}`)}` +
      style.paint('dim', `  (${notes.join('; ')})`)
    const message = style.safe(finding.message, style.verbose ? undefined : 600)
    const most = style.verbose ? 100 : 3
    const lines = indent(wrapAtMost(message, style.columns - 3, most, style.glyph.ellipsis), 3)
    const where =
      style.verbose && finding.certificate !== undefined
        ? [style.paint('dim', `   certificate SHA256:${finding.certificate}`)]
        : []
    return [head, ...lines, ...where, ...(finding === main ? [] : fixOf(finding, style))]
  })
}
