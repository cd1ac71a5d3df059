import { TrustError } from '../../errors.ts'
import type { Finding } from '../../judge/index.ts'
import { shellWord } from '../../machine/shell.ts'
import type { LoginOutcome } from '../../registry/authenticate.ts'
import type { LoginAnswer } from '../../runtimes/engine.ts'
import type { LoginProblem, StoredLogin } from '../../runtimes/stored-login.ts'
import type { LoginDocument } from '../../report/document.ts'
import type { RegistryView } from '../../report/view.ts'
import { combine, type ExitCode } from '../exit.ts'
import { againLine } from './consent.ts'
import type { Context, Stored } from './context.ts'

/** What became of a login, and what is to be said about it. */
export interface LoginReport {
  readonly document: LoginDocument
  readonly findings: readonly Finding[]
  /** Nobody has asked for this login: that it fails changes no exit code. */
  readonly advisory?: true
}

/** A login that the registry, its token service or our own policy has stopped. */
export function outcomeReport(
  context: Context,
  registry: string,
  outcome: Extract<LoginOutcome, { ok: false }>,
  username = context.options.username ?? 'NAME',
): LoginReport {
  const { kind, realm, sentTo } = outcome
  const stopped = kind === 'withheld' || kind === 'untrusted'
  const attempted = !stopped || sentTo.length > 0
  const gone = attempted ? `by then the password had gone to ${sentTo.join(' and ')}` : 'no password was sent'
  const message = stopped ? `${outcome.message}; ${gone}` : outcome.message
  const document = { attempted, ok: false, message, ...(realm === undefined ? {} : { realm }) }
  return { document, findings: outcomeFindings(context, registry, username, outcome) }
}

function outcomeFindings(
  context: Context,
  registry: string,
  username: string,
  { kind, code, authority, message, realm }: Extract<LoginOutcome, { ok: false }>,
): readonly Finding[] {
  if (kind === 'refused') {
    return [
      {
        code: 'login-refused',
        severity: 'error',
        owner: 'machine',
        message: `${registry} does not let ${username} in: ${message}`,
        fix: `${tryAgain(username, registry)}      # to try the password by itself`,
      },
    ]
  }
  if (kind === 'failed' && realm !== undefined) {
    const line = `curl -u ${shellWord(username)} ${shellWord(realm)}      # has to answer 200 with {"token": …}`
    const why = `${registry} has its clients fetch tokens from ${realm}, and gets them none: ${message}`
    return [{ code: 'token-service-failed', severity: 'error', owner: 'registry', message: why, fix: line }]
  }
  if (kind === 'untrusted' && realm !== undefined) {
    // Engines read the CA of a token service from the directory of the registry that names it.
    const fix = `${againLine(context, '--ca', 'TOKEN-CA.pem')}      # beside the registry's own CA`
    return [{ code: 'realm-untrusted', severity: 'error', owner: 'machine', message, fix }]
  }
  if (authority !== undefined) {
    const fix = againLine(context, '--token-realm', authority)
    return [
      {
        code: 'realm-foreign',
        severity: 'warning',
        owner: 'machine',
        message: `${message}; whoever runs it gets the password`,
        fix,
      },
    ]
  }
  if (code === 'realm-insecure')
    return [
      {
        code,
        severity: 'error',
        owner: 'registry',
        message: `${message}: Docker would send the password there all the same`,
        fix: 'the token service has to be reached by https, without a user name in its address',
      },
    ]
  return []
}

/** Where a login went, or what is wrong with the place for it. */
export function keepingFindings(stored: Stored, registry: string): readonly Finding[] {
  if (stored.finding !== undefined) {
    const message = stored.problem ?? 'the login was accepted but not stored'
    return [{ code: stored.finding, severity: 'error', owner: 'machine', message }]
  }
  return stored.plain === undefined ? [] : plainFinding(registry, stored.plain, 'docker')
}

