import type { ChainLink, Finding, Origin, Role } from '../judge/judgement.ts'
import type { CertificateDocument } from './document.ts'
import { clip, plural, width } from './layout.ts'
import type { Style, Tone } from './style.ts'
import { tableLines, type Cell } from './table.ts'
import type { RegistryView } from './view.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
const roles: Readonly<Record<Role, string>> = { root: 'ROOT', intermediate: 'INTER', leaf: 'LEAF' }
const origins: Readonly<Record<Origin, string>> = {
  sent: 'sent by server',
  fetched: 'fetched from AIA',
  given: 'given by --ca',
  store: 'in the OS store',
}

/** A per-registry directory is no OS store: the difference is what the whole program is about. */
function placeOf(link: ChainLink, view: RegistryView): string {
  if (view.storeName !== undefined && link.origin === 'sent') return 'in the --chain file'
  if (link.origin === 'store' && view.storeName !== undefined) return view.storeName
  if (link.file === 'remembered') return 'accepted before'
  return link.file?.includes('/certs.d/') === true ? 'in certs.d' : origins[link.origin]
}
const worst = { error: 0, warning: 1, info: 2 } as const

/** The chain with the root on top: one row a certificate, who it came from, how long it is valid, what is wrong. */
export function treeRows(view: RegistryView, now: Date, style: Style): string[][] {
  const path = view.path.toReversed()
  if (path.length === 0) return []
  const top = path[0]?.certificate
  const ghost =
    top !== undefined && path[0]?.role !== 'root' && top.issuer.text !== top.subject.text
      ? [ghostCells(top.issuer.commonName ?? top.issuer.text, style)]
      : []
  const rows = (long: boolean): Cell[][] => [
    ...ghost,
    ...path.map((link, index) => linkCells(link, index + ghost.length, view, { now, long }, style)),
  ]
  const short = linesOf(rows(false), style)
  // The code of a finding is said again below the tree, so it gives way where the line is full.
  const lines = linesOf(rows(true), style).map((line, index) =>
    line.columns <= style.columns ? line.text : (short[index]?.text ?? ''),
  )
  if (!style.verbose) return lines.map((line) => [line])
  return lines.map((line, index) => {
    const link = path[index - ghost.length]
    return link === undefined ? [line] : [line, style.paint('dim', `   SHA256:${link.certificate.sha256}`)]
  })
}

/** The issuer that the top certificate names and nobody has. */
function ghostCells(name: string, style: Style): Cell[] {
  return [
    { text: nameCell(name, 0, style), tone: 'dim' },
    { text: 'ROOT?', tone: 'dim' },
    { text: 'not sent, and not known here', tone: 'warn' },
  ]
}

interface MarkOptions {
  readonly now: Date
  /** With the code of the finding, not its glyph alone. */
  readonly long: boolean
}

function linkCells(
  link: ChainLink,
  depth: number,
  view: RegistryView,
  options: MarkOptions,
  style: Style,
): Cell[] {
  const { certificate } = link
  const name = certificate.subject.commonName ?? certificate.subject.text
  const marks = marksOf(certificate.sha256, view.document.findings)
  const validity = validityOf(certificate.notBefore, certificate.notAfter, options.now, style)
  const cells: Cell[] = [
    { text: nameCell(name === '' ? '(no name)' : name, depth, style), tone: 'strong' },
    { text: roles[link.role] },
    { text: placeOf(link, view) },
    { text: validity.text, tone: validity.tone },
  ]
  const [mark] = marks
  if (mark === undefined) return cells
  const others = marks.length > 1 ? ` +${marks.length - 1}` : ''
  const text = glyphOf(mark, style) + (options.long ? ` ${mark.code}${others}` : '')
  return [...cells, { text, tone: mark.severity === 'error' ? 'bad' : 'warn' }]
}

interface Line {
  readonly text: string
  readonly columns: number
}

function linesOf(rows: readonly (readonly Cell[])[], style: Style): Line[] {
  const bare = rows.map((row) => row.map(({ text }) => ({ text })))
  const plain = tableLines(bare, style)
  return tableLines(rows, style).map((line, index) => ({
    text: ` ${line}`,
    columns: width(plain[index] ?? '') + 1,
  }))
}

function nameCell(name: string, depth: number, style: Style): string {
  const lead = depth === 0 ? '' : ' '.repeat((depth - 1) * 3) + style.glyph.branch
  const room = Math.max(12, style.columns - 54 - width(lead))
  return lead + clip(style.safe(name, 100), room, style.glyph.ellipsis)
}

export function glyphOf(finding: Pick<Finding, 'severity'>, style: Style): string {
  const { glyph } = style
  return finding.severity === 'error' ? glyph.bad : finding.severity === 'warning' ? glyph.warn : glyph.info
}

function marksOf(sha256: string, findings: readonly Finding[]): Finding[] {
  return findings
    .filter((finding) => finding.certificate === sha256 && finding.severity !== 'info')
    .toSorted((a, b) => worst[a.severity] - worst[b.severity])
}

interface Validity {
  readonly text: string
  readonly tone: Tone
}

/** Dates where they matter, days where those do. */
export function validityOf(notBefore: Date, notAfter: Date, now: Date, style: Style): Validity {
  if (now < notBefore) return { text: `valid from ${day(notBefore)}`, tone: 'bad' }
  if (now > notAfter) return { text: `expired ${day(notAfter)}`, tone: 'bad' }
  const left = notAfter.getTime() - now.getTime()
  if (left < 2 * DAY) return { text: `${plural(Math.floor(left / HOUR), 'hour')} left`, tone: 'warn' }
  if (left < 30 * DAY) return { text: `${plural(Math.floor(left / DAY), 'day')} left`, tone: 'warn' }
  return { text: `${day(notBefore)} ${style.glyph.arrow} ${day(notAfter)}`, tone: 'plain' }
}

export function day(date: Date): string {
  // RFC 5280 allows years that `toISOString` writes with a sign and six digits.
  return Number.isNaN(date.getTime()) ? 'no date' : date.toISOString().replace(/T.*$/, '')
}

/** With -v: what the server sent besides the path. */
export function strayRows(view: RegistryView, style: Style): string[][] {
  const drawn = new Set(view.path.map((link) => link.certificate.sha256))
  const chain: readonly CertificateDocument[] = view.document.probe?.chain ?? []
  return chain
    .filter((certificate) => !drawn.has(certificate.sha256))
    .map((certificate) => [
      ` not in this path: ${style.safe(certificate.subject, 100)} (${origins[certificate.origin]})`,
      style.paint('dim', `   SHA256:${certificate.sha256}`),
    ])
}
