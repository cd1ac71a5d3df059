import { TrustError } from '../../errors.ts'
import type { Finding } from '../../judge/index.ts'
import { authenticate, type LoginOutcome } from '../../registry/authenticate.ts'
import type { Secret } from '../../registry/token.ts'
import type { Eyes } from '../../registry/verified.ts'
import type { Engine } from '../../runtimes/engine.ts'
import { CertPool, type Certificate } from '../../x509/index.ts'
import { readPassword } from '../password.ts'
import type { Context } from './context.ts'
import { storedLogin, type Keeper } from './credentials.ts'
import {
  confirmedReport,
  keepingFindings,
  outcomeReport,
  plainFinding,
  storedReport,
  unreadableReport,
  type LoginReport,
} from './login-report.ts'
import type { Case } from './observe.ts'

/** The password, before anything is changed: a run that cannot log in shall say so first. */
export async function askPassword(context: Context, registry: string): Promise<string | undefined> {
  const { options, services } = context
  if (options.username === undefined || !options.login || options.dryRun) return undefined
  const given = await readPassword(services.io, options.passwordStdin)
  if (given !== undefined) return given
  if (options.input) return services.prompts.password(`Password of ${options.username} at ${registry}:`)
  throw new TrustError('usage', `there is no terminal to ask for the password of ${options.username}`, {
    fix: '--password-stdin < FILE, or TRUST_REGISTRY_PASSWORD_FILE=FILE',
  })
}

/** A login as far as it has come before anything is changed. */
export type Attempt =
  | { readonly kind: 'none' }
  /** Nothing is left to be done: this is the report. */
  | { readonly kind: 'settled'; readonly report: LoginReport }
  /** One that was there let us in: the engine has yet to show that it lets it in as well. */
  | {
      readonly kind: 'stored'
      readonly report: LoginReport
      readonly secret: Secret
      readonly engine: string
    }
  /** The registry let us in with this password. */
  | { readonly kind: 'proven'; readonly password: string; readonly realm?: string }

/**
 * Tries the password ourselves, before anything is changed, over chains that the engine accepts once `install` is
 * installed. Only what the registry has let in is handed to the engine.
 */
export async function tryLogin(
  context: Context,
  seen: Case,
  install: readonly Certificate[],
  password: string,
): Promise<Attempt> {
  const { options, services } = context
  const { target } = seen
  const eyes = eyesFor(context, seen, install)
  if (typeof eyes === 'string') {
    const document = { attempted: false, ok: false, message: `${eyes}, so no password was sent` }
    return { kind: 'settled', report: { document, findings: [] } }
  }
  services.progress.stage(`${target.registry}: logging in`)
  const secret = { username: options.username ?? '', password }
  const ask = (namedRealms: readonly string[]): Promise<LoginOutcome> =>
    authenticate({ target, secret, namedRealms, eyes, limits: seen.limits })
  let outcome = await ask(options.tokenRealms)
  const other = outcome.ok ? undefined : outcome.authority
  if (other !== undefined && (await agreesToRealm(context, target.registry, other)))
    outcome = await ask([...options.tokenRealms, other])
  if (!outcome.ok) return { kind: 'settled', report: outcomeReport(context, target.registry, outcome) }
  return { kind: 'proven', password, ...(outcome.realm === undefined ? {} : { realm: outcome.realm }) }
}

/** A login that is there already is tried in the same way; that it fails is no failure of the trust. */
export async function tryStored(
  context: Context,
  seen: Case,
  install: readonly Certificate[],
): Promise<Attempt> {
  const { options, services } = context
  const { target } = seen
  if (options.username !== undefined || !options.login || options.dryRun) return { kind: 'none' }
  const eyes = eyesFor(context, seen, install)
  const engine = firstEngine(seen)?.survey
  if (typeof eyes === 'string' || engine === undefined) return { kind: 'none' }
  const found = await storedLogin(context, target.registry, engine.loader)
  if (found === undefined) return { kind: 'none' }
  if ('problem' in found) return { kind: 'settled', report: unreadableReport(target.registry, found) }
  services.progress.stage(`${target.registry}: trying the login of ${found.where}`)
  const { tokenRealms: namedRealms } = options
  const outcome = await authenticate({ target, secret: found.secret, namedRealms, eyes, limits: seen.limits })
  if (outcome.ok && outcome.scheme === 'none') return { kind: 'none' }
  const report = storedReport(context, target.registry, found, outcome)
  if (!outcome.ok) return { kind: 'settled', report }
  return { kind: 'stored', report, secret: found.secret, engine: engine.name }
}

