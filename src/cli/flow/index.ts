import type { Outcome } from '../../report/view.ts'
import type { Options } from '../options.ts'
import type { Services } from '../services.ts'
import { createSite } from './site.ts'
import { status } from './status.ts'

/** Each command loads what it needs and no more: `status` starts neither an HTTP client nor a verifier. */
export async function runTrust(options: Options, services: Services): Promise<Outcome> {
  const [{ createContext }, { trust }] = await Promise.all([import('./context.ts'), import('./trust.ts')])
  return trust(await createContext(options, services))
}

export async function runDiagnose(options: Options, services: Services): Promise<Outcome> {
  const { chain } = options
  if (chain) {
    const { judgeFiles } = await import('./chain.ts')
    return judgeFiles(createSite(options, services), chain)
  }
  const [{ createContext }, { diagnose }] = await Promise.all([
    import('./context.ts'),
    import('./diagnose.ts'),
  ])
  return diagnose(await createContext(options, services))
}

export async function runUndo(options: Options, services: Services): Promise<Outcome> {
  const { undo } = await import('./undo.ts')
  return undo(createSite(options, services))
}

export function runStatus(options: Options, services: Services): Promise<Outcome> {
  return status(createSite(options, services))
}
