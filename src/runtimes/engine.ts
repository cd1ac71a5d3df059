import type { Machine } from '../machine/machine.ts'
import type { Target } from '../registry/reference.ts'
import type { CertPool, GoVersion } from '../x509/index.ts'

/** What an engine is and how it is set up; plain data for the judge. */
export interface EngineSurvey {
  readonly name: string
  /** Its programs or its socket are there. */
  readonly installed: boolean
  /** `running`: it answered; `unreachable`: it is there, we may not speak to it. */
  readonly state: 'running' | 'down' | 'unreachable' | 'absent'
  /** Why it did not answer, in the system's words. */
  readonly problem?: string
  readonly version?: string
  readonly go?: GoVersion
  /** Which certs.d loader logs in: facts, "Three certs.d loaders". */
  readonly loader: 'classic'
  /** Registries, as HOST or HOST:PORT, whose certificates it does not check. */
  readonly insecureRegistries: readonly string[]
  /** Networks whose registries it does not check. */
  readonly insecureNetworks: readonly string[]
  /** The variables that steer Go's roots, from the engine's own environment. */
  readonly environment: { readonly SSL_CERT_FILE?: string; readonly SSL_CERT_DIR?: string }
  /** The environment could not be read: the default is assumed. */
  readonly environmentAssumed: boolean
  /** When the engine's process began, in milliseconds since 1970. */
  readonly startedMs?: number
}

export interface IgnoredFile {
  readonly path: string
  readonly reason: string
}

/** An engine's per-registry directory, read with the engine's own rules. */
export interface TrustDirectory {
  readonly path: string
  readonly state: 'absent' | 'read' | 'unreadable'
  readonly pool: CertPool
  /** There, but without effect. */
  readonly ignored: readonly IgnoredFile[]
  /** The engine refuses every request for this registry because of the directory. */
  readonly fatal?: {
    readonly code: 'trust-directory-unreadable' | 'client-key-orphan' | 'client-cert-orphan'
    readonly path: string
    /** The engine's whole line. */
    readonly message: string
  }
  /** Directories beside it whose names look meant for this registry. */
  readonly misnamed: readonly { readonly path: string; readonly pool: CertPool }[]
  /** A link stands where the directory should be. */
  readonly symlink: boolean
}

/** What an engine said when it was asked to look at the registry itself. */
export interface EngineAnswer {
  /** `accepted`: TLS is fine, whatever came after; `refused`: the chain; `unclear`: neither can be told. */
  readonly outcome: 'accepted' | 'refused' | 'unclear'
  /** Its message, exactly. */
  readonly message: string
}

export interface Credentials {
  readonly username: string
  readonly password: string
}

export interface LoginAnswer {
  readonly ok: boolean
  readonly message: string
  /** An identity token to be stored instead of the password. */
  readonly identityToken?: string
}

/** One kind of container engine: how to find it, what it reads, how to ask it. */
export interface Engine {
  readonly name: string
  survey(machine: Machine, timeoutMs: number): Promise<EngineSurvey>
  /** Where the CA of a registry goes: the first is the one that the typed name reads. */
  trustDirectories(machine: Machine, target: Target): readonly string[]
  readTrust(machine: Machine, target: Target, survey: EngineSurvey): Promise<TrustDirectory>
  /** Through the engine's own eyes, without credentials. */
  ask(machine: Machine, target: Target, timeoutMs: number): Promise<EngineAnswer>
  login(machine: Machine, target: Target, credentials: Credentials, timeoutMs: number): Promise<LoginAnswer>
}
