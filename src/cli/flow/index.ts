import type { Outcome } from '../../report/view.ts'
import type { Options } from '../options.ts'
import type { Services } from '../services.ts'
import { createContext } from './context.ts'
import { diagnose } from './diagnose.ts'
import { status } from './status.ts'
import { trust } from './trust.ts'
import { undo } from './undo.ts'

export async function runTrust(options: Options, services: Services): Promise<Outcome> {
  return trust(await createContext(options, services))
}

export async function runDiagnose(options: Options, services: Services): Promise<Outcome> {
  return diagnose(await createContext(options, services))
}

export async function runUndo(options: Options, services: Services): Promise<Outcome> {
  return undo(await createContext(options, services))
}

export async function runStatus(options: Options, services: Services): Promise<Outcome> {
  return status(await createContext(options, services))
}
