import { BlockList } from 'node:net'
import { parseIp } from '../x509/index.ts'

// What another party's word must not make this machine call; private ranges are allowed: registries live there.
const forbidden = new BlockList()
forbidden.addSubnet('0.0.0.0', 8, 'ipv4')
forbidden.addSubnet('127.0.0.0', 8, 'ipv4')
forbidden.addSubnet('169.254.0.0', 16, 'ipv4')
forbidden.addAddress('100.100.100.200', 'ipv4')
forbidden.addAddress('255.255.255.255', 'ipv4')
forbidden.addSubnet('::', 127, 'ipv6')
forbidden.addSubnet('fe80::', 10, 'ipv6')
forbidden.addAddress('fd00:ec2::254', 'ipv6')

// IPv6 that wraps IPv4: compatible (RFC 4291 section 2.5.5.1), NAT64 (RFC 6052); mapped ones parse as IPv4.
const wrappers = ['000000000000000000000000', '0064ff9b0000000000000000']

/**
 * Whether an address may be called because a certificate or a challenge names it: no loopback, no link-local, no
 * cloud metadata, in whatever dress, unless the registry itself is there. What is no address may not be called.
 */
export function mayCall(address: string, registryAddresses: readonly string[]): boolean {
  const ip = parseIp(address)
  if (ip === undefined) return false
  if (registryAddresses.some((other) => parseIp(other)?.equals(ip) === true)) return true
  return forms(ip).every((form) => !forbidden.check(textOf(form), form.length === 4 ? 'ipv4' : 'ipv6'))
}

function forms(ip: Buffer): readonly Buffer[] {
  if (ip.length === 4) return [ip]
  const start = ip.subarray(0, 12).toString('hex')
  // 6to4 (RFC 3056) has the IPv4 address behind its prefix.
  if (ip.readUInt16BE(0) === 0x2002) return [ip, ip.subarray(2, 6)]
  return wrappers.includes(start) ? [ip, ip.subarray(12)] : [ip]
}

function textOf(ip: Buffer): string {
  if (ip.length === 4) return [...ip].join('.')
  return Array.from({ length: 8 }, (_, index) => ip.readUInt16BE(2 * index).toString(16)).join(':')
}
