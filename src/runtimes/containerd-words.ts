import type { RunResult } from '../machine/machine.ts'
import { judgeMessage } from './docker-words.ts'
import type { EngineAnswer } from './engine.ts'

/** Lines of the log: a host by the way that failed, or has answered (containerd remotes/docker resolver.go, 1.6 to 2.1). */
const FAILED = /^time=.* msg="(?:trying next host|fetch failed)" error=("(?:[^"\\]|\\.)*"|\S+) host=/
const ANSWERED =
  /^time=.* msg="(?:trying next host - response was |(?:trying next host|fetch failed) after status: )/
const HOST = / host="?([^\s"]+)"?$/
/** What stands before the fault. */
const QUESTION = /^failed to resolve (?:reference "[^"]*"|image): /

type Printed = Pick<RunResult, 'stderr' | 'exitCode'>

/**
 * What `ctr` makes of a registry. Its last word may be a mirror's, which a `hosts.toml` has it ask first: where its log
 * speaks of the registry itself, that counts.
 * @param names of the registry, as hosts are named in the log
 * @param log of a pull by `ctr` itself, where the daemon has pulled and says nothing of single hosts
 */
export function judgeCtr(printed: Printed, names: readonly string[], log: Printed = printed): EngineAnswer {
  const { message } = partsOf(printed)
  if (printed.exitCode === 0) return { outcome: 'accepted', message }
  const own = partsOf(log).lines.filter((line) => names.includes(HOST.exec(line)?.[1] ?? ''))
  // Old ones go on to a host that no file speaks of, and end with its fault.
  if (own.some((line) => ANSWERED.test(line))) return { outcome: 'accepted', message }
  const [fault] = own.flatMap((line) => FAILED.exec(line)?.[1] ?? [])
  if (fault === undefined) return { outcome: judgeMessage(500, message), message }
  const said = (QUESTION.exec(message)?.[0] ?? '') + unquoted(fault)
  return { outcome: judgeMessage(500, said), message: said }
}

/** Whether its log says what became of single hosts. */
export function namesHosts({ stderr }: Printed): boolean {
  return partsOf({ stderr, exitCode: 1 }).lines.some((line) => HOST.test(line))
}

/** What comes after its own word may be a host's. */
function partsOf({ stderr }: Printed): { readonly lines: readonly string[]; readonly message: string } {
  const lines = stderr.trim().split('\n')
  const end = lines.findIndex((line) => line.startsWith('ctr: '))
  const message = (end < 0 ? lines.at(-1) : lines[end]) ?? ''
  return { lines: end < 0 ? lines : lines.slice(0, end), message: message.replace(/^ctr: /, '') }
}

/** logrus quotes what has more than plain letters in it, as Go does. */
function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(["\\])/g, '$1') : text
}
