import type { Ping } from '../registry/observation.ts'
import type { Finding } from './judgement.ts'

const LOGIN_SCHEMES = new Set(['basic', 'bearer'])

/** Whether a client can log in at all: it was asked in one of the two ways that engines know. */
export function isChallenge(ping: Ping): boolean {
  return ping.challenges.some((challenge) => LOGIN_SCHEMES.has(challenge.scheme))
}

/** Docker stops at a Bearer challenge without a realm, whatever other challenges there are (auth/session.go). */
export function hasNoRealm(ping: Ping): boolean {
  return ping.challenges.some(
    ({ scheme, parameters }) => scheme === 'bearer' && parameters['realm'] === undefined,
  )
}

/** What is wrong with the challenges of a 401, as Docker and podman read them: a line each, nothing behind a comma. */
export function challengeFindings(ping: Ping): readonly Finding[] {
  const base = { code: 'bad-challenge', owner: 'registry' } as const
  const hidden = (ping.hiddenSchemes ?? []).filter((scheme) => LOGIN_SCHEMES.has(scheme))
  const lines = `one header line for each challenge, for instance in nginx:
add_header WWW-Authenticate 'Basic realm="Registry"' always;`
  if (!isChallenge(ping)) {
    const message =
      hidden.length > 0
        ? `the ${hidden.join(' and ')} challenge at /v2/ stands behind a comma, where Docker and podman do not read: no client can log in`
        : 'HTTP 401 at /v2/ without a Basic or Bearer challenge: no client can log in'
    const fix = hidden.length > 0 ? lines : 'the proxy in front has to pass WWW-Authenticate through'
    return [{ ...base, severity: 'error', message, fix }]
  }
  if (hasNoRealm(ping)) {
    const message = 'a Bearer challenge at /v2/ names no realm: nobody knows where tokens are to be had'
    return [{ ...base, severity: 'error', message, fix: realmFix }]
  }
  const warn = (message: string): Finding => ({ ...base, severity: 'warning', message, fix: lines })
  const bearers = ping.challenges.filter(({ scheme }) => scheme === 'bearer')
  return [
    ...(hidden.length > 0
      ? [warn(`the ${hidden.join(' and ')} challenge behind a comma at /v2/ is read by no engine`)]
      : []),
    ...(bearers.length > 1
      ? [
          warn(
            `/v2/ has ${bearers.length} Bearer challenges: Docker asks every one of the realms for a token`,
          ),
        ]
      : []),
  ]
}

const realmFix = `# docker-registry
auth: { token: { realm: https://HOST/token, service: NAME, issuer: NAME, rootcertbundle: /certs/token.pem } }`
