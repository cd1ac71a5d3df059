import { TrustError } from '../../errors.ts'
import type { Finding } from '../../judge/index.ts'
import { shellWord } from '../../machine/shell.ts'
import type { LoginOutcome } from '../../registry/authenticate.ts'
import type { LoginDocument } from '../../report/document.ts'
import type { RegistryView } from '../../report/view.ts'
import { combine, type ExitCode } from '../exit.ts'
import { againLine } from './consent.ts'
import type { Context, Stored } from './context.ts'

/** What became of a login, and what is to be said about it. */
export interface LoginReport {
  readonly document: LoginDocument
  readonly findings: readonly Finding[]
}

/** A login that the registry, its token service or our own policy has stopped. */
export function outcomeReport(
  context: Context,
  registry: string,
  outcome: Extract<LoginOutcome, { ok: false }>,
): LoginReport {
  const { kind, realm } = outcome
  const attempted = kind === 'refused' || kind === 'failed'
  const message = attempted ? outcome.message : `${outcome.message}; no password was sent`
  const document = { attempted, ok: false, message, ...(realm === undefined ? {} : { realm }) }
  return { document, findings: outcomeFindings(context, registry, outcome) }
}

function outcomeFindings(
  context: Context,
  registry: string,
  { kind, code, authority, message, realm }: Extract<LoginOutcome, { ok: false }>,
): readonly Finding[] {
  const { username = 'NAME' } = context.options
  if (kind === 'refused') {
    return [
      {
        code: 'login-refused',
        severity: 'error',
        owner: 'machine',
        message: `${registry} does not let ${username} in: ${message}`,
        fix: `${tryAgain(context, registry)}      # to try the password by itself`,
      },
    ]
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
  if (stored.plain === undefined) return []
  return [
    {
      code: 'credentials-unencrypted',
      severity: 'warning',
      owner: 'machine',
      message: `the password for ${registry} stands in ${stored.plain} as base64, which is no encryption: whoever reads the file has it`,
      fix: `# with a credential helper installed, such as docker-credential-pass or docker-credential-secretservice:
docker logout ${registry}
# "credsStore": "pass" in ${stored.plain}, then log in again`,
    },
  ]
}

/** A report, and what came of the login beside it: exit 10 where it failed. */
export function withLogin(view: RegistryView, report: LoginReport | undefined): RegistryView {
  if (report === undefined) return view
  const { document } = view
  const codes = [document.exitCode as ExitCode, ...(report.document.ok ? [] : [10 as const])]
  const exitCode = combine(codes)
  const findings = [...document.findings, ...report.findings]
  return {
    ...view,
    document: { ...document, ok: exitCode === 0, exitCode, findings, login: report.document },
  }
}

export function loginFailed(context: Context, registry: string, { document }: LoginReport): TrustError {
  return new TrustError('login-failed', `the login failed, and it was required: ${document.message ?? ''}`, {
    fix: `${tryAgain(context, registry)}      # to try the password by itself`,
  })
}

function tryAgain({ options }: Context, registry: string): string {
  return `docker login -u ${shellWord(options.username ?? 'NAME')} ${registry}`
}
