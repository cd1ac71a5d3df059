import type { Certificate } from '../x509/index.ts'

/** DESIGN 3: stable; more may be added within a schemaVersion. */
export const findingCodes = [
  'name-not-resolved',
  'unreachable',
  'timeout',
  'plain-http',
  'not-tls',
  'tls-too-old',
  'tls-handshake-failed',
  'client-certificate-required',
  'addresses-differ',
  'sni-differs',
  'proxy-failed',
  'unknown-authority',
  'missing-intermediate',
  'self-signed',
  'rotated-ca',
  'identity-changed',
  'expired',
  'not-yet-valid',
  'clock-skew',
  'name-mismatch',
  'no-san',
  'ip-without-ip-san',
  'wrong-key-usage',
  'name-constraint',
  'path-length',
  'issuer-not-ca',
  'weak-signature',
  'weak-key',
  'distrusted-key',
  'malformed-certificate',
  'unhandled-critical-extension',
  'policy-invalid',
  'chain-too-long',
  'wrong-order',
  'unrelated-certificate',
  'root-sent',
  'expires-soon',
  'not-a-registry',
  'registry-v1',
  'version-header-missing',
  'bad-challenge',
  'rate-limited',
  'realm-untrusted',
  'realm-foreign',
  'realm-insecure',
  'login-refused',
  'token-service-failed',
  'runtime-not-found',
  'runtime-unreachable',
  'daemon-down',
  'insecure-registry',
  'loopback-insecure',
  'trust-file-ignored',
  'trust-directory-misnamed',
  'trust-directory-unreadable',
  'trust-directory-linked',
  'client-key-orphan',
  'client-cert-orphan',
  'client-key-mismatch',
  'trust-directory-shadowed',
  'hosts-toml-overrides',
  'restart-needed',
  'builder-untold',
  'store-overridden',
  'store-tool-missing',
  'store-would-drop',
  'bundle-damaged',
  'bundle-hand-edited',
  'config-damaged',
  'registry-blocked',
  'registry-elsewhere',
  'trust-file-damaged',
  'credential-helper-failed',
  'credentials-unencrypted',
  'host-key-changed',
  'cluster-managed',
  'read-only-system',
  'disk-full',
  'store-hook-failed',
  'ca-left-out',
  'intermediate-as-anchor',
  'go-assumed',
  'not-on-record',
  'other-name-on-record',
] as const

export type FindingCode = (typeof findingCodes)[number]
export type Severity = 'error' | 'warning' | 'info'
/** Who has to act. */
export type Owner = 'registry' | 'machine' | 'network'

export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  readonly owner: Owner
  /** SHA-256 of the certificate at fault. */
  readonly certificate?: string
  /** The fault that Docker prints; it stops at the first one. */
  readonly first?: true
  readonly message: string
  /** A command or the lines to change, ready to paste; may hold line feeds. */
  readonly fix?: string
}

/** `unchecked`: the consumer does not look at the chain at all. `unknown`: we could not see. */
export type ConsumerState = 'trusted' | 'refused' | 'unchecked' | 'unknown'

/** A program with its own eyes, and what it makes of the chain. */
export interface Consumer {
  readonly name: string
  readonly required: boolean
  readonly state: ConsumerState
  readonly trusted: boolean
  /** Whether the chain came before its eyes; absent where nobody has asked it. */
  readonly seesChain?: boolean
  /** The line that the program prints, by our reckoning. */
  readonly predictedError?: string
  /** The line that it did print when asked. */
  readonly observedError?: string
  /** Where this program looks for this registry's CA. */
  readonly trustLocation?: string
  /** The prediction rests on something that could not be seen without privilege. */
  readonly assumed?: true
}

export type Role = 'leaf' | 'intermediate' | 'root'
export type Origin = 'sent' | 'fetched' | 'given' | 'store'

/** A certificate with its place in the story. */
export interface ChainLink {
  readonly certificate: Certificate
  readonly role: Role
  readonly origin: Origin
  /** The file that holds it, where its origin is a store. */
  readonly file?: string
}

/** A token service behind the registry, and what may become an anchor for it. */
export interface RealmVerdict {
  /** HOST or HOST:PORT. */
  readonly authority: string
  /** Issuing CAs of its candidate paths, or a leaf that signed itself. */
  readonly candidates: readonly ChainLink[]
  /** The topmost certificate that came from the other side. */
  readonly presented?: ChainLink
  /** Required engines that do not accept its chain: a login by them fails there. */
  readonly refusedBy: readonly string[]
  /** Pulls of a daemon that fetches its tokens there refuse it, and only the OS store could mend that. */
  readonly unfetchable: boolean
}

export interface Judgement {
  readonly findings: readonly Finding[]
  readonly consumers: readonly Consumer[]
  /** Wire order first, then what was found elsewhere. */
  readonly chain: readonly ChainLink[]
  /** Leaf to root as far as it is known: the best candidate path. */
  readonly path: readonly ChainLink[]
  /** What may become an anchor here: the issuing CAs of candidate paths, or a self-signed leaf. */
  readonly candidates: readonly ChainLink[]
  /** Intermediates of `path` that the server does not send and the required consumers do not have. */
  readonly missing: readonly Certificate[]
  /** The path passes Go's full verification against the OS store alone: it needs no pin. */
  readonly proven: boolean
  readonly realms: readonly RealmVerdict[]
  /** No change on this machine can make the required consumers accept. */
  readonly ownerMustAct: boolean
}
