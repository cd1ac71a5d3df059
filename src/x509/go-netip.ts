import { quoteBytes } from './go-text.ts'

interface Fault {
  readonly why: string
  readonly at?: string
}

/** net/netip ParseAddr of octets as latin1: Go's complaint, or undefined for an address. */
export function parseAddrFault(text: string): string | undefined {
  const fault = addressFault(text)
  if (fault === undefined) return undefined
  const at = fault.at === undefined || fault.at === '' ? '' : ` (at ${quoted(fault.at)})`
  return `ParseAddr(${quoted(text)}): ${fault.why}${at}`
}

function quoted(text: string): string {
  return quoteBytes(Buffer.from(text, 'latin1'))
}

function addressFault(text: string): Fault | undefined {
  switch (/[.:%]/.exec(text)?.[0]) {
    case '.':
      return ipv4Fault(text)
    case ':':
      return ipv6Fault(text)
    case '%':
      return { why: 'missing IPv6 address' }
    default:
      return { why: 'unable to parse IP' }
  }
}

// netip.go parseIPv6, without the address that it makes.
function ipv6Fault(text: string): Fault | undefined {
  const percent = text.indexOf('%')
  if (percent === text.length - 1) return { why: 'zone must be a non-empty string' }
  let rest = percent < 0 ? text : text.slice(0, percent)
  let gap = rest.startsWith('::')
  if (gap) rest = rest.slice(2)
  if (gap && rest === '') return undefined
  let octets = 0
  while (octets < 16) {
    const digits = /^[0-9a-fA-F]*/.exec(rest)?.[0].length ?? 0
    if (digits > 4) return { why: 'each group must have 4 or less digits', at: rest }
    if (digits === 0) return { why: 'each colon-separated field must have at least one digit', at: rest }
    if (rest[digits] === '.') {
      const fault = embeddedFault(rest, octets, gap)
      if (fault !== undefined) return fault
      rest = ''
      octets += 4
      break
    }
    octets += 2
    rest = rest.slice(digits)
    if (rest === '') break
    if (!rest.startsWith(':')) return { why: 'unexpected character, want colon', at: rest }
    if (rest.length === 1) return { why: 'colon must be followed by more characters', at: rest }
    rest = rest.slice(1)
    if (!rest.startsWith(':')) continue
    if (gap) return { why: 'multiple :: in address', at: rest }
    gap = true
    rest = rest.slice(1)
    if (rest === '') break
  }
  if (rest !== '') return { why: 'trailing garbage after address', at: rest }
  if (octets < 16) return gap ? undefined : { why: 'address string too short' }
  return gap ? { why: 'the :: must expand to at least one field of zeros' } : undefined
}

function embeddedFault(text: string, octets: number, gap: boolean): Fault | undefined {
  if (!gap && octets !== 12) {
    return { why: 'embedded IPv4 address must replace the final 2 fields of the address', at: text }
  }
  if (octets + 4 > 16) {
    return { why: 'too many hex fields to fit an embedded IPv4 at the end of the address', at: text }
  }
  return ipv4Fault(text)
}

// netip.go parseIPv4Fields.
function ipv4Fault(text: string): Fault | undefined {
  let fields = 0
  let digits = ''
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i)
    if (/\d/.test(character)) {
      if (digits === '0') return { why: 'IPv4 field has octet with leading zero' }
      digits += character
      if (Number(digits) > 255) return { why: 'IPv4 field has value >255' }
    } else if (character === '.') {
      if (digits === '' || i === text.length - 1) {
        return { why: 'IPv4 field must have at least one digit', at: text.slice(i) }
      }
      if (fields === 3) return { why: 'IPv4 address too long' }
      fields++
      digits = ''
    } else return { why: 'unexpected character', at: text.slice(i) }
  }
  return fields < 3 ? { why: 'IPv4 address too short' } : undefined
}
