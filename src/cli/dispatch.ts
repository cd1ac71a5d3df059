import { run } from '@oclif/core/run'
import { TrustError, errorText } from '../errors.ts'
import { shellWord } from '../machine/shell.ts'
import { parseRegistry } from '../registry/reference.ts'
import { printableLines } from '../report/printable.ts'
import type { ErrorDocument, FailureDocument } from '../report/document.ts'
import type { Surroundings, Task } from './command.ts'
import { commands } from './commands/index.ts'
import { environmentWords, isOn, variablesBehind } from './environment.ts'
import { exitOf } from './exit.ts'
import type { Io } from './io.ts'
import { oclifOptions } from './plugin.ts'
import { printFailure } from './print.ts'
import { processIo } from './process-io.ts'
import type { Route } from './route.ts'
import { tokenize } from './tokens.ts'
import { toUsageError } from './usage-error.ts'
import { version } from './version.ts'
import { commandNames, flagKind } from './words.ts'
import type { CommandName } from './words.ts'

type Way = Extract<Route, { kind: 'run' | 'apply' | 'unknown-command' | 'late-command' }>

/** Runs a command. The only place that turns an error into words and an exit code. */
export async function dispatch(
  way: Way,
  argv: readonly string[],
  io: Io = processIo(),
  loadFlow: Surroundings['loadFlow'] = () => import('./flow/index.ts'),
): Promise<number> {
  const command = way.kind === 'run' ? way.command : 'trust'
  try {
    refuseSetUid()
    if (way.kind === 'apply') return await (await import('./flow/serve.ts')).serve(io, version)
    if (way.kind === 'unknown-command') throw unknownCommand(way.word, way.nearest)
    if (way.kind === 'late-command') throw lateCommand(way.word, way.first)
    const task = await understand(way.command, way.argv, io.env)
    return await task({ io, version, loadFlow })
  } catch (error) {
    return fail(error, command, argv, io)
  }
}

/** With another's rights, every file that the caller names would be read and written with them. */
function refuseSetUid(): void {
  if (process.getuid?.() === process.geteuid?.() && process.getgid?.() === process.getegid?.()) return
  throw new TrustError('policy', 'trust-registry does not run set-uid or set-gid', {
    seen: `user ${String(process.getuid?.())} with the rights of ${String(process.geteuid?.())}`,
    fix: `chmod ug-s ${shellWord(process.execPath)}`,
  })
}

/** Words to task, by oclif. Its errors become ours here. */
async function understand(command: CommandName, argv: readonly string[], env: Io['env']): Promise<Task> {
  const flags = Object.fromEntries(
    Object.entries(commands[command].flags).map(([name, flag]) => [
      name,
      { repeatable: flag.type === 'option' && flag.multiple === true },
    ]),
  )
  const { tokens } = tokenize(argv)
  const typed = new Set<string>()
  for (const token of tokens) {
    if (token.kind === 'word') continue
    typed.add(token.name)
    checkSwitch(token)
  }
  const words = [...environmentWords(flags, typed, env), ...argv]
  try {
    return (await run([command, ...words], oclifOptions())) as Task
  } catch (error) {
    throw toUsageError(error, command, Object.keys(flags))
  }
}

function unknownCommand(word: string, nearest: CommandName | undefined): TrustError {
  const known =
    nearest === undefined ? `there are ${commandNames.join(', ')}` : `the nearest one is "${nearest}"`
  return new TrustError('usage', `"${word}" is no command; ${known}`, {
    fix: [
      `trust-registry ${nearest ?? '--help'}`,
      ...(isRegistry(word)
        ? [`trust-registry trust ${shellWord(word)}      # for a registry of that name`]
        : []),
    ].join('\n'),
  })
}

/** A registry of that name is given as NAME:443, or behind `trust`. */
function lateCommand(word: CommandName, first: string): TrustError {
  const registry = isRegistry(first) ? shellWord(first) : 'REGISTRY'
  return new TrustError('usage', `${word} is a command: put it first`, {
    fix: `trust-registry ${word} ${registry}`,
  })
}

function isRegistry(word: string): boolean {
  try {
    parseRegistry(word)
    return true
  } catch {
    return false
  }
}

/** `--yes=false` would mean `--yes` and a registry of the name "false" to the parser. */
function checkSwitch(flag: { readonly name: string; readonly value?: string }): void {
  if (flag.value === undefined || flagKind(flag.name) !== 'switch') return
  throw new TrustError('usage', `--${flag.name} takes no value`, { fix: `--${flag.name}` })
}

function fail(thrown: unknown, command: CommandName, argv: readonly string[], io: Io): number {
  // After a signal libraries throw AbortErrors of their own.
  const error = io.signal.aborted && !(thrown instanceof TrustError) ? interrupted(thrown) : thrown
  const exitCode = exitOf(error)
  const { tokens } = tokenize(argv)
  const typed = new Set(tokens.flatMap((token) => (token.kind === 'flag' ? [token.name] : [])))
  const told = error instanceof TrustError ? describe(error) : bug(error)
  const behind = exitCode === 2 ? variablesBehind(told.message, typed, io.env) : ''
  const failure: FailureDocument = {
    schemaVersion: 1,
    tool: { name: 'trust-registry', version },
    command,
    ok: false,
    exitCode,
    error: { ...told, message: told.message + behind },
  }
  printFailure(failure, typed.has('json') || typed.has('json-pem') || jsonByEnvironment(io.env), io)
  const wantsStack = typed.has('verbose') || (io.env['DEBUG'] ?? '') !== ''
  if (exitCode === 70 && wantsStack && error instanceof Error)
    io.stderr.write(`${printableLines(error.stack ?? '').join('\n')}\n`)
  return exitCode
}

function interrupted(cause: unknown): TrustError {
  return new TrustError('interrupted', 'interrupted', { cause })
}

function describe({ code, message, seen, fix }: TrustError): ErrorDocument {
  return { code, message, ...(seen !== undefined && { seen }), ...(fix !== undefined && { fix }) }
}

function bug(error: unknown): ErrorDocument {
  return {
    code: 'bug',
    message: `this is a bug in trust-registry ${version}: ${errorText(error)}`,
    fix: 'run it again with DEBUG=1 and report the command and what it prints to the project',
  }
}

/** A wrong value is reported elsewhere; here it must not hide the error at hand. */
function jsonByEnvironment(env: Io['env']): boolean {
  return ['TRUST_REGISTRY_JSON', 'TRUST_REGISTRY_JSON_PEM'].some((name) => {
    const value = env[name]
    try {
      return value !== undefined && isOn(name, value)
    } catch {
      return false
    }
  })
}
