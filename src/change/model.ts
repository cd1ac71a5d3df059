import type { Reloadable } from '../runtimes/acts.ts'
import type { StoreName } from '../stores/index.ts'
import type { Certificate } from '../x509/index.ts'

/** How the identity of an anchor was established (DESIGN 6, "Identity before installing"). */
export type IdentityHow = 'pin' | 'ca-file' | 'proven' | 'recorded' | 'confirmed' | 'first-use'

export interface Identity {
  readonly how: IdentityHow
  /** SHA-256 of the certificate that was accepted; the root for a proven chain. */
  readonly sha256: string
  readonly subject: string
}

/** One line of the plan, as shown and as printed in JSON. */
export interface PlanItem {
  readonly action: 'write' | 'remove' | 'run' | 'restart'
  readonly target: string
  readonly reason: string
  readonly runtime?: string
  readonly privileged: boolean
}

/** A file that shall exist with these bytes, on behalf of a registry. */
export interface WantedFile {
  readonly path: string
  readonly bytes: Buffer
  /** Unix mode, for instance 0o644; a file that is there keeps its own. */
  readonly mode: number
  /** SHA-256 of the certificate inside. */
  readonly certificate?: string
  /** The bytes that `bytes` were made from: only these are replaced. Without them nothing is. */
  readonly from?: Buffer
  readonly reason: string
  readonly runtime: string
  /** The OS store that it is a source of. */
  readonly store?: StoreName
  /** The engine that has to be told to read it again. */
  readonly reload?: Reloadable
}

export interface Change {
  readonly path: string
  readonly state: 'written' | 'removed' | 'kept' | 'unchanged'
  /** SHA-256 of the file's bytes. */
  readonly sha256?: string
  /** Kept, and there before us: SHA-256 of the bytes of then, which the state directory goes on keeping. */
  readonly before?: string
  /** The file of settings that names it, for which it is kept. */
  readonly namedBy?: string
}

/** A file of ours that is there, on behalf of one registry or several. */
export interface OwnedFile {
  readonly path: string
  readonly sha256: string
  readonly mode: number
  /** Who owns it since we made it, where that is known. */
  readonly uid?: number
  readonly certificate?: string
  /** SHA-256 of the bytes that stood there before the first of ours, and which the state directory keeps. */
  readonly before?: string
  readonly runtime: string
  /** The OS store that it is a source of. */
  readonly store?: StoreName
  /** The engine that has to be told to read it again. */
  readonly reload?: Reloadable
  /** The last of these to be undone takes the file away. */
  readonly registries: readonly string[]
  /** RFC 3339. */
  readonly since: string
}

/** What was accepted for a registry; another identity later is refused. */
export interface RegistryRecord {
  readonly registry: string
  readonly identity: Identity
  /** Base64 of the accepted certificate, so that the same one can be recognised and put back. */
  readonly anchor: string
  /** SHA-256 of certificates in our files that belong to an earlier identity; they stay until `--prune`. */
  readonly superseded?: readonly string[]
  readonly since: string
}

/** The durable record of everything that this tool has done to a machine. */
export interface Records {
  readonly version: 1
  /** Identifier of the last committed transaction. */
  readonly last?: string
  readonly files: readonly OwnedFile[]
  /** Directories that we made, deepest last: they go when they are empty. */
  readonly directories: readonly string[]
  readonly registries: readonly RegistryRecord[]
  /** SHA-256 of what stood in files that were let go as somebody had changed them: kept for that person. */
  readonly left?: readonly string[]
}

/** An approved set of certificates: the identity and what to install for it. */
export interface Approved {
  readonly identity: Identity
  /** The certificate that the identity names; installed only if `install` holds it. */
  readonly anchor: Certificate
  readonly install: readonly Certificate[]
  /** SHA-256 of certificates that belong to it as well, and need no file now. */
  readonly standing?: readonly string[]
}
