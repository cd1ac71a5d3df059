import type { RunResult } from '../machine/machine.ts'
import type { EngineAnswer } from './engine.ts'

const LOG_MESSAGE = /level=fatal msg="((?:[^"\\]|\\.)*)"/
/** What our own question puts before the answer. */
const QUESTION = /^(?:reading image|Error parsing image name) "[^"]*": /

/** Between the two stands what became of mirrors; behind them, of the registry (containers/image docker_image_src.go). */
const MIRRORS = '(Mirrors also failed: '
const MIRRORS_END = /^[^]*\]\): \S+: /

/** Nobody writes more of them but to be tiresome. */
const MAX_SEAMS = 64

const REFUSED =
  /x509: |tls: |server gave HTTP response|: EOF$|TLS handshake timeout|missing (?:client certificate|key) |registries configuration|Wildcarded prefix|is blocked in |(?:^|: )(?:open|read|stat|readdirent) \//
/** The registry was never reached. */
const NOT_REACHED = /dial tcp|proxyconnect|i\/o timeout|connection reset|deadline exceeded|Client\.Timeout/
const REACHED =
  /reading manifest|unauthorized|authentication required|manifest unknown|denied|unable to retrieve auth token|invalid username\/password|StatusCode: \d|status code|HTTP status|toomanyrequests/i

/** What a program of the family said at its end, without its own `Error: ` or log line, and without our question. */
export function said({ stderr, stdout, timedOut, spawnError }: RunResult): string {
  if (spawnError !== undefined) return spawnError
  const lines = withoutMirrors(stderr).trim().split('\n')
  const last = lines.findLast((line) => /^Error: |level=fatal /.test(line)) ?? lines.at(-1) ?? ''
  const logged = LOG_MESSAGE.exec(last)?.[1]
  const text = logged === undefined ? last.replace(/^Error: /, '') : logged.replace(/\\(["\\])/g, '$1')
  if (text !== '') return text.replace(QUESTION, '')
  return timedOut ? 'no answer in time' : stdout.trim().slice(0, 200)
}

/** Mirrors print what they like, and vouch for nobody but themselves. */
function withoutMirrors(stderr: string): string {
  const start = stderr.indexOf(MIRRORS)
  return start < 0 ? stderr : stderr.slice(0, start) + stderr.slice(start).replace(MIRRORS_END, '')
}

/**
 * What a run tells of the registry. Behind mirrors nobody can say where their words end and the registry's begin, and
 * either may forge the seam: of all the ends that it could be, the worst one counts.
 */
export function judgeRun(result: RunResult): EngineAnswer {
  const message = said(result)
  if (result.timedOut) return { outcome: 'unclear', message }
  const start = result.stderr.indexOf(MIRRORS)
  const behind = start < 0 ? '' : result.stderr.slice(start).trimEnd().replace(/"$/, '')
  const seams = [...behind.matchAll(/\]\): \S+: /g)].slice(-MAX_SEAMS)
  const ends = seams.map((seam) => behind.slice(seam.index + seam[0].length))
  const outcomes = [message, ...ends].map((end) => judgeSaid(result.exitCode, end))
  const worst = (['refused', 'unclear'] as const).find((outcome) => outcomes.includes(outcome))
  return { outcome: worst ?? 'accepted', message }
}

/** Tells a refused chain from an answer of the registry itself. */
export function judgeSaid(exitCode: number | undefined, message: string): EngineAnswer['outcome'] {
  if (exitCode === 0) return 'accepted'
  // What the registry is called, and what it says of itself, is not the program's word.
  const words = message.replace(/"?https?:\/\/[^\s"]*[^\s":]"?/g, '')
  // Only before the handshake's own words: names in a certificate stand in those.
  const [before = ''] = words.split(/x509: |tls: /)
  if (/reading manifest|unable to retrieve auth token/.test(before)) return 'accepted'
  if (NOT_REACHED.test(words)) return 'unclear'
  if (REFUSED.test(words)) return 'refused'
  return REACHED.test(words) ? 'accepted' : 'unclear'
}
