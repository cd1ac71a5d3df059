import {
  CertPool,
  newestGo,
  verify,
  verifyHostname,
  type Certificate,
  type GoVersion,
  type VerifyError,
} from '../x509/index.ts'
import type { ChainLink, Finding, FindingCode } from './judgement.ts'
import { day, list, nameOf, parseIp } from '../x509/index.ts'

export interface FaultQuestion {
  readonly host: string
  readonly at: Date
  readonly sent: readonly Certificate[]
  /** The best path known, leaf first. */
  readonly path: readonly ChainLink[]
  readonly go?: GoVersion
}

const RENEW = 'renew it and reload the server (nginx -s reload; docker-registry: restart)'
const WAIT = 'wait until then, or reissue it with an earlier notBefore and reload the server'
const MS_A_DAY = 86_400_000

/**
 * Every fault of the chain that trust alone would not mend. Go stops at the first one; here each is taken
 * out of the question once it is named, until Go would accept.
 */
export function chainFaults(question: FaultQuestion): readonly Finding[] {
  const leaf = question.sent[0]
  if (!leaf) return []
  const dated = question.path.flatMap((link) => dateFault(link.certificate, question.at))
  const name = verifyHostname(leaf, question.host, question.go)
  const named = name ? [fromVerifyError(name, leaf, question.host)] : []
  const short = question.path.flatMap((link) => shortKey(link.certificate))
  return [...dated, ...named, ...deeperFaults(question, leaf), ...short]
}

/** A pool that trusts the path's top, or the leaf itself where nothing stands above it. */
export function hypotheticalTrust(path: readonly ChainLink[]): CertPool {
  const top = path.at(-1)
  return CertPool.of(...(top ? [top.certificate] : []))
}

function dateFault(certificate: Certificate, at: Date): readonly Finding[] {
  const base = { severity: 'error', owner: 'registry', certificate: certificate.sha256, fix: RENEW } as const
  if (at.getTime() > certificate.notAfter.getTime()) {
    return [
      {
        ...base,
        code: 'expired',
        message: `${nameOf(certificate)} has expired on ${day(certificate.notAfter)}`,
      },
    ]
  }
  if (at.getTime() < certificate.notBefore.getTime()) {
    const message = `${nameOf(certificate)} is not valid before ${certificate.notBefore.toISOString().replace('.000Z', 'Z')}`
    return [{ ...base, code: 'not-yet-valid', message, fix: WAIT }]
  }
  return expiresSoon(certificate, at)
}

/** Under 30 days or a third of the lifetime, whichever is less. */
function expiresSoon(certificate: Certificate, at: Date): readonly Finding[] {
  const lifetime = certificate.notAfter.getTime() - certificate.notBefore.getTime()
  const left = certificate.notAfter.getTime() - at.getTime()
  if (left >= Math.min(30 * MS_A_DAY, lifetime / 3)) return []
  const days = Math.floor(left / MS_A_DAY)
  return [
    {
      code: 'expires-soon',
      severity: 'warning',
      owner: 'registry',
      certificate: certificate.sha256,
      message: `${nameOf(certificate)} expires on ${day(certificate.notAfter)}, ${days === 0 ? 'within a day' : `in ${days} days`}`,
      fix: RENEW,
    },
  ]
}

function deeperFaults(question: FaultQuestion, leaf: Certificate): readonly Finding[] {
  const go = goOf(question.go)
  const above = question.path.slice(1).map((link) => link.certificate)
  const others = [...question.sent.slice(1), ...above].map((certificate) => ageless(certificate, go))
  const top = others.at(-1)
  const options = {
    at: question.at,
    intermediates: CertPool.of(...others),
    roots: CertPool.of(above.length > 0 && top ? top : ageless(leaf, go)),
    go,
  }
  const faults: Finding[] = []
  for (const extKeyUsages of [['serverAuth'], ['any']] as const) {
    const answer = verify(ageless(leaf, go), { ...options, extKeyUsages })
    // Without a path that holds there is nothing above the leaf to find fault with.
    if (answer.ok || answer.error.kind === 'unknown-authority') break
    faults.push(fromVerifyError(answer.error, leaf, question.host))
    if (answer.error.kind !== 'wrong-key-usage') break
  }
  return faults
}

/** The certificate without its dates, which have been judged one by one already. */
function ageless(certificate: Certificate, go: GoVersion): Certificate {
  return { ...certificate, go, notBefore: new Date(0), notAfter: new Date(8.64e15) }
}

