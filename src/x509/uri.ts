import { parseAddrFault } from './go-netip.ts'
import { quote } from './go-text.ts'
import { goAtLeast, goHasFix, newestGo, type GoVersion } from './go-version.ts'

export interface ParsedUri {
  readonly scheme: string
  /** With the port, as Go's url.URL.Host. */
  readonly host: string
}

/**
 * net/url Parse, as far as a verdict needs it: the host, or the reason for which Go refuses the URI.
 * A reason is the text of Go's url.Error, `parse "…": …`.
 */
export function parseUri(text: string, go: GoVersion = newestGo): ParsedUri | string {
  const cut = text.indexOf('#')
  const withoutFragment = cut < 0 ? text : text.slice(0, cut)
  const parsed = parse(withoutFragment, go)
  if (typeof parsed === 'string') return `parse ${quote(withoutFragment)}: ${parsed}`
  const fragment = cut < 0 ? undefined : escapeError(text.slice(cut + 1))
  return fragment === undefined ? parsed : `parse ${quote(text)}: ${fragment}`
}

function parse(text: string, go: GoVersion): ParsedUri | string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code === 0x7f) return 'net/url: invalid control character in URL'
  }
  if (text === '*') return { scheme: '', host: '' }
  if (text.startsWith(':')) return 'missing protocol scheme'
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(text)
  const scheme = (match?.[1] ?? '').toLowerCase()
  const rest = (match?.[2] ?? text).replace(/\?.*$/s, '')
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { scheme, host: '' }
    if ((rest.split('/', 1)[0] ?? '').includes(':')) return 'first path segment in URL cannot contain colon'
  }
  if (!rest.startsWith('//') || (scheme === '' && rest.startsWith('///'))) {
    return escapeError(rest) ?? { scheme, host: '' }
  }
  const slash = rest.indexOf('/', 2)
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash)
  const at = authority.lastIndexOf('@')
  const host = parseHost(authority.slice(at + 1), scheme, go)
  if ('error' in host) return host.error
  const user = at < 0 ? '' : authority.slice(0, at)
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) return 'net/url: invalid userinfo'
  return escapeError(user) ?? escapeError(slash < 0 ? '' : rest.slice(slash)) ?? { scheme, host: host.host }
}

type Host = { readonly host: string } | { readonly error: string }

// net/url parseHost. Its rules for brackets came with CVE-2025-47912 and CVE-2026-25679.
function parseHost(text: string, scheme: string, go: GoVersion): Host {
  const open = text.lastIndexOf('[')
  const brackets = goHasFix(go, '24.8', '25.2') ? open >= 0 : text.startsWith('[')
  if (brackets) return bracketed(text, open, go)
  const first = text.indexOf(':')
  if (first >= 0) {
    // Several colons, as databases have them, are refused in web addresses since 1.26.
    const strict = goAtLeast(go, 26) && /^https?$/.test(scheme)
    const fault = portFault(text.slice(strict ? first : text.lastIndexOf(':')))
    if (fault !== undefined) return { error: fault }
  }
  return unescapeHost(text)
}

function bracketed(text: string, open: number, go: GoVersion): Host {
  if (open > 0 && goHasFix(go, '25.8', '26.1')) return { error: 'invalid IP-literal' }
  const close = text.lastIndexOf(']')
  if (close < 0) return { error: "missing ']' in host" }
  const port = text.slice(close + 1)
  const fault = portFault(port)
  if (fault !== undefined) return { error: fault }
  const checked = goHasFix(go, '24.8', '25.2')
  // Before these rules the whole was unescaped at once; a zone apart, then as now.
  const inner = checked ? text.slice(open + 1, close) : text.slice(0, close)
  const zone = inner.indexOf('%25')
  const before = unescapeHost(zone < 0 ? (checked ? inner : text) : inner.slice(0, zone))
  if ('error' in before || (zone < 0 && !checked)) return before
  const after = zone < 0 ? { host: '' } : unescapeHost(inner.slice(zone), true)
  if ('error' in after) return after
  const name = before.host + after.host
  if (!checked) return { host: `${name}${text.slice(close)}` }
  const wrong = parseAddrFault(name)
  if (wrong !== undefined) return { error: `invalid host: ${wrong}` }
  return name.includes(':') ? { host: `[${name}]${port}` } : { error: 'invalid IP-literal' }
}

function portFault(port: string): string | undefined {
  return /^(?::\d*)?$/.test(port) ? undefined : `invalid port ${quote(port)} after host`
}

const hostCharacter = /^[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"\u0080-\uffff]$/

// net/url unescape of a host or of its zone, from left to right: the first offence is the answer.
function unescapeHost(text: string, zone = false): Host {
  let host = ''
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i)
    if (character !== '%') {
      if (!hostCharacter.test(character)) {
        return { error: `invalid character ${quote(character)} in host name` }
      }
      host += character
      continue
    }
    const escape = text.slice(i, i + 3)
    const octet = /^%[0-9a-fA-F]{2}$/.test(escape) ? String.fromCharCode(parseInt(escape.slice(1), 16)) : ''
    // In a host only what is not ASCII may be written so, and the per cent sign before a zone.
    const fits = zone ? octet === ' ' || hostCharacter.test(octet) : octet >= '\u0080'
    if (octet === '' || !(fits || escape === '%25')) return { error: `invalid URL escape ${quote(escape)}` }
    host += octet
    i += 2
  }
  return { host }
}

// net/url unescape: the first per cent sign that two hexadecimal digits do not follow.
function escapeError(text: string): string | undefined {
  const index = text.search(/%(?![0-9a-fA-F]{2})/)
  return index < 0 ? undefined : `invalid URL escape ${quote(text.slice(index, index + 3))}`
}

/** The host of a URI without its port, or what net.SplitHostPort says against it. */
export function uriHostname(host: string): { readonly name: string } | { readonly error: string } {
  if (!host.includes(':') || host.endsWith(']')) return { name: host }
  const colon = host.lastIndexOf(':')
  if (host.startsWith('[')) return { name: host.slice(1, host.indexOf(']')) }
  const name = host.slice(0, colon)
  return name.includes(':') ? { error: `address ${host}: too many colons in address` } : { name }
}
