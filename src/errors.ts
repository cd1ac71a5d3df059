/**
 * The one error type that reaches a user: what happened, what was seen, how to mend it.
 * `code` is closed: `cli/exit.ts` maps every member to an exit code and a test walks the table.
 */
export type ErrorCode =
  | 'usage'
  | 'bad-registry'
  | 'docker-hub'
  | 'bad-file'
  | 'bad-fingerprint'
  | 'identity-missing'
  | 'consent-missing'
  | 'policy'
  | 'identity-mismatch'
  | 'not-possible'
  | 'change-failed'
  | 'rollback-incomplete'
  | 'login-failed'
  | 'locked'
  | 'needs-privilege'
  | 'state-damaged'
  | 'unfinished'
  | 'machine-unreachable'
  | 'machine-refused'
  | 'host-key-unknown'
  | 'host-key-changed'
  | 'interrupted'

/** What stands in the way on this machine: the finding codes that only a change can come upon. */
export type Obstacle =
  | 'trust-directory-linked'
  | 'store-tool-missing'
  | 'store-would-drop'
  | 'intermediate-as-anchor'
  | 'store-overridden'
  | 'store-hook-failed'
  | 'bundle-damaged'
  | 'bundle-hand-edited'
  | 'read-only-system'
  | 'cluster-managed'
  | 'config-damaged'
  | 'credential-helper-failed'
  | 'disk-full'
  | 'restart-needed'

export interface ErrorDetails {
  /** The finding that says the same in the report. */
  readonly finding?: Obstacle
  /** A fact that was observed, for instance the fingerprints that the server presented. */
  readonly seen?: string
  /** A command or a line to paste. */
  readonly fix?: string
  readonly cause?: unknown
}

export class TrustError extends Error {
  readonly code: ErrorCode
  readonly finding?: Obstacle
  readonly seen?: string
  readonly fix?: string

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'TrustError'
    this.code = code
    if (details.finding !== undefined) this.finding = details.finding
    if (details.seen !== undefined) this.seen = details.seen
    if (details.fix !== undefined) this.fix = details.fix
  }
}

/** The system's own code of an I/O error (`ENOENT`, `ERR_SSL_…`), wherever it came from. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
