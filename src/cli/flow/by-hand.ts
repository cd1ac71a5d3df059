import { wantedFiles } from '../../change/index.ts'
import { directoryFindings, type Finding } from '../../judge/index.ts'
import { shellWord } from '../../machine/shell.ts'
import type { Target } from '../../registry/reference.ts'
import type { Engine, EngineSurvey, TrustDirectory } from '../../runtimes/engine.ts'
import { CertPool, type Certificate } from '../../x509/index.ts'
import type { Context } from './context.ts'

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
        const finding = { code: 'runtime-unreachable', severity: 'error', owner: 'machine', message } as const
        return { survey, required: false, findings: [...damaged, { ...finding, fix: trust.byHand.fix }] }
      }
      const alone = await leftAlone(context, engine, target, certificates)
      return { survey, required, findings: [...damaged, ...alone.filter(seen)] }
    }),
  )
}

function damageOf(survey: EngineSurvey, trust: TrustDirectory): readonly Finding[] {
  const engine = { survey, trust, store: new CertPool(), storeChangedMs: 0, required: true }
  return directoryFindings(engine).filter(({ code }) => code === 'config-damaged')
}

async function leftAlone(
  { machine }: Context,
  engine: Engine,
  target: Target,
  certificates: readonly Certificate[],
): Promise<readonly Finding[]> {
  const directories = await engine.trustDirectories(machine, target)
  const files = wantedFiles(directories, certificates, engine.name).map(({ path }) => path)
  const changes = (await engine.settings?.(machine, target, { certificates: files, strict: false })) ?? []
  return changes.flatMap((change) => {
    if (!('byHand' in change)) return []
    const message = `${change.path} is left alone and does not name the CA for ${engine.name}: ${change.byHand}`
    const fix = `# in ${shellWord(change.path)}, for ${target.registry}: name ${files.map(shellWord).join(' ')}`
    return [{ code: 'trust-file-ignored', severity: 'error', owner: 'machine', message, fix } as const]
  })
}
