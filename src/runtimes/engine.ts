import type { Machine } from '../machine/machine.ts'
import type { ServiceManager } from '../machine/service.ts'
import type { ProxySettings } from '../registry/proxy-rules.ts'
import type { Target } from '../registry/reference.ts'
import type { Secret } from '../registry/token.ts'
import type { Certificate, CertPool, GoVersion } from '../x509/index.ts'
import type { SettingsChange, Wish } from './settings.ts'

import type { Flavour } from './docker-home.ts'
import type { EntryByHand } from './docker-insecure.ts'

/**
 * Which rules read an engine's per-registry directory, and whose words it prints: facts, "Three certs.d loaders".
 * `store`: it has no such directory, and goes by the OS store alone.
 */
export type Loader = 'classic' | 'buildkit' | 'containerd' | 'containers' | 'store'

/** What an engine is and how it is set up; plain data for the judge. */
export interface EngineSurvey {
  readonly name: string
  /** Somebody has to be running for it to answer, or each call is a process of its own. */
  readonly kind: 'daemon' | 'program'
  /** Its programs or its socket are there. */
  readonly installed: boolean
  /** `running`: it answered; `unreachable`: it is there, we may not speak to it; `at-rest`: in an image, where nobody runs. */
  readonly state: 'running' | 'down' | 'unreachable' | 'absent' | 'at-rest'
  /** Nobody here can ask it: what is written for it is prepared, and no more. */
  readonly unasked?: true
  /** False: shown, and not needed for success. */
  readonly needed?: false
  /** A Docker that keeps its files elsewhere than usual, or is none. */
  readonly flavour?: Flavour
  /** What starts and stops it, up to the verb, where that is not the system's `systemctl`. */
  readonly manager?: string
  /** What else starts and stops it: systemd unless this says otherwise. */
  readonly service?: ServiceManager | 'none'
  /** Docker keeps its images in containerd: pulls read certs.d by other rules than logins. */
  readonly containerdStore?: true
  /** Why it did not answer, in the system's words. */
  readonly problem?: string
  readonly version?: string
  readonly go?: GoVersion
  readonly loader: Loader
  /** Registries, as HOST or HOST:PORT, whose certificates it does not check. */
  readonly insecureRegistries: readonly string[]
  /** Networks whose registries it does not check. */
  readonly insecureNetworks: readonly string[]
  /** Those of them that a person has to take out, where that could be told. */
  readonly entriesByHand?: readonly EntryByHand[]
  /** The file of its settings, where a flag names another than the usual one. */
  readonly settingsFile?: string
  /** The variables that steer Go's roots, from the engine's own environment. */
  readonly environment: { readonly SSL_CERT_FILE?: string; readonly SSL_CERT_DIR?: string }
  /** The environment could not be read: the default is assumed. */
  readonly environmentAssumed: boolean
  /** How it goes out, by its own settings. */
  readonly proxy?: ProxySettings
  /** When the engine's process began, in milliseconds since 1970. */
  readonly startedMs?: number
}

export interface IgnoredFile {
  readonly path: string
  readonly reason: string
  /** A file of settings that the engine cannot read, and goes on without. */
  readonly damaged?: true
  /** What has it read. */
  readonly fix?: string
}

/** What ends every request of an engine for a registry before the network is reached. */
export interface TrustFault {
  readonly code:
    | 'trust-directory-unreadable'
    | 'client-key-orphan'
    | 'client-cert-orphan'
    | 'client-key-mismatch'
    | 'config-damaged'
    | 'registry-blocked'
    | 'trust-file-damaged'
  readonly path: string
  /** The engine's own words, or ours where `foreseen` is false. */
  readonly message: string
  /** The wording of the engine's parser is its own: the fault is known, the line is not. */
  readonly foreseen?: false
}

/** An engine's per-registry directory, read with the engine's own rules. */
export interface TrustDirectory {
  readonly path: string
  readonly state: 'absent' | 'read' | 'unreadable'
  /** The engine may see more of it than we may. */
  readonly closed?: true
  readonly pool: CertPool
  /** There, but without effect. */
  readonly ignored: readonly IgnoredFile[]
  /** The engine refuses every request for this registry because of the directory. */
  readonly fatal?: TrustFault
  /** Its configuration says not to check this registry's certificate. */
  readonly insecure?: { readonly path: string; readonly fix: string }
  /** Directories that it would read if `path` were not there: the first that exists counts, nothing is merged. */
  readonly shadowed?: readonly { readonly path: string; readonly pool: CertPool }[]
  /** What `_default` says for all registries, and a directory of this one's own hides. */
  readonly hides?: { readonly path: string; readonly names: readonly string[]; readonly own: string }
  /** A hosts.toml: where there is one, the certificates beside it are not read. */
  readonly overriddenBy?: string
  /** When the directory was made, where the machine tells; milliseconds since 1970. */
  readonly bornMs?: number
  /** Our certificates can be named in `overriddenBy`. */
  readonly editable?: boolean
  /** Its settings send it to another registry in place of this one. */
  readonly elsewhere?: { readonly path: string; readonly registry: string }
  /** Registries that its settings have it ask first. */
  readonly mirrors?: { readonly path: string; readonly registries: readonly string[] }
  /** Somebody else writes there, or what is written there counts only once a person has put something in order. */
  readonly byHand?: { readonly code?: 'trust-file-ignored'; readonly why: string; readonly fix: string }
  /** `path` is a person's own: root writes nothing there. */
  readonly personal?: boolean
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
  /** The engine keeps its logins itself, and this is where. */
  readonly stored?: string
  /** There it stands without encryption. */
  readonly plain?: boolean
  /** Puts back what it kept for this registry before. */
  readonly takeBack?: () => Promise<void>
}

/** One kind of container engine: how to find it, what it reads, how to ask it. */
export interface Engine {
  readonly name: string
  /** The runtime that it is a part of, where it is not one itself. */
  readonly runtime?: string
  /** It runs as the person who calls it, who cannot read a key of root's. */
  readonly asCaller?: true
  /** Asking it leaves traces: it is asked only to prove a change. */
  readonly proofOnly?: true
  /** It is asked on a socket, which costs nothing where nobody listens: the survey need not be waited for. */
  readonly listens?: true
  survey(machine: Machine, timeoutMs: number): Promise<EngineSurvey>
  /** Where the CA of a registry goes: the first is the one that the typed name reads. */
  trustDirectories(machine: Machine, target: Target): Promise<readonly string[]>
  readTrust(machine: Machine, target: Target, survey: EngineSurvey): Promise<TrustDirectory>
  /** Those that no file of somebody else's, which its settings name, holds already. */
  lacking?(
    machine: Machine,
    target: Target,
    certificates: readonly Certificate[],
  ): Promise<readonly Certificate[]>
  /** Where certificates in a directory are not all that it takes: what its files of settings have to say. */
  settings?(machine: Machine, target: Target, wish: Wish): Promise<readonly SettingsChange[]>
  /** Through the engine's own eyes, without credentials. */
  ask(machine: Machine, target: Target, timeoutMs: number): Promise<EngineAnswer>
  /** The same and more, for the proof of a change: where it is missing, `ask` is all there is. */
  prove?(machine: Machine, target: Target, timeoutMs: number): Promise<EngineAnswer>
  login(machine: Machine, target: Target, credentials: Credentials, timeoutMs: number): Promise<LoginAnswer>
  /** Whether a login that is stored already lets it in; nothing is stored. Undefined: it cannot be asked that. */
  accepts?(
    machine: Machine,
    target: Target,
    secret: Secret,
    timeoutMs: number,
  ): Promise<LoginAnswer | undefined>
}
