import { isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import { TrustError } from '../errors.ts'

/** A registry as the user named it; `registry` is the typed form, which names Docker's directory. */
export interface Target {
  /** `reg.corp`, `reg.corp:5000` or `[fd00::1]:5000`. */
  readonly registry: string
  /** Without brackets. */
  readonly host: string
  readonly kind: 'name' | 'ipv4' | 'ipv6'
  /** 443 unless typed. */
  readonly port: number
  /** The longer text that this was taken from: an image reference or a URL. */
  readonly takenFrom?: string
}

const DEFAULT_PORT = 443
const MAX_HOST = 253
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,62})$/
const HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io'])

/**
 * Reads REGISTRY: `host`, `host:port`, `[v6]:port`, an https URL or an image reference.
 * Stricter than `new URL`, which takes `$(id)`, `..` and `-oProxyCommand=x` for hosts.
 * Grammar: DESIGN 2; image references: distribution/reference, "domain" production.
 * @throws TrustError `bad-registry`, `docker-hub`
 */
export function parseRegistry(text: string): Target {
  if (text === '') throw bad(text, 'the registry is empty')
  // eslint's no-control-regex would hide what this line is for: no byte outside printable ASCII passes.
  const odd = Array.from(text).find((char) => char < '!' || char > '~')
  if (odd !== undefined) throw notAscii(text, odd)
  if (text.length > 2048) throw bad(text, `the registry has ${text.length} characters`)

  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)
  if (scheme) return fromUrl(text, scheme)
  const slash = text.indexOf('/')
  const domain = slash === -1 ? text : text.slice(0, slash)
  if (domain.includes('@') || (text.includes('@') && !/@sha(256|512):/.test(text))) {
    throw bad(
      text,
      'a user name or password does not belong into the registry',
      'use -u NAME --password-stdin',
    )
  }
  return slash === -1 ? hostAndPort(text) : fromReference(text, domain, text.slice(slash + 1))
}

/** The same host and port, written the other way: `reg.corp` and `reg.corp:443`; else none. */
export function otherSpelling({ registry, port }: Target): string | undefined {
  if (port !== DEFAULT_PORT) return undefined
  const suffix = `:${DEFAULT_PORT}`
  return registry.endsWith(suffix) ? registry.slice(0, -suffix.length) : registry + suffix
}

function fromUrl(text: string, scheme: RegExpExecArray): Target {
  if (scheme[1]?.toLowerCase() !== 'https') {
    throw bad(text, `a registry is reached over https, not ${scheme[1] ?? ''}`)
  }
  const rest = text.slice(scheme[0].length)
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? ''
  if (authority.includes('@')) {
    throw bad(
      text,
      'a user name or password does not belong into the registry',
      'use -u NAME --password-stdin',
    )
  }
  return { ...hostAndPort(authority), takenFrom: text }
}

function fromReference(text: string, domain: string, path: string): Target {
  if (!domain.includes('.') && !domain.includes(':') && domain !== 'localhost') throw hub(text)
  const name = path.replace(/@sha(?:256|512):[0-9a-f]+$/, '').replace(/:[\w][\w.-]{0,127}$/, '')
  const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
  if (!new RegExp(`^${component}(?:/${component})*$`).test(name)) {
    throw bad(text, `"${path}" behind the slash is no image name`)
  }
  return { ...hostAndPort(domain), takenFrom: text }
}

function hostAndPort(text: string): Target {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text)
  if (bracketed) return ipv6(text, bracketed[1] ?? '', bracketed[2])
  if (isIPv6(text)) throw bad(text, 'an IPv6 address stands in brackets', bracketedForm(text))
  const colon = text.lastIndexOf(':')
  const host = colon === -1 ? text : text.slice(0, colon)
  const port = portOf(text, colon === -1 ? undefined : text.slice(colon + 1))
  if (isIPv4(host)) return { registry: text, host, kind: 'ipv4', port }
  checkName(text, host)
  if (HUB.has(host)) throw hub(text)
  return { registry: text, host, kind: 'name', port }
}

/** `::1:5000` is an address as it stands, and most likely meant as one with a port. */
function bracketedForm(text: string): string {
  const [, address = '', port = ''] = /^(.*):([1-9]\d{3})$/.exec(text) ?? []
  if (isIPv6(address)) return `write [${address}]:${port}, or [${text}] if all of it is the address`
  return `write [${text}] or [${text}]:PORT`
}

function ipv6(text: string, address: string, port: string | undefined): Target {
  if (!isIPv6(address) || address.includes('%'))
    throw bad(text, `"${address}" in the brackets is no IPv6 address`)
  return { registry: text, host: address, kind: 'ipv6', port: portOf(text, port) }
}

function portOf(text: string, port: string | undefined): number {
  if (port === undefined) return DEFAULT_PORT
  const number = /^[0-9]{1,5}$/.test(port) ? Number(port) : 0
  if (number < 1 || number > 65_535 || port.startsWith('0')) {
    throw bad(text, `the port is "${port}"; it is a number from 1 to 65535`)
  }
  return number
}

function checkName(text: string, host: string): void {
  if (host === '') throw bad(text, 'the host is empty')
  if (host.length > MAX_HOST)
    throw bad(text, `the host has ${host.length} characters; ${MAX_HOST} is the most`)
  const labels = host.toLowerCase().split('.')
  for (const label of labels) {
    if (label === '') throw bad(text, 'the host has an empty part beside a dot')
    if (!LABEL.test(label))
      throw bad(text, `"${label}" is no host name: letters, digits, - and _, 63 at most`)
  }
  // Resolvers read 127.1 or 0x7f.1 as addresses; Docker's directory would bear another name.
  if (/^(?:[0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')) {
    throw bad(text, 'that is neither a name nor a full IPv4 address')
  }
  if (/[A-Z]/.test(host)) {
    throw bad(
      text,
      'Docker looks its directory up letter by letter, in lower case',
      `write ${text.toLowerCase()}`,
    )
  }
}

function notAscii(text: string, odd: string): TrustError {
  const code = (odd.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  if (odd === ' ' || odd <= '\x1f' || odd === '\x7f') {
    return bad(text, `it holds the character U+${code}`)
  }
  const rest = text.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
  const ascii = domainToASCII(rest.split(/[/:]/)[0] ?? '')
  const port = /^[^/:]*(:[0-9]{1,5})(?:\/|$)/.exec(rest)?.[1] ?? ''
  return bad(
    text,
    `it holds the character U+${code}`,
    ascii === '' ? undefined : `the name in ASCII: ${ascii}${port}`,
  )
}

function bad(text: string, why: string, fix?: string): TrustError {
  // What stands before an @ may be a password, and reports are kept.
  const open = text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@(?!sha(?:256|512):)/is, '$1***@')
  const shown = JSON.stringify(open.length > 80 ? `${open.slice(0, 77)}...` : open)
  return new TrustError('bad-registry', `${shown} is no registry: ${why}`, {
    fix: fix ?? 'give HOST, HOST:PORT or [IPV6]:PORT, for instance reg.corp:5000',
  })
}

function hub(text: string): TrustError {
  return new TrustError('docker-hub', `"${text}" means docker.io, where nothing is ever installed`, {
    fix: 'put the registry in front, for instance reg.corp:5000/team/image',
  })
}
