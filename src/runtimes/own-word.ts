import type { Machine } from '../machine/machine.ts'
import type { EngineAnswer, EngineSurvey, TrustDirectory } from './engine.ts'

/** Go's words for what a process may not open, after whatever an engine puts before them. */
const DENIED = /(?:^|: )((?:open|stat|readdirent) (\/.*): permission denied)$/

/**
 * Whom a file lets in is a matter of who asks. What an engine says that it may not open is its fault, however well we
 * read it: a Docker without root sees less than root. And what we may not open is no fault of an engine that may.
 * @param alike the engine has our rights, so that without its answer our own eyes count
 */
export function byItsOwnWord(
  trust: TrustDirectory,
  answer: EngineAnswer | undefined,
  alike: boolean,
): TrustDirectory {
  const { fatal, ...others } = trust
  const said = answer?.outcome === 'refused' ? DENIED.exec(answer.message) : null
  if (said) {
    const [, words = '', path = ''] = said
    const foreseen = fatal !== undefined && answer?.message.endsWith(fatal.message) === true
    const code = 'trust-directory-unreadable'
    return {
      ...others,
      fatal: foreseen ? { ...fatal, code, path } : { code, path, message: words, foreseen: false },
    }
  }
  const ours = fatal !== undefined && DENIED.test(fatal.message)
  const closed = !alike && answer === undefined && (ours || trust.state === 'unreadable')
  return { ...(ours && (answer !== undefined || !alike) ? others : trust), ...(closed ? { closed } : {}) }
}

/** Whether the engine may open what we may: a daemon of root's, seen by others, may open more. */
export function seesAlike(machine: Machine, { kind, flavour }: EngineSurvey): boolean {
  return kind === 'program' || flavour === 'rootless' || machine.who().privileged
}
