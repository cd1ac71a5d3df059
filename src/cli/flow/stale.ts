import type { Plan } from '../../change/index.ts'
import { TrustError } from '../../errors.ts'
import type { Case } from './observe.ts'
import type { Site } from './site.ts'

/** Whether docker was not restarted, and goes on with the OS store that it has read. */
export function isStale({ options }: Site, seen: Case, plan: Plan): boolean {
  const docker = seen.evidence.engines.find(({ survey }) => survey.name === 'docker')
  const waits = docker?.required === true && docker.survey.state === 'running'
  const restarted = plan.steps.some((step) => step.do === 'restart')
  return options.scope === 'system' && waits && !restarted && docker.answer?.outcome === 'refused'
}

/** Where nothing here restarts docker, and nobody said that it shall not be. */
export function restartByHand(): TrustError {
  return new TrustError(
    'not-possible',
    'the OS store trusts it, but docker has read the store before, and nothing here restarts docker',
    {
      finding: 'restart-needed',
      fix: 'stop dockerd and start it the way it was started',
    },
  )
}
