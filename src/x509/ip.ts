/** Go's net.ParseIP: 4 or 16 octets; no zone, no leading zeros, no brackets. Mapped IPv4 becomes 4 octets. */
export function parseIp(text: string): Buffer | undefined {
  const v4 = parseIpv4(text)
  if (v4 !== undefined) return v4
  const v6 = text.includes(':') ? parseIpv6(text) : undefined
  return v6 === undefined ? undefined : (mappedIpv4(v6) ?? v6)
}

function parseIpv4(text: string): Buffer | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  const octets = parts.map((part) => (/^(?:0|[1-9]\d{0,2})$/.test(part) ? Number(part) : 256))
  return octets.every((octet) => octet < 256) ? Buffer.from(octets) : undefined
}

function parseIpv6(text: string): Buffer | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half, index) => groups(half, index === halves.length - 1))
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  if (tail === undefined) return head.length === 16 ? head : undefined
  const gap = 16 - head.length - tail.length
  return gap < 2 ? undefined : Buffer.concat([head, Buffer.alloc(gap), tail])
}

function groups(text: string, last: boolean): Buffer | undefined {
  if (text === '') return Buffer.alloc(0)
  const parts = text.split(':')
  const octets: number[] = []
  for (const [index, part] of parts.entries()) {
    const embedded = last && index === parts.length - 1 && part.includes('.') ? parseIpv4(part) : undefined
    if (embedded !== undefined) octets.push(...embedded)
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) octets.push(parseInt(part, 16) >> 8, parseInt(part, 16) & 0xff)
    else return undefined
  }
  return octets.length > 16 ? undefined : Buffer.from(octets)
}

const mappedPrefix = Buffer.from('00000000000000000000ffff', 'hex')

/** The IPv4 address inside `::ffff:a.b.c.d`. */
export function mappedIpv4(ip: Buffer): Buffer | undefined {
  return ip.length === 16 && ip.subarray(0, 12).equals(mappedPrefix) ? ip.subarray(12) : undefined
}

/** Go's net.IP.Equal. */
export function ipEqual(a: Buffer, b: Buffer): boolean {
  return (mappedIpv4(a) ?? a).equals(mappedIpv4(b) ?? b)
}

/** Go's net.IP.String (RFC 5952). */
export function ipText(ip: Buffer): string {
  const v4 = ip.length === 4 ? ip : mappedIpv4(ip)
  if (v4 !== undefined) return [...v4].join('.')
  if (ip.length !== 16) return `?${ip.toString('hex')}`
  const words = Array.from({ length: 8 }, (_, index) => ip.readUInt16BE(2 * index))
  const gap = longestZeroRun(words)
  const hex = (slice: number[]): string => slice.map((word) => word.toString(16)).join(':')
  return gap === undefined ? hex(words) : `${hex(words.slice(0, gap.start))}::${hex(words.slice(gap.end))}`
}

function longestZeroRun(words: readonly number[]): { start: number; end: number } | undefined {
  let best: { start: number; end: number } | undefined
  for (let start = 0; start < words.length; start++) {
    let end = start
    while (words[end] === 0) end++
    if (end - start >= 2 && end - start > (best === undefined ? 0 : best.end - best.start))
      best = { start, end }
  }
  return best
}

export interface IpNetwork {
  readonly ip: Buffer
  readonly mask: Buffer
}

/**
 * Go's net.IPNet.String: a prefix length, as the masks of certificates are checked to be contiguous; of a mapped
 * IPv4 network, what the last four octets of its mask say.
 */
export function networkText(network: IpNetwork): string {
  let ones = 0
  const mask = mappedIpv4(network.ip) === undefined ? network.mask : network.mask.subarray(-4)
  for (const octet of mask) ones += octet.toString(2).replaceAll('0', '').length
  return `${ipText(network.ip)}/${ones}`
}

export function networkContains(network: IpNetwork, ip: Buffer): boolean {
  if (network.ip.length !== ip.length) return false
  return ip.every((octet, i) => ((octet ^ (network.ip[i] ?? 0)) & (network.mask[i] ?? 0)) === 0)
}
