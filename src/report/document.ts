import type { Change, Identity, PlanItem } from '../change/model.ts'
import type { Holding } from '../change/status.ts'
import type { Consumer, Finding, Origin, Role } from '../judge/judgement.ts'
import type { Challenge } from '../registry/observation.ts'

/** The JSON contract (DESIGN 3); `schemas/` says the same for machines and a test holds both together. */
export interface CertificateDocument {
  readonly sha256: string
  readonly subject: string
  readonly issuer: string
  readonly serialNumber: string
  readonly notBefore: string
  readonly notAfter: string
  readonly role: Role
  readonly origin: Origin
  readonly pem?: string
}

export interface ProbeDocument {
  readonly addresses: readonly string[]
  readonly address?: string
  readonly proxy?: string
  readonly tlsVersion?: string
  readonly clockSkewSeconds?: number
  readonly chain: readonly CertificateDocument[]
  readonly ping?: {
    readonly status: number
    readonly apiVersion?: string
    readonly challenges: readonly Challenge[]
  }
}

export interface LoginDocument {
  readonly attempted: boolean
  readonly ok: boolean
  readonly realm?: string
  readonly message?: string
}

export interface RegistryDocument {
  readonly registry: string
  readonly ok: boolean
  readonly exitCode: number
  readonly changed: boolean
  readonly verified: boolean
  readonly probe?: ProbeDocument
  readonly identity?: Identity
  readonly findings: readonly Finding[]
  readonly consumers: readonly Consumer[]
  readonly plan: readonly PlanItem[]
  readonly changes: readonly Change[]
  readonly login?: LoginDocument
  /** Why this registry was not served, where no finding says it: refused, pin mismatch, rolled back. */
  readonly error?: ErrorDocument
}

export interface ErrorDocument {
  readonly code: string
  readonly message: string
  readonly seen?: string
  readonly fix?: string
}

export interface RuntimeDocument {
  readonly name: string
  readonly version?: string
  readonly goVersion?: string
  readonly loader?: string
  readonly state?: string
}

export interface MachineDocument {
  readonly kind: string
  /** `ssh://…`; absent for the machine that the program runs on. */
  readonly name?: string
  /** What chose it: `--machine`, `DOCKER_HOST`, a Docker context. */
  readonly why?: string
  readonly os: { readonly id: string; readonly family: string }
  readonly runtimes: readonly RuntimeDocument[]
}

/** A line of `status`. */
export type StatusEntry = Holding

export interface ToolDocument {
  readonly name: string
  readonly version: string
}

/** A run that reached its registries, or `status`. */
export interface ResultDocument {
  readonly schemaVersion: 1
  readonly tool: ToolDocument
  readonly command: string
  readonly ok: boolean
  readonly exitCode: number
  readonly changed: boolean
  readonly restartNeeded?: boolean
  readonly machine: MachineDocument
  readonly registries: readonly RegistryDocument[]
  readonly entries?: readonly StatusEntry[]
}

/** A run that ended before a registry was looked at. */
export interface FailureDocument {
  readonly schemaVersion: 1
  readonly tool: ToolDocument
  readonly command: string
  readonly ok: false
  readonly exitCode: number
  readonly error: ErrorDocument
}
