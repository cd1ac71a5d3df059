import { TrustError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'

/** DESIGN 2; the root help and the README print this table, and a test walks it. */
export const exitCodes = {
  0: 'every required consumer trusts it, or nothing to do',
  1: 'not trusted, and something can be done on this machine',
  2: 'wrong usage: a flag, a registry or a file',
  3: '--check: a change is pending',
  4: 'refused: identity or consent is missing, or policy',
  5: 'the pin or the recorded identity does not match',
  6: "only the registry's owner can mend it; nothing written",
  7: 'unreachable: name, connection or timeout',
  8: 'failed; nothing changed or everything rolled back',
  9: 'rolled back or undone only in part',
  10: 'login refused or withheld; trust is kept',
  11: 'another run holds the lock',
  12: 'needs privilege',
  70: 'a bug in trust-registry',
  130: 'interrupted, rolled back',
} as const

export type ExitCode = keyof typeof exitCodes

const ofError: Readonly<Record<ErrorCode, ExitCode>> = {
  usage: 2,
  'bad-registry': 2,
  'docker-hub': 2,
  'bad-file': 2,
  'bad-fingerprint': 2,
  'identity-missing': 4,
  'consent-missing': 4,
  policy: 4,
  'identity-mismatch': 5,
  'not-possible': 1,
  'change-failed': 8,
  'state-damaged': 8,
  unfinished: 1,
  'rollback-incomplete': 9,
  'login-failed': 10,
  locked: 11,
  'host-key-unknown': 4,
  'host-key-changed': 5,
  'machine-unreachable': 7,
  'machine-refused': 12,
  'needs-privilege': 12,
  interrupted: 130,
}

/** Whatever is no TrustError is our bug. */
export function exitOf(error: unknown): ExitCode {
  return error instanceof TrustError ? ofError[error.code] : 70
}

const precedence: readonly ExitCode[] = [130, 70, 2, 9, 8, 5, 4, 12, 11, 7, 6, 10, 1, 3, 0]

/** One exit code for a run over many registries: the first of the order above that occurs. */
export function combine(codes: readonly ExitCode[]): ExitCode {
  return precedence.find((code) => codes.includes(code)) ?? 0
}
