import { surviving, wantedFiles, type WantedFile } from '../../change/index.ts'
import { isServed, uncheckedBecause } from '../../judge/index.ts'
import type { Target } from '../../registry/reference.ts'
import type { Certificate } from '../../x509/index.ts'
import type { Engine } from '../../runtimes/engine.ts'
import type { Wish } from '../../runtimes/settings.ts'
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
        const directories = await engine.trustDirectories(context.machine, target)
        const files = wantedFiles(directories, certificates, engine.name)
        const client = await clientFiles(context, engine, target)
        const wish = { certificates: files.map(({ path }) => path), strict: context.strict ?? false }
        const clients = context.client ? directories.map(clientPaths) : []
        return [...files, ...client, ...(await settingsFor(context, engine, target, { ...wish, clients }))]
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

/** What has to change in the engine's files of settings; those that are left alone are the findings' to tell. */
async function settingsFor(
  { machine }: Context,
  engine: Engine,
  target: Target,
  wish: Wish,
): Promise<readonly WantedFile[]> {
  const changes = (await engine.settings?.(machine, target, wish)) ?? []
  return changes.flatMap((change) => {
    if ('byHand' in change) return []
    const { path, bytes, from, mode, reason, reload } = change
    const file = { path, bytes, mode, reason, ...(from ? { from } : {}), ...(reload ? { reload } : {}) }
    return [{ ...file, runtime: engine.runtime ?? engine.name }]
  })
}