/** Go takes RSA from 1024 bits on; nobody else should. */
function shortKey(certificate: Certificate): readonly Finding[] {
  const { algorithm, bits = 0 } = certificate.publicKey
  if (algorithm !== 'RSA' || bits < 1024 || bits >= 2048) return []
  return [
    {
      code: 'weak-key',
      severity: 'warning',
      owner: 'registry',
      certificate: certificate.sha256,
      message: `${nameOf(certificate)} has an RSA key of ${bits} bits only`,
      ...(OWNER_FIXES['weak-key'] === undefined ? {} : { fix: OWNER_FIXES['weak-key'] }),
    },
  ]
}

/** Verify's kinds are finding codes, but for the one that only Go's search knows. */
export function findingCode(kind: VerifyError['kind'] | 'weak-key'): FindingCode {
  return kind === 'too-many-checks' ? 'chain-too-long' : kind
}

const OWNER_FIXES: Partial<Record<FindingCode, string>> = {
  'no-san': 'reissue it with subjectAltName = DNS:HOST (openssl req -addext "subjectAltName=DNS:HOST")',
  'name-mismatch': 'reissue it with subjectAltName = DNS:HOST, or use a name that it is valid for',
  'ip-without-ip-san':
    'reissue it with subjectAltName = IP:HOST, or use the host name instead of the address',
  'wrong-key-usage': 'reissue it with extendedKeyUsage = serverAuth',
  'chain-too-long': 'send the certificate and the intermediates of its chain, each once, and nothing else',
  'distrusted-key': 'have the certificate issued by another CA',
  'weak-signature': 'reissue it with a SHA-256 signature',
  'weak-key': 'reissue it with an RSA key of 2048 bits or more, or P-256',
}

/** The finding for Go's own complaint, about whatever certificate. */
export function refusedFault(
  refusal: Pick<VerifyError, 'message' | 'certificate'> & { readonly kind: VerifyError['kind'] | 'weak-key' },
  { leaf, host, at }: { readonly leaf: Certificate; readonly host: string; readonly at: Date },
): readonly Finding[] {
  const { kind, certificate } = refusal
  if (kind === 'weak-key') return []
  const dated = kind === 'expired' || kind === 'not-yet-valid'
  return dated && certificate
    ? dateFault(certificate, at)
    : [fromVerifyError({ ...refusal, kind }, leaf, host)]
}

function fromVerifyError(error: VerifyError, leaf: Certificate, host: string): Finding {
  const code = findingCode(error.kind)
  const kind = parseIp(host) === undefined ? 'DNS' : 'IP'
  const fix = OWNER_FIXES[code]?.replaceAll('DNS:HOST', `${kind}:HOST`).replaceAll('HOST', host)
  return {
    code,
    severity: 'error',
    owner: 'registry',
    certificate: (error.certificate ?? leaf).sha256,
    message: sentence(code, error, leaf, host),
    ...(fix === undefined ? {} : { fix }),
  }
}

function sentence(code: FindingCode, error: VerifyError, leaf: Certificate, host: string): string {
  const names = [...leaf.dnsNames, ...leaf.ipAddresses]
  switch (code) {
    case 'name-mismatch':
      return `the certificate is for ${names.length === 0 ? 'no name at all' : list(names)}, not for ${host}${byDefault(host)}`
    case 'no-san':
      return error.message.includes('legacy Common Name')
        ? 'the certificate names its host only in the common name, which Go has not read since 1.15'
        : 'the certificate names no host: it has no subject alternative name at all'
    case 'ip-without-ip-san':
      return `the certificate holds no IP address, so it cannot vouch for ${host}${byDefault(host)}`
    case 'wrong-key-usage':
      return `${nameOf(error.certificate ?? leaf)} is not meant for TLS servers (extended key usage)`
    case 'distrusted-key':
      return `Go distrusts the key of ${nameOf(error.certificate ?? leaf)}, whoever vouches for it`
    default:
      return error.message.replace(/^x509: /, '')
  }
}

/** RFC 6066 section 3 knows no addresses, so that a server with several certificates shows its default one. */
function byDefault(host: string): string {
  return parseIp(host) === undefined ? '' : '; clients send no server name (SNI) to an address'
}

/** The newest Go where the engine's own is not known. */
export function goOf(go: GoVersion | undefined): GoVersion {
  return go ?? newestGo
}
