import { wantsClientCertificate } from '../registry/certificate-request.ts'
import type { Observation, Ping } from '../registry/observation.ts'
import { comeBack, statusTexts } from '../registry/status.ts'
import { challengeFindings, hasNoRealm, isChallenge } from './challenges.ts'
import { clientWanted } from './client.ts'
import type { Finding } from './judgement.ts'

const MAX_SKEW_SECONDS = 300

/**
 * What `GET /v2/` shows beside TLS (distribution spec, "API version check").
 * @param letIn the engines have a client certificate that is wanted
 */
export function registryFindings(observation: Observation, letIn = false): readonly Finding[] {
  const { ping } = observation
  if (!ping) return skew(observation)
  if (wantsClientCertificate(undefined, ping))
    return [
      clientWanted(observation, 'nginx: No required SSL certificate was sent', letIn),
      ...skew(observation),
    ]
  return [...notARegistry(ping), ...skew(observation)]
}

/**
 * Docker's words for an answer that is neither a registry's nor a challenge (moby registry/auth.go loginV2):
 * it asks for `/v2/` once more, and only 200 will do.
 */
export function loginFailure(
  { ping }: Observation,
  url: string,
  get: (text: string) => string,
): string | undefined {
  if (ping?.status === 401 && hasNoRealm(ping)) return get('no realm specified for token auth challenge')
  const text = ping && statusTexts[ping.status]
  if (text === undefined || (ping?.status === 401 && isChallenge(ping))) return undefined
  return `login attempt to ${url} failed with status: ${ping?.status ?? ''} ${text}`
}

function notARegistry(ping: Ping): readonly Finding[] {
  const error = (code: Finding['code'], message: string, fix?: string): readonly Finding[] => [
    { code, severity: 'error', owner: 'registry', message, ...(fix === undefined ? {} : { fix }) },
  ]
  const html = /html/i.test(ping.contentType ?? '') || /^\s*<(?:!doctype|html)/i.test(ping.bodyStart)
  const wait = ping.retryAfter === undefined ? '' : `, come back after ${comeBack(ping.retryAfter)}`
  if (ping.status === 429 || (ping.status === 503 && ping.retryAfter !== undefined)) {
    const message = `HTTP ${ping.status} at /v2/${wait}`
    return [{ code: 'rate-limited', severity: 'warning', owner: 'registry', message }]
  }
  if (ping.status === 200 && !html) return version(ping)
  if (ping.status === 401) return [...challengeFindings(ping), ...(isChallenge(ping) ? version(ping) : [])]
  if (ping.v1) {
    return error(
      'registry-v1',
      'it speaks only version 1 of the registry protocol (/v1/_ping answers, /v2/ does not), which engines have dropped',
      'run docker-registry 2.x (CNCF Distribution) in its place',
    )
  }
  if (html) {
    const page = /type=["']?password/i.test(ping.bodyStart) ? 'a login page for people' : 'an HTML page'
    return error('not-a-registry', `/v2/ answers ${ping.status} with ${page}: another program owns this port`)
  }
  if (ping.location !== undefined && ping.status >= 300 && ping.status < 400) {
    const advice = redirectFix(ping.location)
    const message = `/v2/ answers HTTP ${ping.status} and sends clients on to ${ping.location}; a registry answers 200 or 401`
    return error('not-a-registry', message, advice)
  }
  return error('not-a-registry', `/v2/ answers HTTP ${ping.status}; a registry answers 200 or 401`)
}

/** Where a redirect leads to another registry, that one is to be named. */
function redirectFix(location: string): string | undefined {
  if (!URL.canParse(location)) return undefined
  const { protocol, host, pathname } = new URL(location)
  return protocol === 'https:' && pathname === '/v2/' ? `trust-registry ${host}` : undefined
}

function version(ping: Ping): readonly Finding[] {
  if (ping.apiVersion?.split(/\s+/).includes('registry/2.0')) return []
  return [
    {
      code: 'version-header-missing',
      severity: 'info',
      owner: 'registry',
      message: 'no Docker-Distribution-Api-Version header at /v2/; only Docker before 1.10 minds',
      fix: "nginx: add_header 'Docker-Distribution-Api-Version' 'registry/2.0' always;",
    },
  ]
}

function skew(observation: Observation): readonly Finding[] {
  const { clockSkewSeconds, machineAheadSeconds: ahead = 0 } = observation
  const registry = clockSkewSeconds ?? 0
  if (isFar(registry)) {
    const message = `this machine's clock and the registry's differ: the registry is ${apart(registry)}`
    const third = isFar(ahead) && !isFar(registry + ahead) ? "; this computer's own agrees with it" : ''
    return [clockSkew(`${message}${third}`)]
  }
  // The registry has not said what time it is: this computer's is the only other one.
  if (clockSkewSeconds === undefined && isFar(ahead))
    return [clockSkew(`this machine's clock and this computer's differ: the machine is ${apart(ahead)}`)]
  return []
}

function isFar(seconds: number): boolean {
  return Math.abs(seconds) > MAX_SKEW_SECONDS
}

function apart(seconds: number): string {
  const size = Math.abs(seconds)
  const amount = size > 172_800 ? `${Math.round(size / 86_400)} days` : `${size} s`
  return `${amount} ${seconds > 0 ? 'ahead' : 'behind'}`
}

function clockSkew(message: string): Finding {
  return {
    code: 'clock-skew',
    severity: 'warning',
    owner: 'machine',
    message,
    fix: 'timedatectl set-ntp true',
  }
}
