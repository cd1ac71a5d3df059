import type { Target } from './reference.ts'

/** One `WWW-Authenticate` challenge (RFC 9110 section 11.6.1): scheme and keys in lower case. */
export interface Challenge {
  readonly scheme: string
  readonly parameters: Readonly<Record<string, string>>
}

/** The answer to `GET /v2/` (distribution spec, end-1). */
export interface Ping {
  readonly status: number
  readonly apiVersion?: string
  readonly contentType?: string
  readonly location?: string
  readonly retryAfter?: string
  readonly challenges: readonly Challenge[]
  /** Schemes behind a comma in a challenge's line, which no engine sees. */
  readonly hiddenSchemes?: readonly string[]
  /** Not `/v2/` but `/v1/_ping` answered as a registry does. */
  readonly v1?: true
  /** The first bytes of the body, at most 1 KiB: enough to recognise a login page. */
  readonly bodyStart: string
}

export type FailureCode =
  | 'name-not-resolved'
  | 'unreachable'
  | 'timeout'
  | 'proxy-failed'
  | 'plain-http'
  | 'not-tls'
  | 'tls-too-old'
  | 'tls-handshake-failed'
  | 'client-certificate-required'
  | 'not-a-registry'

/** Why the look at the registry ended early, with the line that a Go client prints for it. */
export interface Failure {
  readonly code: FailureCode
  readonly stage: 'resolve' | 'connect' | 'tls' | 'ping'
  /** What was seen, in the words of the layer that saw it. */
  readonly detail: string
  /** Go's text behind `Get "https://H:P/v2/": `; absent where it cannot be known. */
  readonly goError?: string
}

/** A token service that a challenge names, as anybody sees it. */
export interface RealmLook {
  readonly url: string
  readonly target: Target
  /** DER, as sent; empty where there was no handshake. */
  readonly sent: readonly Buffer[]
  /** Why nothing was seen. */
  readonly problem?: string
}

/** One AIA look-up (RFC 5280 section 4.2.2.1). */
export interface AiaFetch {
  readonly url: string
  /** SHA-256 of the certificate that names the address. */
  readonly namedBy: string
  /** DER, in the order received; empty when the look-up failed. */
  readonly certificates: readonly Buffer[]
  readonly error?: string
}

/** What another address of the same name shows. */
export interface OtherLook {
  readonly address: string
  /** DER, as sent. */
  readonly sent: readonly Buffer[]
}

/** What one look at a registry showed. Facts only: judging them is `src/judge`'s. */
export interface Observation {
  readonly target: Target
  readonly addresses: readonly string[]
  /** The address that was used. */
  readonly address?: string
  /** The proxy that was asked, without user name and password. */
  readonly proxy?: string
  readonly tlsVersion?: string
  /** DER of the certificates as sent, wire order, nothing added and nothing dropped. */
  readonly sent: readonly Buffer[]
  readonly ping?: Ping
  /** Server's `Date` minus this machine's clock, in seconds; absent without a `Date`. */
  readonly clockSkewSeconds?: number
  /** The machine's clock minus that of the computer which the command was typed on; absent where they are one. */
  readonly machineAheadSeconds?: number
  readonly fetched: readonly AiaFetch[]
  /** Further addresses that answered. */
  readonly others?: readonly OtherLook[]
  /** DER, as sent to a client that names no server (SNI); looked for only where the chain is in doubt. */
  readonly unnamed?: readonly Buffer[]
  /** The token services behind the challenges. */
  readonly realms?: readonly RealmLook[]
  /** DER names of the CAs whose client certificates the server takes, where it wants one; empty: it names none. */
  readonly clientCas?: readonly Buffer[]
  readonly failure?: Failure
}
