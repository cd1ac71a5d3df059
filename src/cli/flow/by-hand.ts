import { directoryFindings, type Finding } from '../../judge/index.ts'
import { shellWord } from '../../machine/shell.ts'
import type { Target } from '../../registry/reference.ts'
import type { Engine, EngineSurvey, TrustDirectory } from '../../runtimes/engine.ts'
import { CertPool, type Certificate } from '../../x509/index.ts'
import type { Context } from './context.ts'
import { giftOf, type Required } from './files.ts'

interface Surveyed {
  readonly engine: Engine
  readonly survey: EngineSurvey
  readonly required: boolean
}

/** An engine, and what a person has to put in order in its files of settings. */
export interface Unlooked {
  readonly survey: EngineSurvey
  readonly required: boolean
  readonly findings: readonly Finding[]
}

/**
 * Without a look nobody judges the engines' files. What is damaged, or has to name our certificates and is left alone,
 * is found here all the same; an engine whose file is damaged gets nothing, as with a look.
 */
export function withoutLook(
  context: Context,
  engines: readonly Surveyed[],
  target: Target,
  certificates: readonly Certificate[],
): Promise<readonly Unlooked[]> {
  return Promise.all(
    engines.map(async ({ engine, survey, required }) => {
      if (!required) return { survey, required, findings: [] }
      const trust = await engine.readTrust(context.machine, target, survey)
      // What only root may read, root's half of the run looks at.
      const seen = (finding: Finding): boolean =>
        context.machine.who().privileged || !finding.message.includes('(EACCES)')
      const damaged = damageOf(survey, trust).filter(seen)
      if (damaged.some(({ severity }) => severity === 'error'))
        return { survey, required: false, findings: damaged }
      if (trust.byHand) {
        const message = `${trust.path} is not written by this run: ${trust.byHand.why}`
        const { code = 'runtime-unreachable', fix } = trust.byHand
        const finding = { code, severity: 'error', owner: 'machine', message, fix } as const
        return { survey, required: false, findings: [...damaged, finding] }
      }
      const { findings, needless } = await leftAlone(context, engine, target, certificates)
      return { survey, required: !needless, findings: [...damaged, ...findings.filter(seen)] }
    }),
  )
}

function damageOf(survey: EngineSurvey, trust: TrustDirectory): readonly Finding[] {
  const engine = { survey, trust, store: new CertPool(), storeChangedMs: 0, required: true }
  return directoryFindings(engine).filter(({ code }) => code === 'config-damaged')
}

/** With a look: what is left alone and no verdict tells of; `nobody` is left that gets something. */
export async function untold(
  context: Context,
  engines: readonly Required[],
  target: Target,
  certificates: readonly Certificate[],
): Promise<{ readonly findings: readonly Finding[]; readonly nobody: boolean }> {
  const names = new Set(engines.flatMap(({ survey, required }) => (required ? [survey.name] : [])))
  const served = context.engines.filter(({ name }) => names.has(name))
  const alone = await Promise.all(
    served.map((engine) => leftAlone(context, engine, target, certificates, 'untold')),
  )
  const nobody = alone.length > 0 && alone.every(({ needless }) => needless)
  return { findings: alone.flatMap(({ findings }) => findings), nobody }
}

async function leftAlone(
  context: Context,
  engine: Engine,
  target: Target,
  certificates: readonly Certificate[],
  which: 'all' | 'untold' = 'all',
): Promise<{ readonly findings: readonly Finding[]; readonly needless: boolean }> {
  const { changes, named } = await giftOf({ ...context, strict: false }, engine, target, certificates)
  const alone = changes.filter((change) => 'byHand' in change)
  const findings = alone.flatMap(({ path, byHand, fix, untold: hidden }) => {
    if (which === 'untold' && hidden !== true) return []
    const message = `${path} is left alone and does not name the CA for ${engine.name}: ${byHand}`
    const lines = fix ?? [
      `# in ${shellWord(path)}, for ${target.registry}: name ${named.map(shellWord).join(' ')}`,
    ]
    const base = { code: 'trust-file-ignored', severity: 'error', owner: 'machine' } as const
    return [{ ...base, message, fix: lines.join('\n') }]
  })
  return { findings, needless: alone.some(({ fix }) => fix !== undefined) }
}
