import type { Observation } from '../registry/observation.ts'
import type { Builders } from '../runtimes/buildx-builders.ts'
import type { EngineAnswer, EngineSurvey, TrustDirectory } from '../runtimes/engine.ts'
import type { StoreSources } from '../stores/inspect.ts'
import type { CertPool, Certificate } from '../x509/index.ts'

/** An engine with the eyes that it has for this registry. */
export interface EngineEvidence {
  readonly survey: EngineSurvey
  readonly trust: TrustDirectory
  /** The OS store as this engine loads it: its environment decides. */
  readonly store: CertPool
  readonly storeChangedMs: number
  /** What it said when it was asked; absent where it could not be. */
  readonly answer?: EngineAnswer
  readonly required: boolean
}

/** Stands for a file where a certificate is known only because it was accepted before. */
export const REMEMBERED = 'remembered'

/** How a sentence speaks of what was sent, and of what is trusted. */
export interface Places {
  readonly sent: string
  readonly unsent: string
  readonly untrusted: string
}

/** A server, and the stores of a machine. */
export const MACHINE: Places = {
  sent: 'the server sends it',
  unsent: 'was not sent',
  untrusted: 'is not trusted on this machine',
}

/** Everything that a verdict rests on. */
export interface Evidence {
  readonly observation: Observation
  /** The machine's clock. */
  readonly at: Date
  /** From `--ca`. */
  readonly given: readonly Certificate[]
  /** How they were named, to be typed again: `--ca FILE`. */
  readonly givenAs?: string
  /** What was accepted for this registry before: known, but proof of nothing. */
  readonly remembered?: CertPool
  /** The OS store of the machine: the only pool that can prove an identity. */
  readonly store: CertPool
  readonly engines: readonly EngineEvidence[]
  /** The caller's builders of buildx; absent where there are none. */
  readonly builders?: Builders
  /** What lies among the sources of the OS store; absent where its family is not known. */
  readonly sources?: StoreSources
  /** The programs that read the OS store have to accept as well: scope system. */
  readonly systemRequired?: boolean
  /** Ways that we were told to take, and that no engine takes by itself. */
  readonly told?: { readonly proxy?: true; readonly address?: true }
  /** Where there are files instead of a server, or of a machine's stores. */
  readonly places?: Places
  /** A loopback registry is judged like any other: the demo's. */
  readonly loopbackCounts?: boolean
}