/** @param program whose file it is: it logs out and in again */
export function plainFinding(registry: string, path: string, program: string): readonly Finding[] {
  const setting =
    program === 'docker' ? '"credsStore": "pass"' : `"credHelpers": {${JSON.stringify(registry)}: "pass"}`
  return [
    {
      code: 'credentials-unencrypted',
      severity: 'warning',
      owner: 'machine',
      message: `the password for ${registry} stands in ${path} as base64, which is no encryption: whoever reads the file has it`,
      fix: `# with a credential helper installed, such as docker-credential-pass or docker-credential-secretservice:
${program} logout ${registry}
# ${setting} in ${path}, then log in again`,
    },
  ]
}

/** A login that somebody made before us, tried over the chain that is trusted now. */
export function storedReport(
  context: Context,
  registry: string,
  { where, plain, secret }: StoredLogin,
  outcome: LoginOutcome,
): LoginReport {
  const program = plain?.endsWith('auth.json') === true ? 'podman' : 'docker'
  const warnings = plain === undefined ? [] : plainFinding(registry, plain, program)
  if (outcome.ok) {
    const realm = outcome.realm === undefined ? {} : { realm: outcome.realm }
    const document = { attempted: true, ok: true, ...realm, message: `the login of ${where} works` }
    return { document, findings: warnings, advisory: true }
  }
  const { document, findings } = outcomeReport(
    context,
    registry,
    outcome,
    'username' in secret ? secret.username : undefined,
  )
  const message = `the login of ${where}: ${document.message ?? ''}`
  const told = findings.map((finding) => ({
    ...finding,
    severity: 'warning' as const,
    message: `${finding.message} (the login of ${where})`,
  }))
  return { document: { ...document, message }, findings: [...told, ...warnings], advisory: true }
}

/** The engine's own word on a login that let us in. */
export function confirmedReport(
  report: LoginReport,
  registry: string,
  engine: string,
  { ok, message: words }: LoginAnswer,
): LoginReport {
  const said = report.document.message ?? ''
  if (ok) return { ...report, document: { ...report.document, message: `${said}, and lets ${engine} in` } }
  const message = `${said} from here, but ${engine} is not let in with it: ${words}`
  const fix = `${engine} login ${shellWord(registry)}      # to try it by itself`
  const warning = { code: 'login-refused', severity: 'warning', owner: 'machine', message, fix } as const
  return {
    ...report,
    document: { ...report.document, ok: false, message },
    findings: [warning, ...report.findings],
  }
}

/** Logins are there, and nobody can read them. */
export function unreadableReport(registry: string, { problem, finding }: LoginProblem): LoginReport {
  const message = `${problem}; whether there is a login for ${registry} is not known`
  const document = { attempted: false, ok: false, message: problem }
  const warning = { severity: 'warning', owner: 'machine', message } as const
  return { document, findings: [{ code: finding ?? 'config-damaged', ...warning }], advisory: true }
}

/** A report, and what came of the login beside it: exit 10 where it failed. */
export function withLogin(view: RegistryView, report: LoginReport | undefined): RegistryView {
  if (report === undefined) return view
  const { document } = view
  const codes = [
    document.exitCode as ExitCode,
    ...(report.document.ok || report.advisory ? [] : [10 as const]),
  ]
  const exitCode = combine(codes)
  const findings = [...document.findings, ...report.findings]
  return {
    ...view,
    document: { ...document, ok: exitCode === 0, exitCode, findings, login: report.document },
  }
}

export function loginFailed(context: Context, registry: string, { document }: LoginReport): TrustError {
  return new TrustError('login-failed', `the login failed, and it was required: ${document.message ?? ''}`, {
    fix: `${tryAgain(context.options.username, registry)}      # to try the password by itself`,
  })
}

function tryAgain(username: string | undefined, registry: string): string {
  return `docker login -u ${shellWord(username ?? 'NAME')} ${registry}`
}
