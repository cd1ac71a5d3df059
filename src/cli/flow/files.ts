import { wantedFiles, type WantedFile } from '../../change/index.ts'
import type { Target } from '../../registry/reference.ts'
import type { Certificate } from '../../x509/index.ts'
import type { Context } from './context.ts'

/** An engine by name, and whether it has to see the certificates. */
export interface Required {
  readonly survey: { readonly name: string }
  readonly required: boolean
}

/** The files that make every required engine see these certificates for the registry. */
export function filesFor(
  context: Context,
  engines: readonly Required[],
  target: Target,
  certificates: readonly Certificate[],
): readonly WantedFile[] {
  const names = new Set(engines.filter((engine) => engine.required).map((engine) => engine.survey.name))
  return context.engines
    .filter((engine) => names.has(engine.name))
    .flatMap((engine) =>
      wantedFiles(engine.trustDirectories(context.machine, target), certificates, engine.name),
    )
}
