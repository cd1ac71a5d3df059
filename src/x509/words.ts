import type { Certificate } from './certificate.ts'

/** How a certificate is called in a sentence: its common name, else the whole subject, else its fingerprint. */
export function nameOf(certificate: Certificate): string {
  const name = certificate.subject.commonName ?? certificate.subject.text
  return name === '' ? `certificate ${certificate.sha256.slice(0, 16)}` : quoted(name)
}

export function issuerOf(certificate: Certificate): string {
  const name = certificate.issuer.commonName ?? certificate.issuer.text
  return name === '' ? 'an issuer without a name' : quoted(name)
}

/** In quotes, and on one line whatever a certificate holds: a line feed could forge a line to paste. */
function quoted(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 117)}...` : name)
}

/** The day, in UTC: `2026-11-22`. */
export function day(date: Date): string {
  return date.toISOString().slice(0, 10)
}

/** `AB:CD:…`, as openssl and browsers show it. */
export function colons(sha256: string): string {
  return sha256.replace(/(..)(?=.)/g, '$1:')
}

export function list(words: readonly string[], most = 5): string {
  const shown = words.slice(0, most).join(', ')
  return words.length > most ? `${shown} and ${words.length - most} more` : shown
}
