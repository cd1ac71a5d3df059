import type { Finding } from '../../judge/index.ts'
import { shellWord } from '../../machine/shell.ts'
import { otherSpelling, parseRegistry } from '../../registry/reference.ts'
import type { RegistryDocument } from '../../report/document.ts'
import type { RegistryView } from '../../report/view.ts'
import { nearest } from '../nearest.ts'
import { withLines } from './document.ts'
import type { Site } from './site.ts'

/**
 * What is to be said of a registry that was to be undone, beside what became of it.
 * @param recorded the registries on record by now
 * @param names those that this run takes back
 */
export function undoNotes(
  { registry, ok, changed, plan }: Pick<RegistryDocument, 'registry' | 'ok' | 'changed' | 'plan'>,
  recorded: readonly string[],
  names: readonly string[],
): readonly Finding[] {
  if (!ok) return []
  const rest = recorded.filter((name) => !names.includes(name))
  const other = otherSpelling(parseRegistry(registry))
  if (other !== undefined && rest.includes(other)) {
    const message = `${other} is the same registry, and was trusted by itself: engines go on trusting both names`
    return [note('other-name-on-record', message, other)]
  }
  if (changed || plan.length > 0 || recorded.includes(registry)) return []
  const near = nearest(registry, rest)
  return near === undefined
    ? []
    : [note('not-on-record', `${registry} is not on record here; ${near} is`, near)]
}

/** The same, with what is to be said of it. */
export async function withNotes(
  context: Site,
  view: RegistryView,
  names: readonly string[],
): Promise<RegistryView> {
  const { registries = [] } = (await context.state.records().catch(() => undefined)) ?? {}
  const recorded = registries.map((record) => record.registry)
  const notes = undoNotes(view.document, recorded, names).map((finding) => withLines(context, finding))
  if (notes.length === 0) return view
  return { ...view, document: { ...view.document, findings: [...view.document.findings, ...notes] } }
}

function note(code: Finding['code'], message: string, name: string): Finding {
  return {
    code,
    severity: 'warning',
    owner: 'machine',
    message,
    fix: `trust-registry undo ${shellWord(name)}`,
  }
}
