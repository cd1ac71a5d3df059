import { screenRows } from './layout.ts'

/** A part of the report whose items can be left out one by one when the screen is short. */
export interface Section {
  readonly items: readonly (readonly string[])[]
  /** Items that stay as long as anything else can go. */
  readonly keep: number
  /** The lower, the earlier its items go. */
  readonly rank: number
  /** A chain keeps both its ends; a list keeps its beginning. */
  readonly drop?: 'middle'
  /** Never left out altogether. */
  readonly vital?: boolean
  /** The line that stands for `count` items left out. */
  readonly more?: (count: number) => string
}

interface Draft {
  readonly section: Section
  items: (readonly string[])[]
  hidden: number
  /** Where the hidden ones were. */
  gap: number
}

/** Lays sections out with a blank line between them, in at most `limit` rows of a screen of so many columns. */
export function fit(sections: readonly Section[], limit: number, columns: number): string[] {
  const drafts: Draft[] = sections
    .filter((section) => section.items.length > 0)
    .map((section) => draftOf(section, limit))
  const tooLong = (gaps: boolean): boolean =>
    lay(drafts, gaps).reduce((rows, line) => rows + screenRows(line, columns), 0) > limit

  while (tooLong(true) && dropOne(drafts, (section) => section.keep));
  if (!tooLong(true)) return lay(drafts, true)
  while (tooLong(false) && dropOne(drafts, ({ vital, keep }) => (vital === true ? keep : 0)));
  return lay(drafts, false)
}

/** What could never be shown goes at once: one by one, thousands of items would take minutes. */
function draftOf(section: Section, limit: number): Draft {
  const { items, drop } = section
  const hidden = Math.max(0, items.length - limit)
  if (hidden === 0) return { section, items: [...items], hidden, gap: 0 }
  const gap = drop === 'middle' ? Math.floor(limit / 2) : limit
  return { section, items: items.toSpliced(gap, hidden), hidden, gap }
}

function dropOne(drafts: readonly Draft[], floor: (section: Section) => number): boolean {
  const candidates = drafts.filter((draft) => draft.items.length > floor(draft.section))
  const [victim] = candidates.toSorted((a, b) => a.section.rank - b.section.rank)
  if (victim === undefined) return false
  const last = victim.items.length - 1
  victim.gap = victim.section.drop === 'middle' ? Math.floor(last / 2) : last
  victim.items.splice(victim.gap, 1)
  victim.hidden += 1
  return true
}

function lay(drafts: readonly Draft[], gaps: boolean): string[] {
  const lines: string[] = []
  for (const { section, items, hidden, gap } of drafts) {
    const told = hidden > 0 && (items.length > 0 || section.vital === true)
    const more = told && section.more ? [section.more(hidden)] : []
    const block = [...items.slice(0, gap).flat(), ...more, ...items.slice(gap).flat()]
    if (block.length === 0) continue
    if (gaps && lines.length > 0) lines.push('')
    lines.push(...block)
  }
  return lines
}
