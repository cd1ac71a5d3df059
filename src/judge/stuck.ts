import type { EngineEvidence } from './evidence.ts'

/**
 * Whether a person has to put this engine's own files in order first: nothing that is installed for the registry would
 * make it accept the chain. The others are served all the same.
 */
export function isStuck({ trust, answer }: EngineEvidence): boolean {
  if (trust.fatal !== undefined || trust.elsewhere !== undefined) return true
  const edited = trust.overriddenBy !== undefined && trust.editable !== true
  if (trust.byHand !== undefined) return answer?.outcome !== 'accepted'
  return (trust.personal === true || edited) && answer?.outcome === 'refused'
}

/** Whether it was served, and can no longer read its own files: a change has broken it. */
export function isBroken(before: EngineEvidence, after: EngineEvidence): boolean {
  return isServed(before) && after.trust.fatal !== undefined
}

/** Whether a change has to make it accept the chain. */
export function isServed(engine: EngineEvidence): boolean {
  return engine.required && !isStuck(engine)
}
