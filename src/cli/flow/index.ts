import type { Outcome } from '../../report/view.ts'
import type { Options } from '../options.ts'
import type { Services } from '../services.ts'
import { atPlace, createSite } from './site.ts'
import { status } from './status.ts'

/** `status` starts neither an HTTP client nor a verifier; the others load what they need, once. */
export async function runTrust(options: Options, services: Services): Promise<Outcome> {
  const { createContext, readClient, readGiven, trust } = await import('./work.ts')
  // A bad file ends the run before any machine is looked for.
  const given = await readGiven(options.ca)
  const client = await readClient(options.client, services, options.input)
  return atPlace(options, services, !options.dryRun, async (place) =>
    trust(await createContext(options, services, place, given, client)),
  )
}

export async function runDiagnose(options: Options, services: Services): Promise<Outcome> {
  const { createContext, diagnose, judgeFiles, readClient, readGiven } = await import('./work.ts')
  if (options.chain) return judgeFiles(createSite(options, services), options.chain)
  const given = await readGiven(options.ca)
  const client = await readClient(options.client, services, options.input)
  return atPlace(options, services, false, async (place) =>
    diagnose(await createContext(options, services, place, given, client)),
  )
}

export async function runUndo(options: Options, services: Services): Promise<Outcome> {
  const { undo } = await import('./work.ts')
  return atPlace(options, services, !options.dryRun, (place) => undo(createSite(options, services, place)))
}

export function runStatus(options: Options, services: Services): Promise<Outcome> {
  return atPlace(options, services, false, (place) => status(createSite(options, services, place)))
}
