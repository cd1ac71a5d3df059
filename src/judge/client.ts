import type { Observation } from '../registry/observation.ts'
import { list, newestGo, parseName } from '../x509/index.ts'
import type { Finding } from './judgement.ts'

/** More names than these tell nobody more. */
const MAX_NAMES = 5

/** @param how it was seen */
export function clientWanted({ target, clientCas = [] }: Observation, how: string): Finding {
  const names = clientCas.slice(0, MAX_NAMES).map(caName)
  const more = clientCas.length > MAX_NAMES ? `, and ${clientCas.length - MAX_NAMES} more` : ''
  const whose = names.length === 0 ? '' : `; it takes those of ${list(names)}${more}`
  return {
    code: 'client-certificate-required',
    severity: 'error',
    owner: 'machine',
    message: `the registry wants a client certificate (${how})${whose}`,
    fix: `trust-registry ${target.registry} --client-cert CERT.pem --client-key KEY.pem      # or --client-p12 FILE: from the owner of the registry`,
  }
}

/** What a server says of its CAs is hostile like all else; a name that cannot be read is shown as bytes. */
export function caName(raw: Buffer): string {
  const name = parseName(raw, newestGo)
  return typeof name === 'string' ? raw.subarray(0, 32).toString('hex') : (name.commonName ?? name.text)
}
