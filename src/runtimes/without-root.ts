import { posix } from 'node:path'
import { shellWord } from '../machine/shell.ts'
import type { Engine, TrustDirectory } from './engine.ts'

/**
 * The engine as a person uses it who serves their own files alone: what it would read from a place outside their home
 * is for root to write, and this run leaves it.
 */
export function withoutRoot(engine: Engine): Engine {
  const { name, runtime, proofOnly } = engine
  const settings = engine.settings?.bind(engine)
  const accepts = engine.accepts?.bind(engine)
  return {
    name,
    ...(runtime === undefined ? {} : { runtime }),
    ...(proofOnly === undefined ? {} : { proofOnly }),
    ...(settings === undefined ? {} : { settings }),
    ...(accepts === undefined ? {} : { accepts }),
    survey: (...asked) => engine.survey(...asked),
    trustDirectories: (...asked) => engine.trustDirectories(...asked),
    ask: (...asked) => engine.ask(...asked),
    login: (...asked) => engine.login(...asked),
    readTrust: async (machine, target, survey): Promise<TrustDirectory> => {
      const [trust, [place = '/']] = await Promise.all([
        engine.readTrust(machine, target, survey),
        engine.trustDirectories(machine, target),
      ])
      if (place.startsWith(`${posix.normalize(machine.who().invoker.home)}/`)) return trust
      const fix = `sudo trust-registry ${shellWord(target.registry)} --runtime ${runtime ?? name} --ca CA.pem`
      return { ...trust, byHand: { why: `root alone writes to ${place}`, fix } }
    },
  }
}
