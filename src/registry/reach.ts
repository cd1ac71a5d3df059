import type { Proxy } from './proxy-rules.ts'
import type { Target } from './reference.ts'

/** `--resolve HOST:PORT:ADDR`: this address, whatever the resolver says. */
export interface Pin {
  readonly host: string
  readonly port: number
  readonly address: string
}

/** How hosts are reached, where it is not the plain way. */
export interface Reach {
  readonly pins?: readonly Pin[]
  /** The proxy for a host; undefined: none. */
  readonly proxyFor?: ((target: Target) => Proxy | undefined) | undefined
  /** Shown to a server that asks for a client certificate. */
  readonly client?: { readonly certificatePem: string; readonly keyPem: string } | undefined
}

/** The addresses that are pinned for a host and port, in the order given. */
export function pinned(target: Target, pins: readonly Pin[] = []): readonly string[] {
  return pins
    .filter(({ host, port }) => host === target.host && port === target.port)
    .map(({ address }) => address)
}
