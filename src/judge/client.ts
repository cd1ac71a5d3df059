import { wantsClientCertificate } from '../registry/certificate-request.ts'
import type { Observation } from '../registry/observation.ts'
import { list, newestGo, parseName } from '../x509/index.ts'
import type { EngineAnswer } from '../runtimes/engine.ts'
import type { EngineEvidence, Evidence } from './evidence.ts'
import type { Finding } from './judgement.ts'

/** nginx lets everybody in, and answers those without a certificate like this. */
const WITHOUT = /\b400\b/

/**
 * Whether an engine has a client certificate of its own and was let in with it, where we have none: its word, and not
 * our look, tells how it fares.
 */
export function isLetIn({ failure, ping }: Observation, answer: EngineAnswer | undefined): boolean {
  if (answer?.outcome !== 'accepted' || WITHOUT.test(answer.message)) return false
  return wantsClientCertificate(failure, ping)
}

/** Where one engine has a client certificate that we lack, our look foretells nothing of it, nor of those not asked. */
export function byItsOwnPair<
  Foreseen extends {
    readonly line?: string | undefined
    readonly login?: string | undefined
    readonly unreached: boolean
  },
>({ observation, engines }: Evidence, { answer }: EngineEvidence, foreseen: Foreseen): Foreseen {
  const nothing = { line: undefined, login: undefined }
  if (isLetIn(observation, answer)) return { ...foreseen, ...nothing, unreached: false }
  const others = answer === undefined && engines.some((other) => isLetIn(observation, other.answer))
  return others ? { ...foreseen, ...nothing } : foreseen
}

/** Whether that is so for every engine that counts. */
export function areAllLetIn({ observation, engines }: Pick<Evidence, 'observation' | 'engines'>): boolean {
  const required = engines.filter((engine) => engine.required)
  return required.length > 0 && required.every(({ answer }) => isLetIn(observation, answer))
}

/** More names than these tell nobody more. */
const MAX_NAMES = 5

/**
 * @param how it was seen
 * @param shown every engine that counts has one, and was let in
 */
export function clientWanted({ target, clientCas = [] }: Observation, how: string, shown: boolean): Finding {
  const names = clientCas.slice(0, MAX_NAMES).map(caName)
  const more = clientCas.length > MAX_NAMES ? `, and ${clientCas.length - MAX_NAMES} more` : ''
  const whose = names.length === 0 ? '' : `; it takes those of ${list(names)}${more}`
  if (shown) {
    const message = `the registry wants a client certificate${whose}: what is installed for the engines here lets them in, and was not tried by our own look`
    return { code: 'client-certificate-required', severity: 'info', owner: 'machine', message }
  }
  return {
    code: 'client-certificate-required',
    severity: 'error',
    owner: 'machine',
    message: `the registry wants a client certificate (${alertOf(how)})${whose}`,
    fix: `trust-registry ${target.registry} --client-cert CERT.pem --client-key KEY.pem      # or --client-p12 FILE: from the owner of the registry`,
  }
}

/** OpenSSL puts its own place in the source around what was said. */
function alertOf(how: string): string {
  return /SSL routines:[^:]*:([^:]+):/.exec(how)?.[1] ?? how
}

/** What a server says of its CAs is hostile like all else; a name that cannot be read is shown as bytes. */
export function caName(raw: Buffer): string {
  const name = parseName(raw, newestGo)
  return typeof name === 'string' ? raw.subarray(0, 32).toString('hex') : (name.commonName ?? name.text)
}
