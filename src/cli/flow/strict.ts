import type { Approved } from '../../change/index.ts'
import { wouldAccept } from '../../judge/index.ts'
import { printable } from '../../report/printable.ts'
import type { SettingsEdit } from '../../runtimes/settings.ts'
import type { Context } from './context.ts'
import type { Case } from './observe.ts'

/**
 * Whether the settings that keep an engine from checking this registry go as well. Only where the chain would be
 * accepted then, and only with a word of its own: a person's, or `--yes`.
 */
export async function agreesToCheck(context: Context, seen: Case, approved: Approved): Promise<boolean> {
  const { options, services } = context
  if (options.scope !== 'registry' || (!options.yes && !options.input)) return false
  const edits = await strictEdits(context, seen)
  if (edits.length === 0 || !wouldAccept(seen.evidence, approved.install)) return false
  if (options.yes || options.dryRun) return true
  services.progress.done()
  const lines = edits.map(({ path, reason }) => `  ${printable(path)}    ${printable(reason)}\n`)
  services.io.stderr.write(
    `\nThe certificate of ${seen.target.registry} is not checked so far:\n${lines.join('')}`,
  )
  return services.prompts.confirm('Shall it be checked from now on?')
}

async function strictEdits({ engines, machine }: Context, seen: Case): Promise<readonly SettingsEdit[]> {
  // One who may not ask the daemon goes by the file: root will see whether the daemon does.
  const unasked = new Set(
    seen.evidence.engines.flatMap(({ survey }) => (survey.state === 'unreachable' ? [survey.name] : [])),
  )
  const unchecked = new Set(
    seen.judgement.consumers.flatMap(({ name, required, state }) =>
      required && (state === 'unchecked' || unasked.has(name)) ? [name] : [],
    ),
  )
  const found = await Promise.all(
    engines
      .filter(({ name }) => unchecked.has(name))
      .map(async (engine) => engine.settings?.(machine, seen.target, { certificates: [], strict: true })),
  )
  const edits = found.flat().flatMap((change) => (change && 'strict' in change ? [change] : []))
  // Engines of one family share their files.
  return [...new Map(edits.map((edit) => [edit.path, edit])).values()]
}
