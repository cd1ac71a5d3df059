import type { Plan } from '../../change/index.ts'
import { TrustError } from '../../errors.ts'
import type { Case } from './observe.ts'
import type { Site } from './site.ts'

/** Whether docker was not restarted, and goes on with the OS store that it has read. */
export function isStale({ options }: Site, before: Case, seen: Case, plan: Plan): boolean {
  const docker = seen.evidence.engines.find(({ survey }) => survey.name === 'docker')
  const waits = docker?.required === true && docker.survey.state === 'running'
  const restarted = plan.steps.some((step) => step.do === 'restart')
  if (options.scope !== 'system' || !waits || restarted) return false
  const fetching = vouchForTokens(before)
  const gained = plan.steps.flatMap((step) => (step.do === 'refresh' ? step.there : []))
  return docker.answer?.outcome === 'refused' || gained.some((sha256) => fetching.has(sha256))
}

/** Who (SHA-256) vouches for token services where pulls get their tokens by the OS store alone, and are refused. */
export function vouchForTokens({ judgement }: Case): ReadonlySet<string> {
  const refused = judgement.realms.filter((realm) => realm.unfetchable)
  return new Set(refused.flatMap((realm) => realm.candidates.map(({ certificate }) => certificate.sha256)))
}

/**
 * Where nothing here restarts docker, and nobody said that it shall not be.
 * @param line what does
 */
export function restartByHand(line: string): TrustError {
  return new TrustError(
    'not-possible',
    'the OS store trusts it, but docker has read the store before, and this run does not restart docker',
    {
      finding: 'restart-needed',
      fix: line,
    },
  )
}
