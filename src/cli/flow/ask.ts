import { unlessInterrupted } from '../../change/interrupt.ts'
import type { EngineEvidence } from '../../judge/index.ts'
import type { Target } from '../../registry/reference.ts'
import type { Engine, EngineAnswer, EngineSurvey } from '../../runtimes/engine.ts'
import { byItsOwnWord, seesAlike } from '../../runtimes/own-word.ts'
import type { Context } from './context.ts'
import { isRequired, type Survey } from './survey.ts'

type Early = ReadonlyMap<Engine, Promise<EngineAnswer | undefined>>

/**
 * Who listens on a socket is asked while it is surveyed: its own look takes as many round trips as ours, and would
 * begin that much later. What it says counts only where the survey finds it running.
 */
export function askListeners(context: Context, target: Target): Early {
  const { machine, engines } = context
  if (machine.atRest) return new Map()
  const listeners = engines.filter((engine) => engine.listens === true)
  return new Map(listeners.map((engine) => [engine, askOne(context, engine, target, false)]))
}

/**
 * A program without a daemon is not started for a registry that does not even connect: dozens would wait with us.
 * Who would keep a trace of the question is asked only to prove a change.
 */
export function askEngines(
  context: Context,
  survey: Survey,
  target: Target,
  reached: Promise<boolean> | 'proof',
  early: Early = new Map(),
): Promise<EngineEvidence[]> {
  const { machine, options } = context
  const ask = async (engine: Engine, { kind, state }: EngineSurvey): Promise<EngineAnswer | undefined> => {
    if (state !== 'running' || (engine.proofOnly === true && reached !== 'proof')) return undefined
    if (kind === 'program' && (await reached) === false) return undefined
    const answer = early.get(engine) ?? askOne(context, engine, target, reached === 'proof')
    return unlessInterrupted(context.services.io.signal, answer)
  }
  return Promise.all(
    survey.engines.map(async ({ engine, survey: found, store }) => {
      const [read, answer] = await Promise.all([engine.readTrust(machine, target, found), ask(engine, found)])
      const { byHand, ...trust } = byItsOwnWord(read, answer, seesAlike(machine, found))
      // The OS store is everybody's: whose the engine's own folder is says nothing of that.
      const theirs = byHand === undefined || (options.scope === 'system' && found.flavour === 'rootless')
      return {
        survey: found,
        trust: theirs ? trust : { ...trust, byHand },
        store: store.pool,
        storeChangedMs: store.changedMs,
        required: isRequired(found, options.runtimes),
        ...(answer ? { answer } : {}),
      }
    }),
  )
}

/** Undefined where it has nothing to say. */
function askOne(
  { machine, options }: Context,
  engine: Engine,
  target: Target,
  proof: boolean,
): Promise<EngineAnswer | undefined> {
  const answer =
    proof && engine.prove
      ? engine.prove(machine, target, options.timeoutMs)
      : engine.ask(machine, target, options.timeoutMs)
  return answer.catch(() => undefined)
}