/**
 * What is to be said of a login once the engine trusts the chain: one that was stored before goes through the engine
 * itself. Where this user cannot ask it, what we saw stands.
 */
export async function settle(
  context: Context,
  seen: Case,
  attempt: Attempt,
  consumers: readonly { readonly name: string; readonly state: string }[],
): Promise<LoginReport | undefined> {
  if (attempt.kind === 'settled') return attempt.report
  if (attempt.kind !== 'stored') return undefined
  const { report, secret } = attempt
  const { options, machine, services } = context
  const engine = context.engines.find(({ name }) => name === attempt.engine)
  const survey = seen.evidence.engines.find((entry) => entry.survey.name === attempt.engine)?.survey
  const trusts = consumers.find(({ name }) => name === attempt.engine)?.state === 'trusted'
  if (engine?.accepts === undefined || survey?.state !== 'running' || !trusts) return report
  services.progress.stage(`${seen.target.registry}: ${engine.name} tries the stored login`)
  const answer = await engine.accepts(machine, seen.target, secret, options.timeoutMs)
  return answer === undefined ? report : confirmedReport(report, seen.target.registry, engine.name, answer)
}

function firstEngine({ evidence }: Case): Case['evidence']['engines'][number] | undefined {
  // What is only shown logs nobody in.
  return evidence.engines.find(
    ({ survey: { state }, required }) => required && (state === 'running' || state === 'unreachable'),
  )
}

/** Whose eyes a password waits for, or why it is sent to nobody. */
function eyesFor({ machine, strict }: Context, seen: Case, install: readonly Certificate[]): Eyes | string {
  // A helper that an image names would be a program of the image.
  if (machine.atRest === true) return 'nothing runs in an image'
  const engine = firstEngine(seen)
  if (!engine) return 'no engine answers'
  const { name, go } = engine.survey
  const consumer = seen.judgement.consumers.find((entry) => entry.name === name)
  if (consumer?.state === 'unchecked' && !strict) return `${name} does not verify the chain`
  const roots = CertPool.union(engine.store, engine.trust.pool, CertPool.of(...install))
  return { roots, at: seen.evidence.at, ...(go ? { go } : {}) }
}

async function agreesToRealm(
  { options, services }: Context,
  registry: string,
  authority: string,
): Promise<boolean> {
  if (!options.input) return false
  services.progress.done()
  const question = `${registry} has its clients fetch tokens from ${authority}. Send the password of ${options.username ?? ''} there?`
  return services.prompts.confirm(question)
}

/** The engine logs in with what the registry has let in, and the login is kept as Docker keeps it. */
export async function login(
  context: Context,
  seen: Case,
  engine: Engine,
  attempt: Extract<Attempt, { kind: 'proven' }>,
  keeper: Keeper,
): Promise<LoginReport> {
  const { options, machine, services } = context
  const { target } = seen
  services.progress.stage(`${target.registry}: logging in`)
  const credentials = { username: options.username ?? '', password: attempt.password }
  const answer = await engine.login(machine, target, credentials, options.timeoutMs)
  const base = { attempted: true, ...(attempt.realm === undefined ? {} : { realm: attempt.realm }) }
  if (!answer.ok) return { document: { ...base, ok: false, message: answer.message }, findings: [] }
  if (answer.takeBack) keeper.owe(answer.takeBack)
  if (answer.stored !== undefined) {
    const message = `${answer.message} Stored in ${answer.stored}`
    const plain = answer.plain === true ? plainFinding(target.registry, answer.stored, engine.name) : []
    return { document: { ...base, ok: true, message }, findings: plain }
  }
  const stored = await keeper.keep(answer.identityToken)
  const findings: readonly Finding[] = keepingFindings(stored, target.registry)
  if (stored.where === undefined) {
    const message = stored.problem ?? 'it was not stored'
    return { document: { ...base, ok: false, message }, findings }
  }
  const message = `${answer.message}; stored in ${stored.where}`
  return { document: { ...base, ok: true, message }, findings }
}
