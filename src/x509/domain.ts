import { goAtLeast, type GoVersion } from './go-version.ts'

/** verify.go domainToReverseLabels: labels from the right, or undefined for what is no domain name. */
export function reverseLabels(domain: string, go: GoVersion): readonly string[] | undefined {
  if (domain === '') return []
  const labels = domain.split('.').reverse()
  // Go once dropped the empty label in front of a leading period.
  if (!goAtLeast(go, 23) && labels.at(-1) === '') labels.pop()
  return labels.every((label) => /^[!-~]+$/.test(label)) ? labels : undefined
}

/** parser.go domainNameValid: a constraint may begin with a period. */
export function domainNameValid(domain: string, constraint: boolean): boolean {
  if (domain === '') return true
  if (domain.endsWith('.')) return false
  const name = constraint && domain.startsWith('.') ? domain.slice(1) : domain
  return name.split('.').every((label) => /^[!-~]+$/.test(label))
}

export interface Mailbox {
  readonly local: string
  readonly domain: string
}

// qtext and quoted-pair of RFC 2822, with the space that RFC 3696 lets in.
function isQuotedText(code: number): boolean {
  return code !== 0x22 && code !== 0x5c && (code === 0x20 || isQuotable(code)) && code !== 0x09
}

function isQuotable(code: number): boolean {
  return code >= 1 && code <= 0x7f && code !== 0x0a && code !== 0x0d
}

const atom = /[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]/

/** verify.go parseRFC2821Mailbox (RFC 2821 4.1.2, as RFC 5280 4.2.1.6 asks for rfc822Name). */
export function parseMailbox(text: string, go: GoVersion): Mailbox | undefined {
  const local = text.startsWith('"') ? quotedLocal(text) : atomLocal(text)
  if (local === undefined || text[local.end] !== '@') return undefined
  const domain = text.slice(local.end + 1)
  if (goAtLeast(go, 27) && domain.includes('@')) return undefined
  return reverseLabels(domain, go) === undefined ? undefined : { local: local.text, domain }
}

function quotedLocal(text: string): { text: string; end: number } | undefined {
  let local = ''
  for (let i = 1; i < text.length; i++) {
    const character = text.charAt(i)
    if (character === '"') return { text: local, end: i + 1 }
    const escaped = character === '\\'
    if (escaped) i++
    const code = i < text.length ? text.charCodeAt(i) : 0
    if (!(escaped ? isQuotable(code) : isQuotedText(code))) return undefined
    local += text.charAt(i)
  }
  return undefined
}

function atomLocal(text: string): { text: string; end: number } | undefined {
  let local = ''
  let end = 0
  for (; end < text.length; end++) {
    if (text[end] === '\\') {
      end++
      if (end >= text.length) return undefined
    } else if (!atom.test(text.charAt(end))) break
    local += text.charAt(end)
  }
  return local === '' || /^\.|\.$|\.\./.test(local) ? undefined : { text: local, end }
}
