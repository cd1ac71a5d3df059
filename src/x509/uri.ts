import { quote } from './go-text.ts'

export interface ParsedUri {
  readonly scheme: string
  /** With the port, as Go's url.URL.Host. */
  readonly host: string
}

/**
 * net/url Parse, as far as a verdict needs it: the host, or the reason for which Go refuses the URI.
 * A reason is the text of Go's url.Error, `parse "…": …`.
 */
export function parseUri(text: string): ParsedUri | string {
  const cut = text.indexOf('#')
  const withoutFragment = cut < 0 ? text : text.slice(0, cut)
  const parsed = parse(withoutFragment)
  if (typeof parsed === 'string') return `parse ${quote(withoutFragment)}: ${parsed}`
  const fragment = cut < 0 ? undefined : escapeError(text.slice(cut + 1))
  return fragment === undefined ? parsed : `parse ${quote(text)}: ${fragment}`
}

function parse(text: string): ParsedUri | string {
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
  const host = parseHost(authority.slice(at + 1))
  if ('error' in host) return host.error
  const user = at < 0 ? '' : authority.slice(0, at)
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) return 'net/url: invalid userinfo'
  return escapeError(user) ?? escapeError(slash < 0 ? '' : rest.slice(slash)) ?? { scheme, host: host.host }
}

function parseHost(text: string): { host: string } | { error: string } {
  if (text.startsWith('[')) {
    const end = text.lastIndexOf(']')
    if (end < 0) return { error: "missing ']' in host" }
    const port = text.slice(end + 1)
    if (!/^(?::\d*)?$/.test(port)) return { error: `invalid port ${quote(port)} after host` }
  } else if (text.includes(':')) {
    const port = text.slice(text.lastIndexOf(':'))
    if (!/^:\d*$/.test(port)) return { error: `invalid port ${quote(port)} after host` }
  }
  return unescapeHost(text)
}

function unescapeHost(text: string): { host: string } | { error: string } {
  const escaped = escapeError(text)
  if (escaped !== undefined) return { error: escaped }
  // Within a host only non-ASCII octets, and a zone's per cent sign, may be written escaped.
  const ascii = /%(?!25)[0-7][0-9a-fA-F]/.exec(text)
  if (ascii !== null) return { error: `invalid URL escape ${quote(ascii[0])}` }
  const bad = /[^A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"%\u0080-\uffff]/.exec(text)
  if (bad !== null) return { error: `invalid character ${quote(bad[0])} in host name` }
  const host = text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
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
