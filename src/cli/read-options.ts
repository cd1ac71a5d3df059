import type { InferredFlags } from '@oclif/core/interfaces'
import { TrustError } from '../errors.ts'
import { targetOf } from '../registry/realm.ts'
import { parseRegistry } from '../registry/reference.ts'
import { readChainOptions } from './chain-options.ts'
import { refuseFiles } from './file-words.ts'
import { parseFingerprint } from './fingerprint.ts'
import type { allFlags } from './flags.ts'
import type { Io } from './io.ts'
import { parseMachine } from './machine-choice.ts'
import { readList, type WrongLine } from './list-file.ts'
import { readPin, readProxy } from './reach-options.ts'
import { checkRelations } from './relations.ts'
import type { Options } from './options.ts'
import { wantsColor } from './print.ts'

/** What any command may have been given; a command without a flag leaves it out. */
export type RawFlags = Partial<InferredFlags<typeof allFlags>>

/**
 * Judges the flags of a command and freezes them. Every mistake that can be seen without looking
 * outside ends here, before anything is resolved, run or written.
 * @throws TrustError of exit code 2
 */
export async function readOptions(
  command: Options['command'],
  flags: RawFlags,
  typed: readonly string[],
  io: Io,
): Promise<Options> {
  await refuseFiles(typed, flags.ca ?? [])
  const listed = flags.file === undefined ? { registries: [], wrong: [] } : await readList(flags.file)
  const registries = distinct([...typed, ...listed.registries])
  if (registries.length === 0) nothingRight(listed.wrong)
  const chain = readChainOptions(flags, registries)
  checkRelations(command, flags, registries)
  const json = flags.json === true || flags['json-pem'] === true
  const options: Options = {
    command,
    registries,
    wrongLines: listed.wrong,
    all: flags.all ?? false,
    ...(chain && { chain }),
    ca: filled('--ca', flags.ca),
    fingerprints: (flags.fingerprint ?? []).map(parseFingerprint),
    trustOnFirstUse: flags['trust-on-first-use'] ?? false,
    prune: flags.prune ?? false,
    scope: flags.scope === 'system' ? 'system' : 'registry',
    restart: flags.restart === 'never' || flags.restart === 'always' ? flags.restart : 'auto',
    keepAppended: flags['keep-appended'] ?? false,
    runtimes: flags.runtime ?? [],
    ...(flags.username !== undefined && { username: userName(flags.username) }),
    passwordStdin: flags['password-stdin'] ?? false,
    tokenRealms: (flags['token-realm'] ?? []).map(realmHost),
    login: flags['no-login'] !== true,
    loginRequired: flags['login-required'] ?? false,
    ...clientOf(flags),
    timeoutMs: milliseconds(flags.timeout ?? '10'),
    pins: (flags.resolve ?? []).map(readPin),
    ...(flags.proxy !== undefined && { proxy: readProxy(flags.proxy) }),
    aia: flags['no-aia'] !== true,
    offline: flags.offline ?? false,
    dryRun: flags['dry-run'] === true || flags.check === true,
    check: flags.check ?? false,
    yes: flags.yes ?? false,
    input: flags['no-input'] !== true && !json && canAsk(io),
    ...(flags.machine !== undefined && { machine: parseMachine(flags.machine) }),
    ...(flags['state-dir'] !== undefined && { stateDir: directory(flags['state-dir']) }),
    json,
    jsonPem: flags['json-pem'] ?? false,
    quiet: flags.quiet ?? false,
    verbose: flags.verbose ?? false,
    color: flags['no-color'] !== true && wantsColor(io.stdout, io.env),
  }
  return Object.freeze(options)
}

/** Checks the grammar of each; of two that mean the same registry the first stays. */
function distinct(texts: readonly string[]): string[] {
  const seen = new Map<string, string>()
  for (const text of texts) {
    const { registry } = parseRegistry(text)
    if (!seen.has(registry)) seen.set(registry, text)
  }
  return [...seen.values()]
}

/** @throws TrustError for a list of nothing but wrong lines: its first one says what is wrong */
function nothingRight([first, ...others]: readonly WrongLine[]): void {
  if (!first) return
  const more = others.length === 0 ? '' : ` (and ${others.length} more like it)`
  const { code, message, fix } = first.error
  throw new TrustError(code, `${first.place}: ${message}${more}`, { ...(fix !== undefined && { fix }) })
}

function realmHost(text: string): string {
  if (targetOf(text) !== undefined) return text
  throw new TrustError(
    'usage',
    `--token-realm is ${JSON.stringify(text.slice(0, 300))}; it is HOST or HOST:PORT`,
    { fix: '--token-realm auth.corp:5001' },
  )
}

function userName(text: string): string {
  // A colon would move the border between name and password in basic auth (RFC 7617, 2).
  // eslint's no-control-regex keeps control characters out of patterns.
  const odd = Array.from(text).some((char) => char < ' ' || char === '\x7f' || char === ':')
  const ok = text !== '' && text.length <= 1024 && !odd
  if (ok) return text
  throw new TrustError('usage', 'the user name is empty, too long, or holds a colon or a control character', {
    fix: '-u NAME',
  })
}

function milliseconds(text: string): number {
  const seconds = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0
  if (seconds >= 1 && seconds <= 600) return seconds * 1000
  throw new TrustError('usage', `--timeout is ${JSON.stringify(text)}; it is a number of seconds, 1 to 600`, {
    fix: '--timeout 10',
  })
}

function directory(path: string): string {
  if (path !== '' && !path.includes('\0')) return path
  throw new TrustError('usage', '--state-dir is empty or holds NUL', {
    fix: '--state-dir /var/lib/trust-registry',
  })
}

function filled(flag: string, values: readonly string[] = []): readonly string[] {
  if (values.every((value) => value !== '' && !value.includes('\0'))) return values
  throw new TrustError('bad-file', `${flag} expects the path of a file`, { fix: `${flag} FILE` })
}

function clientOf(flags: RawFlags): Pick<Options, 'client'> {
  const { 'client-cert': certificate, 'client-key': key, 'client-p12': p12 } = flags
  if (p12 !== undefined) return { client: { p12 } }
  return certificate === undefined || key === undefined ? {} : { client: { certificate, key } }
}

/** Prompts are written to stderr and read from the terminal, so stdin does not matter. */
function canAsk(io: Io): boolean {
  const ci = io.env['CI']
  return io.stderr.isTTY === true && (ci === undefined || ci === '' || ci === 'false')
}
