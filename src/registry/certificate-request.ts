import type { Failure, Ping } from './observation.ts'

const HANDSHAKE = 22
const CERTIFICATE_REQUEST = 13
const SERVER_HELLO_DONE = 14

/** What the server's first flight says of client certificates; `more`: it has not been heard out. */
export type Asked = 'more' | 'nothing' | readonly Buffer[]

/**
 * The DER names of the CAs whose client certificates a server takes, empty for any: CertificateRequest of TLS 1.2 (RFC 5246
 * sections 6.2.1, 7.4 and 7.4.4), which nothing hides there; TLS 1.3 encrypts it. `nothing` where it asks for none,
 * or speaks otherwise.
 * @param bytes as they came from the server, from the first on
 */
export function clientCasAsked(bytes: Buffer): Asked {
  const parts: Buffer[] = []
  for (let at = 0; at + 5 <= bytes.length;) {
    const end = at + 5 + bytes.readUInt16BE(at + 3)
    if (bytes[at] !== HANDSHAKE) return 'nothing'
    // A message may go over several records, and its last record may not be here as a whole yet.
    parts.push(bytes.subarray(at + 5, Math.min(end, bytes.length)))
    at = end
  }
  const flight = Buffer.concat(parts)
  for (let at = 0; at + 4 <= flight.length;) {
    const end = at + 4 + flight.readUIntBE(at + 1, 3)
    if (flight[at] === SERVER_HELLO_DONE) return 'nothing'
    if (end > flight.length) return 'more'
    if (flight[at] === CERTIFICATE_REQUEST) return authorities(flight.subarray(at + 4, end)) ?? 'nothing'
    at = end
  }
  return 'more'
}

/** `certificate_types<1>`, `supported_signature_algorithms<2>`, `certificate_authorities<2>` of `<2>` each. */
function authorities(body: Buffer): readonly Buffer[] | undefined {
  const types = vector(body, 0, 1)
  const algorithms = types && vector(body, types.end, 2)
  const list = algorithms && vector(body, algorithms.end, 2)
  if (list?.end !== body.length) return undefined
  const names: Buffer[] = []
  for (let at = 0; at < list.content.length;) {
    const name = vector(list.content, at, 2)
    if (name === undefined) return undefined
    names.push(name.content)
    at = name.end
  }
  return names
}

function vector(
  bytes: Buffer,
  at: number,
  width: 1 | 2,
): { readonly content: Buffer; readonly end: number } | undefined {
  if (at + width > bytes.length) return undefined
  const end = at + width + bytes.readUIntBE(at, width)
  return end > bytes.length ? undefined : { content: bytes.subarray(at + width, end), end }
}

/** It wants to see a client certificate, or another one than it was shown; nginx says so by a status. */
export function wantsClientCertificate(failure: Failure | undefined, ping: Ping | undefined): boolean {
  if (failure?.code === 'client-certificate-required') return true
  return (
    ping?.status === 400 && /No required SSL certificate was sent|SSL certificate error/.test(ping.bodyStart)
  )
}
