import { isIP } from 'node:net'
import { shellWord } from '../machine/shell.ts'
import type { Failure, Observation } from '../registry/observation.ts'
import { clientWanted } from './client.ts'
import type { Evidence } from './evidence.ts'
import type { Finding } from './judgement.ts'

const OWNER_FIX: Partial<Record<Failure['code'], string>> = {
  'plain-http': `# nginx
listen 443 ssl; ssl_certificate fullchain.pem; ssl_certificate_key key.pem;
# docker-registry
http: { tls: { certificate: /certs/fullchain.pem, key: /certs/key.pem } }`,
  'tls-too-old': 'nginx: ssl_protocols TLSv1.2 TLSv1.3;',
}

/** Who goes out by a proxy is told by the daemon's own settings. */
function proxyFix({ host }: Observation['target']): string {
  return `# in a drop-in of docker.service, or as "proxies" in /etc/docker/daemon.json (Docker 23 and later)
Environment="HTTPS_PROXY=http://PROXY:PORT" "NO_PROXY=localhost,${host}"`
}

/** Whether it is the proxy's fault, curl shows as well. */
function toldProxyFix({ proxy, target }: Observation): string {
  const other = 'leave --proxy out to look as the engine does, or name a proxy that answers'
  return proxy === undefined
    ? other
    : `curl -v --proxy ${shellWord(proxy)} https://${target.registry}/v2/      # or ${other}`
}

/** net.DNSError of Go, for whatever reason: no such host, no name server, no answer. */
const LOOK_UP = /dial tcp: lookup ([^ :]+)(?: on \S+)?: /

/** Beyond a proxy the address is not known: what was dialled there is the name. */
function makeKnown({ address = '', target: { host } }: Observation): string {
  return isIP(address) === 0
    ? `getent hosts ${host}      # it needs an entry in DNS or in /etc/hosts`
    : `echo '${address} ${host}' | sudo tee -a /etc/hosts      # or an entry in DNS`
}

/**
 * `--resolve` and `--proxy` are for our own look. An engine that does not know the name can neither pull nor prove anything, and
 * no certificate helps it.
 */
export function unknownNames({ observation, engines, told }: Evidence): readonly Finding[] {
  if (told?.address !== true && told?.proxy !== true) return []
  const { host, registry } = observation.target
  const lost = engines.filter(
    ({ answer, required }) =>
      required && answer?.outcome === 'unclear' && LOOK_UP.exec(answer.message)?.[1] === host,
  )
  return lost.slice(0, 1).map(({ survey }) => ({
    code: 'name-not-resolved',
    severity: 'error',
    owner: 'network',
    message: `${survey.name} does not know the name ${host}: ${told.address ? '--resolve' : '--proxy'} says how we look, and nobody else`,
    fix: `${makeKnown(observation)}; before that: trust-registry ${registry} --offline --ca FILE`,
  }))
}

/** What the network did, as a finding: at most one, since nothing behind it was seen. */
export function networkFindings(
  observation: Observation,
  told: Evidence['told'] = {},
  letIn = false,
): readonly Finding[] {
  const { failure, target } = observation
  if (!failure) return []
  const where = `${target.kind === 'ipv6' ? `[${target.host}]` : target.host}:${target.port}`
  const at = observation.address === undefined ? where : `${where} (${observation.address})`
  const finding = (owner: Finding['owner'], message: string, fix?: string): readonly Finding[] => [
    {
      code: failure.code,
      severity: 'error',
      owner,
      message,
      ...(fix === undefined ? {} : { fix }),
    },
  ]
  const fix = OWNER_FIX[failure.code]
  switch (failure.code) {
    case 'name-not-resolved':
      return finding(
        'network',
        `the name ${target.host} is not known here: ${failure.detail}`,
        `getent hosts ${target.host}`,
      )
    case 'unreachable':
      return finding(
        'network',
        `nothing answers at ${at}: ${failure.detail}`,
        `curl -v --connect-timeout 5 https://${target.registry}/v2/      # the server, the port, the firewall`,
      )
    case 'timeout':
      return finding(
        'network',
        `${at} did not answer in time (${failure.detail})`,
        `trust-registry diagnose ${target.registry} --timeout 60      # if it is only slow`,
      )
    case 'proxy-failed':
      return finding(
        'network',
        `${where} is asked for through ${told.proxy ? 'the proxy of --proxy' : 'a proxy'}, and ${failure.detail}`,
        told.proxy ? toldProxyFix(observation) : proxyFix(target),
      )
    case 'plain-http':
      return finding('registry', `${at} speaks plain HTTP, no TLS (${failure.detail})`, fix)
    case 'not-tls':
      return finding('registry', `${at} does not speak TLS (${failure.detail})`)
    case 'tls-too-old':
      return finding('registry', `Docker needs TLS 1.2 or newer: ${failure.detail}`, fix)
    case 'tls-handshake-failed':
      return finding('registry', `the TLS handshake with ${at} failed: ${failure.detail}`)
    case 'client-certificate-required':
      return [clientWanted(observation, failure.detail, letIn)]
    case 'not-a-registry':
      return finding('registry', `${at} does not answer like a registry: ${failure.detail}`)
  }
}
