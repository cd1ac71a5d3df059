import type { FailureDocument } from '../report/document.ts'
import { renderError } from '../report/error.ts'
import { renderJson } from '../report/json.ts'
import { renderStatus } from '../report/status.ts'
import type { TextOptions } from '../report/style.ts'
import { renderText } from '../report/text.ts'
import type { Outcome } from '../report/view.ts'
import { retyped } from './flow/retype.ts'
import type { Io, Output } from './io.ts'
import type { Options } from './options.ts'

type Environment = Io['env']

/** The result goes to stdout: one JSON document, or the report for a person. */
export function printOutcome(outcome: Outcome, options: Options, io: Io): void {
  io.stdout.write(rendered(outcome, options, io))
}

function rendered(outcome: Outcome, options: Options, io: Io): string {
  if (options.json) return renderJson(outcome.document)
  const style: TextOptions = {
    color: options.color,
    unicode: speaksUnicode(io.env),
    columns: io.stdout.columns === 0 ? 80 : (io.stdout.columns ?? 80),
    verbose: options.verbose,
    quiet: options.quiet,
    now: options.chain?.at ?? new Date(),
  }
  if (options.command !== 'status') return renderText(outcome, style)
  return renderStatus(outcome.document, style, (command) => retyped(options, command))
}

/** An error that ends the run: on stdout as the one JSON document, else on stderr in words. */
export function printFailure(failure: FailureDocument, asJson: boolean, io: Io): void {
  if (asJson) {
    io.stdout.write(renderJson(failure))
    return
  }
  const style = { color: wantsColor(io.stderr, io.env), unicode: speaksUnicode(io.env) }
  io.stderr.write(renderError(failure.error, style))
}

/** NO_COLOR (no-color.org) and FORCE_COLOR, then whether this very stream is a terminal. */
export function wantsColor(stream: Output, env: Environment): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false
  if ((env['FORCE_COLOR'] ?? '') !== '') return env['FORCE_COLOR'] !== '0'
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}

/** POSIX: the first of LC_ALL, LC_CTYPE and LANG that is not empty decides. Windows' terminals do. */
export function speaksUnicode(env: Environment): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => (value ?? '') !== '')
  if (locale === undefined) return process.platform === 'win32' || process.platform === 'darwin'
  return /utf-?8/i.test(locale)
}
