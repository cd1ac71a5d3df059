import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import { shellWord } from '../machine/shell.ts'
import type { Engine, TrustDirectory } from './engine.ts'
import type { SettingsChange } from './settings.ts'

/**
 * The engine as a person uses it who serves their own files alone: what it reads from places outside their home is
 * for root to write, and this run leaves it.
 */
export function withoutRoot(engine: Engine): Engine {
  const { name, runtime, proofOnly } = engine
  const [accepts, prove] = [engine.accepts?.bind(engine), engine.prove?.bind(engine)]
  return {
    name,
    ...(runtime === undefined ? {} : { runtime }),
    ...(proofOnly === undefined ? {} : { proofOnly }),
    ...(accepts === undefined ? {} : { accepts }),
    ...(prove === undefined ? {} : { prove }),
    survey: (...asked) => engine.survey(...asked),
    trustDirectories: (...asked) => engine.trustDirectories(...asked),
    ask: (...asked) => engine.ask(...asked),
    login: (...asked) => engine.login(...asked),
    settings: async (machine, target, wish): Promise<readonly SettingsChange[]> => {
      const changes = (await engine.settings?.(machine, target, wish)) ?? []
      return changes.map((change) =>
        isOwn(machine, change.path) ? change : { path: change.path, byHand: 'root alone writes to it' },
      )
    },
    readTrust: async (machine, target, survey): Promise<TrustDirectory> => {
      const [trust, places] = await Promise.all([
        engine.readTrust(machine, target, survey),
        engine.trustDirectories(machine, target),
      ])
      const roots = places.find((place) => !isOwn(machine, place))
      if (roots === undefined) return trust
      const fix = `sudo trust-registry ${shellWord(target.registry)} --runtime ${runtime ?? name} --ca CA.pem`
      return { ...trust, byHand: { why: `root alone writes to ${roots}`, fix } }
    },
  }
}

function isOwn(machine: Machine, path: string): boolean {
  return path.startsWith(`${posix.normalize(machine.who().invoker.home)}/`)
}
