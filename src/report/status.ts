import { trustCommand } from './advice.ts'
import { identityLines } from './changes.ts'
import type { ResultDocument, StatusEntry } from './document.ts'
import { plural } from './layout.ts'
import { breakLogCommands } from './printable.ts'
import { styleOf, type Style, type TextOptions } from './style.ts'
import { tableLines, type Cell } from './table.ts'
import { day, validityOf } from './tree.ts'

/** A command as it is to be pasted: with what else this run was told. */
type Retype = (command: string) => string

/** What was done here, does it still hold, what expires when. */
export function renderStatus(
  document: ResultDocument,
  options: TextOptions,
  retype: Retype = (command) => command,
): string {
  const style = styleOf(options)
  const entries = document.entries ?? []
  const shown = options.quiet ? entries.filter((entry) => !entry.holds) : entries
  if (shown.length === 0) return options.quiet ? '' : 'nothing on record\n'

  const head = ['Registry', 'Runtime', 'Since', 'Expires', 'State'].map((text): Cell => ({
    text,
    tone: 'dim',
  }))
  const [title = '', ...rows] = tableLines(
    [head, ...shown.map((entry) => entryCells(entry, options.now, style))],
    style,
  )
  const lines = shown.flatMap((entry, index) => [rows[index] ?? '', ...detailLines(entry, style)])
  return breakLogCommands(`${[title, ...lines, '', ...closing(entries, retype)].join('\n')}\n`)
}

function entryCells(entry: StatusEntry, now: Date | undefined, style: Style): Cell[] {
  const { glyph } = style
  const state: Cell = entry.holds
    ? entry.superseded
      ? { text: `${glyph.info} superseded`, tone: 'warn' }
      : { text: `${glyph.good} holds`, tone: 'good' }
    : { text: `${glyph.bad} ${style.safe(entry.drift ?? 'changed', 200)}`, tone: 'bad' }
  return [
    { text: style.safe(entry.registry, 270), tone: 'strong' },
    { text: style.safe(entry.runtime, 40) },
    { text: day(new Date(entry.since)) },
    expiry(entry.expires, now, style),
    state,
  ]
}

function expiry(expires: string | undefined, now: Date | undefined, style: Style): Cell {
  if (expires === undefined) return { text: '' }
  const end = new Date(expires)
  if (now === undefined) return { text: day(end) }
  // Only the end counts here: a CA of ours that is not yet valid was refused at the door.
  const { tone, text } = validityOf(new Date(0), end, now, style)
  return tone === 'plain' ? { text: day(end) } : { text, tone }
}

function detailLines(entry: StatusEntry, style: Style): string[] {
  return [
    `    ${style.safe(entry.where)}`,
    ...identityLines(entry.identity, style).map((line) => `   ${line}`),
  ]
}

/** A certificate of an earlier identity is trusted as long as its file is there. */
function pruneLines(entries: readonly StatusEntry[], retype: Retype): string[] {
  const old = [...new Set(entries.filter((entry) => entry.superseded).map((entry) => entry.registry))]
  if (old.length === 0) return []
  const [only] = old
  const registry = old.length === 1 && only !== undefined ? trustCommand(only) : trustCommand('REGISTRY:PORT')
  return [`To drop what an earlier identity left behind: ${retype(`${registry} --prune`)}`]
}

function closing(entries: readonly StatusEntry[], retype: Retype): string[] {
  const registries = new Set(entries.map((entry) => entry.registry))
  const drifted = entries.filter((entry) => !entry.holds).length
  const [only] = registries
  const undo = registries.size === 1 && only !== undefined ? only : 'REGISTRY'
  return [
    `${plural(entries.length, 'entry').replace(/ys$/, 'ies')}, ${
      drifted === 0 ? 'all as we left them' : `${drifted} not as we left them`
    }`,
    ...pruneLines(entries, retype),
    `To take back: ${retype(`trust-registry undo ${undo}`)}`,
  ]
}
