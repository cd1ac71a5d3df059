import { posix } from 'node:path'
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
  const [, words = '', path = ''] = (answer?.outcome === 'refused' ? DENIED.exec(answer.message) : null) ?? []
  const foreseen = fatal !== undefined && answer?.message.endsWith(fatal.message) === true
  if (path !== '' && (foreseen || isIts(trust, path))) {
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

/** Whether it lies where engines read for this registry: the names in a certificate can be such words as well. */
function isIts({ path: directory, overriddenBy }: TrustDirectory, path: string): boolean {
  if (posix.normalize(path) !== path) return false
  const base = posix.dirname(directory)
  // Of several places the family reads the first, and may not even see whether another one is there.
  const [, above, name] = /^(.*?\/certs\.d)(?:\/([^/]+))?/.exec(path) ?? []
  const inside = path.startsWith(`${base}/`) ? path.slice(base.length + 1).split('/')[0] : name
  if (inside === undefined) return path === base || above !== undefined || overriddenBy !== undefined
  return inside === '_default' || bare(inside) === bare(posix.basename(directory))
}

/** One registry's directory has several spellings: `reg:5000`, `reg_5000_`. */
function bare(name: string): string {
  return name.replace(/[:_]/g, '')
}

/** Whether the engine may open what we may: a daemon of root's, seen by others, may open more. */
export function seesAlike(machine: Machine, { kind, flavour }: EngineSurvey): boolean {
  return kind === 'program' || flavour === 'rootless' || machine.who().privileged
}
