import { tag, type DerReader } from './der.ts'

export interface CertificateTime {
  readonly date: Date
  /** RFC 3339 with the zone that the certificate wrote: Go prints it so in its messages. */
  readonly text: string
}

/** x509/parser.go readASN1Time; the error text is Go's. */
export function readTime(der: DerReader): CertificateTime | string {
  if (der.peek(tag.utcTime)) {
    const content = der.read(tag.utcTime)?.toString('latin1')
    const time = content === undefined ? undefined : parseUtcTime(content)
    return time ?? 'x509: malformed UTCTime'
  }
  if (der.peek(tag.generalizedTime)) {
    const content = der.read(tag.generalizedTime)?.toString('latin1')
    const time = content === undefined ? undefined : parseGeneralizedTime(content)
    return time ?? 'x509: malformed GeneralizedTime'
  }
  return 'x509: unsupported time format'
}

// Minutes without seconds are no DER, yet cryptobyte takes them.
const utcPattern = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(Z|[+-]\d{4})$/
const generalizedPattern = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(Z|[+-]\d{4})$/

function parseUtcTime(text: string): CertificateTime | undefined {
  const match = utcPattern.exec(text)
  if (match === null) return undefined
  // RFC 5280 4.1.2.5.1: 50 to 99 are of the 20th century.
  const short = Number(match[1])
  return build(short >= 50 ? 1900 + short : 2000 + short, match)
}

function parseGeneralizedTime(text: string): CertificateTime | undefined {
  const match = generalizedPattern.exec(text)
  return match === null ? undefined : build(Number(match[1]), match)
}

function build(year: number, match: RegExpExecArray): CertificateTime | undefined {
  const [month, day, hour, minute, second] = [2, 3, 4, 5, 6].map((group) => Number(match[group] ?? 0))
  const zone = match[7] ?? 'Z'
  const offset = zone === 'Z' ? 0 : zoneMinutes(zone)
  if (offset === undefined) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, (month ?? 0) - 1, day)
  date.setUTCHours(hour ?? 0, minute ?? 0, second ?? 0)
  const valid =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() + 1 === month &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second
  if (!valid) return undefined
  const suffix = zone === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3)}`
  const text = `${date.toISOString().slice(0, 19)}${suffix}`
  return { date: new Date(date.getTime() - offset * 60_000), text }
}

// A zero offset must be written Z: Go demands that formatting gives the same text back.
function zoneMinutes(zone: string): number | undefined {
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(3))
  const total = hours * 60 + minutes
  if (total === 0 || hours > 24 || minutes >= 60) return undefined
  return zone.startsWith('-') ? -total : total
}

/** Go's `time.RFC3339`: no fraction. */
export function rfc3339(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}
