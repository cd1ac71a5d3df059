import { compareLines, fixLines, nextLines } from './advice.ts'
import { changeRows, identityLines, loginLines, planRows, proofLines } from './changes.ts'
import type { ErrorDocument, ResultDocument } from './document.ts'
import { errorLines } from './error.ts'
import { findingRows, isAlarm } from './findings.ts'
import { fit, type Section } from './fit.ts'
import { indent, plural, width } from './layout.ts'
import { consumerRows } from './matrix.ts'
import { breakLogCommands } from './printable.ts'
import { styleOf, type Style, type TextOptions } from './style.ts'
import { strayRows, treeRows } from './tree.ts'
import { verdictOf } from './verdict.ts'
import type { Outcome, RegistryView } from './view.ts'

/** A screen: what is longer is read with -v. */
const MAX_LINES = 24

/** The report for a person: the verdict, the reasons, who has to do what. Empty: quiet, and all is well. */
export function renderText(outcome: Outcome, options: TextOptions): string {
  const style = styleOf(options)
  const blocks = outcome.views
    .map((view) =>
      options.quiet
        ? quietLines(view, outcome.document.command, style)
        : registryLines(view, outcome.document, options, style),
    )
    .filter((block) => block.length > 0)
  if (!options.quiet && blocks.length > 1) blocks.push([countLine(outcome.document)])
  const { name, why } = outcome.document.machine
  if (name !== undefined && !options.quiet) {
    blocks.push([`on ${style.safe(name, 200)}, which ${style.safe(why ?? 'was named', 200)} says`])
  }
  if (options.verbose && !options.quiet) blocks.push(machineLines(outcome.document, style))
  if (outcome.views.length === 0 && !options.quiet) return 'nothing on record\n'
  if (blocks.length === 0) return ''
  const gap = options.quiet ? '\n' : '\n\n'
  return breakLogCommands(`${blocks.map((block) => block.join('\n')).join(gap)}\n`)
}

function registryLines(
  view: RegistryView,
  whole: ResultDocument,
  options: TextOptions,
  style: Style,
): string[] {
  const sections = sectionsOf(view, whole, options.now ?? view.at, style)
  return fit(sections, options.verbose ? Number.POSITIVE_INFINITY : MAX_LINES, options.columns)
}

/** Top to bottom as printed; `rank` says what goes first where a screen is too short. */
function sectionsOf(view: RegistryView, whole: ResultDocument, now: Date, style: Style): Section[] {
  const { document } = view
  const { command } = whole
  const more = (noun: string) => (count: number) =>
    style.paint('dim', ` +${count} more ${noun}${count === 1 ? '' : 's'}, -v shows them`)
  // What was done says more than what was planned; commands and restarts leave no file behind.
  const plan =
    document.changes.length === 0 || style.verbose
      ? document.plan
      : document.plan.filter(({ action }) => action === 'run' || action === 'restart')
  const fix = fixLines(view, command, style)
  const result = [
    ...(document.identity === undefined ? [] : identityLines(document.identity, style)),
    ...(document.login === undefined ? [] : loginLines(document.login, style)),
    ...(command === 'trust' ? proofLines(document, view.restart !== undefined, style) : []),
  ]

  return [
    block(titleLines(view, command, style)),
    {
      items: treeRows(view, now, style),
      keep: 3,
      rank: 4,
      drop: 'middle',
      more: more('certificate'),
    },
    { items: style.verbose ? strayRows(view, style) : [], keep: 0, rank: 0 },
    { items: consumerRows(document, style), keep: 1, rank: 3, more: more('program') },
    block(document.error === undefined ? [] : stopLines(document.error, style)),
    {
      items: findingRows(
        document.findings,
        fix.length > 0 && document.error?.fix === undefined,
        style,
        printerOf(document.consumers),
      ),
      keep: document.error === undefined || document.findings.some(isAlarm) ? 1 : 0,
      rank: 2,
      vital: true,
      more: more('finding'),
    },
    { items: planRows(plan, style), keep: 2, rank: 5, more: more('step') },
    { items: changeRows(document.changes, style), keep: 2, rank: 1, more: more('file') },
    { ...block(result), rank: 7, vital: false },
    { ...block(compareLines(view, style)), rank: 6, vital: false },
    block(fix),
    block(nextLines(view, command, style)),
  ]
}

/** Lines that belong together: all of them or none. */
function block(lines: readonly string[]): Section {
  return { items: lines.length === 0 ? [] : [lines], keep: 1, rank: 9, vital: true }
}

/** Who prints the fault that is marked: Docker where it is, or else the first that was asked. */
function printerOf(consumers: RegistryView['document']['consumers']): string {
  const names = consumers
    .filter(({ required, name }) => required && name !== 'system')
    .map(({ name }) => name)
  const name = names.includes('docker') ? 'docker' : (names[0] ?? 'docker')
  return { docker: 'Docker', go: 'Go' }[name] ?? name
}

/** Line 1: the registry and the answer. */
function titleLines(view: RegistryView, command: string, style: Style): string[] {
  const { glyph } = style
  const verdict = verdictOf(view, command, style)
  const registry = style.safe(view.document.registry, 270)
  const sentence = `${glyph[verdict.tone]} ${verdict.text}`
  const head = style.paint('strong', registry)
  const answer = style.paint(verdict.tone, sentence)
  const fits = width(`${registry}   ${sentence}`) <= style.columns
  const source = view.takenFrom
  return [
    ...(fits ? [`${head}   ${answer}`] : [head, `  ${answer}`]),
    ...(source === undefined ? [] : [style.paint('dim', ` taken from ${style.safe(source, 300)}`)]),
  ]
}

/** Why the run stopped: the headline wrapped, and what was seen. */
function stopLines(error: ErrorDocument, style: Style): string[] {
  const layout = { columns: style.columns - 2, most: style.verbose ? 100 : 4 }
  return indent(errorLines(clipSeen(error, style), style, layout), 1)
}

/** A list of what was seen may be long; its beginning tells enough. */
function clipSeen<Parts extends { readonly seen?: string }>(error: Parts, style: Style): Parts {
  const lines = error.seen?.split('\n') ?? []
  if (style.verbose || lines.length <= 5) return error
  return { ...error, seen: [...lines.slice(0, 4), `+${lines.length - 4} more, -v shows them`].join('\n') }
}

/** For scripts with -q: nothing where all is well, else the answer, the error and the way out. */
function quietLines(view: RegistryView, command: string, style: Style): string[] {
  const { ok, error } = view.document
  if (ok) return []
  return [
    ...titleLines(view, command, style),
    ...(error === undefined ? [] : stopLines(error, style)),
    ...fixLines(view, command, style),
  ]
}

function countLine({ registries }: ResultDocument): string {
  const good = registries.filter((one) => one.ok).length
  const bad = registries.length - good
  return `${plural(registries.length, 'registry').replace(/ys$/, 'ies')}: ${good} in order, ${bad} not`
}

function machineLines({ machine }: ResultDocument, style: Style): string[] {
  const runtimes = machine.runtimes.map((runtime) => {
    const facts = [runtime.version, runtime.goVersion, runtime.loader, runtime.state]
    const known = facts.filter((fact) => fact !== undefined).map((fact) => style.safe(fact, 60))
    return `   ${style.safe(runtime.name, 40)}${known.length > 0 ? `  ${known.join(', ')}` : ''}`
  })
  const { id, family } = machine.os
  return [
    `machine: ${style.safe(machine.kind, 60)}, ${style.safe(id, 40)} (${style.safe(family, 40)})`,
    ...runtimes,
  ]
}
