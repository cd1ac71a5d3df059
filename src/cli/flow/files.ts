import { surviving, wantedFiles, type WantedFile } from '../../change/index.ts'
import { isServed, uncheckedBecause } from '../../judge/index.ts'
import { shellWord } from '../../machine/shell.ts'
import type { Target } from '../../registry/reference.ts'
import type { Certificate } from '../../x509/index.ts'
import type { Engine } from '../../runtimes/engine.ts'
import type { SettingsChange } from '../../runtimes/settings.ts'
import { clientFiles, clientPaths } from './client.ts'
import type { Context } from './context.ts'
import type { Judged } from './observe.ts'

/** An engine by name, and whether it has to see the certificates. */
export interface Required {
  readonly survey: { readonly name: string }
  readonly required: boolean
}

/** The engines of a case; one that a person has to put in order first, or that never checks a loopback address, gets nothing. */
export function servedOf({ evidence }: Judged): readonly Required[] {
  const { observation, loopbackCounts = false } = evidence
  return evidence.engines.map((engine) => ({
    survey: engine.survey,
    required: isServed(engine) && uncheckedBecause(observation, engine, loopbackCounts) !== 'loopback',
  }))
}

/** SHA-256 of the certificates that stand there for another registry, in files of ours that this one reads as well. */
export async function sharedFiles(
  context: Context,
  engines: readonly Required[],
  target: Target,
  certificates: readonly Certificate[],
): Promise<ReadonlySet<string | undefined>> {
  const [wanted, { files }] = await Promise.all([
    filesFor(context, engines, target, certificates),
    context.state.records(),
  ])
  const paths = new Set(wanted.map((file) => file.path))
  const others = files.filter(
    ({ path, registries }) => paths.has(path) && !registries.includes(target.registry),
  )
  return new Set(others.map((file) => file.certificate))
}

/** The files that make every required engine see these certificates for the registry. */
export async function filesFor(
  context: Context,
  engines: readonly Required[],
  target: Target,
  certificates: readonly Certificate[],
): Promise<readonly WantedFile[]> {
  const names = new Set(engines.filter((engine) => engine.required).map((engine) => engine.survey.name))
  const wanted = await Promise.all(
    context.engines
      .filter((engine) => names.has(engine.name))
      .map(async (engine) => {
        const { files, changes } = await giftOf(context, engine, target, certificates)
        if (changes.some((change) => 'byHand' in change && change.fix !== undefined)) return []
        const client = await clientFiles(context, engine, target)
        return [...files, ...client, ...changes.flatMap((change) => settingsFile(engine, change))]
      }),
  )
  // Engines of one family read the same file: the first to want it gives it its name.
  const files = [
    ...new Map(
      wanted
        .flat()
        .reverse()
        .map((file) => [file.path, file]),
    ).values(),
  ].reverse()
  const vm = context.place?.vm
  return vm ? surviving(context.machine, vm, files) : files
}

/** The certificates' files for one engine, what its settings have to name, and what becomes of those. */
export async function giftOf(
  { machine, client, options, strict = false }: Context,
  engine: Engine,
  target: Target,
  certificates: readonly Certificate[],
): Promise<{
  readonly files: readonly WantedFile[]
  readonly named: readonly string[]
  readonly changes: readonly SettingsChange[]
}> {
  const directories = await engine.trustDirectories(machine, target)
  const lacking = (await engine.lacking?.(machine, target, certificates)) ?? certificates
  const files = wantedFiles(directories, lacking, engine.name)
  const paths = files.map(({ path }) => path)
  const clients = client ? directories.map(clientPaths) : []
  const given = options.ca.map(shellWord).join(' ')
  const wish = { certificates: paths, clients, given, strict }
  const changes = (await engine.settings?.(machine, target, wish)) ?? []
  return { files, named: [...paths, ...clients.flat()], changes }
}

/** What has to change in the engine's files of settings; those that are left alone are the findings' to tell. */
function settingsFile(engine: Engine, change: SettingsChange): readonly WantedFile[] {
  if ('byHand' in change) return []
  const { path, bytes, from, mode, reason, reload } = change
  const file = { path, bytes, mode, reason, ...(from ? { from } : {}), ...(reload ? { reload } : {}) }
  return [{ ...file, runtime: engine.runtime ?? engine.name }]
}
