import { BlockList, isIP } from 'node:net'
import type { Target } from './reference.ts'

/** The proxy settings of a Go program: its environment, or what its configuration puts in that place. */
export interface ProxySettings {
  /** HTTPS_PROXY or https_proxy; HTTP_PROXY counts for plain HTTP only. */
  readonly https?: string
  /** NO_PROXY or no_proxy. */
  readonly no?: string
  /** User name and password are there and are kept from us: what stands in `https` is not they. */
  readonly hidden?: true
}

/** A proxy that speaks CONNECT (RFC 9110 section 9.3.6). */
export interface Proxy {
  readonly host: string
  readonly port: number
  /** To the proxy itself by TLS. */
  readonly tls: boolean
  /** `Proxy-Authorization`, where the address holds a user name. */
  readonly authorization?: string
  /** The address without user name and password, for messages. */
  readonly shown: string
  /** Why it cannot be asked. */
  readonly problem?: string
}

/** Go's http.ProxyFromEnvironment reads both spellings, the upper one first (x/net/http/httpproxy FromEnvironment). */
export function proxySettings(env: Readonly<Record<string, string | undefined>>): ProxySettings {
  const any = (name: string): string | undefined => (env[name] ?? '') || env[name.toLowerCase()]
  const https = any('HTTPS_PROXY')
  const no = any('NO_PROXY')
  return { ...(https ? { https } : {}), ...(no ? { no } : {}) }
}

/**
 * The proxy that a Go program uses for https to this host, as an address; undefined for none
 * (x/net/http/httpproxy, ProxyFunc and useProxy).
 */
export function proxyFor(target: Target, settings: ProxySettings): string | undefined {
  const { https = '', no = '' } = settings
  return https === '' || !usesProxy(target, no) ? undefined : https
}

function loopback(): BlockList {
  const list = new BlockList()
  list.addSubnet('127.0.0.0', 8, 'ipv4')
  list.addAddress('::1', 'ipv6')
  return list
}

function usesProxy({ host, port }: Target, no: string): boolean {
  if (host === 'localhost') return false
  const ip = isIP(host) !== 0
  if (ip && inList(loopback(), host)) return false
  return !no.split(',').some((entry) => matches(entry.trim().toLowerCase(), host, port, ip))
}

/** One entry of NO_PROXY: `*`, a network, an address, a name, `.name` or `*.name`; a port may follow the last three. */
function matches(entry: string, host: string, port: number, ip: boolean): boolean {
  if (entry === '') return false
  if (entry === '*') return true
  const network = networkOf(entry)
  if (network) return ip && inList(network, host)
  // net.SplitHostPort: brackets and colons without a port are no host and port.
  const [, bracketed, plain, wanted = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(entry) ?? []
  const name = bracketed ?? plain ?? entry
  const samePort = wanted === '' || wanted === String(port)
  if (isIP(name) !== 0) return ip && samePort && sameAddress(name, host)
  if (name === '') return false
  const bare = name.startsWith('*.') ? name.slice(1) : name
  // `corp` stands for itself and what is below it, `.corp` for what is below it only.
  const below = host.endsWith(bare.startsWith('.') ? bare : `.${bare}`)
  return samePort && (below || host === bare)
}

function sameAddress(a: string, b: string): boolean {
  const list = new BlockList()
  list.addAddress(a, isIP(a) === 6 ? 'ipv6' : 'ipv4')
  return inList(list, b)
}

function networkOf(text: string): BlockList | undefined {
  const [address = '', bits = '', more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more !== undefined || !/^\d{1,3}$/.test(bits)) return undefined
  if (Number(bits) > (family === 6 ? 128 : 32)) return undefined
  const list = new BlockList()
  list.addSubnet(address, Number(bits), family === 6 ? 'ipv6' : 'ipv4')
  return list
}

function inList(list: BlockList, host: string): boolean {
  return list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** @returns the proxy, or why there can be none; Go takes an address without a scheme for http. */
export function parseProxy(text: string): Proxy | string {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  if (!/^[!-~]+$/.test(text) || !URL.canParse(full)) return 'it is no address'
  const { protocol, hostname, port, username, password } = new URL(full)
  if (protocol !== 'http:' && protocol !== 'https:')
    return `${protocol.slice(0, -1)} proxies are not spoken here, only http and https ones`
  const tls = protocol === 'https:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const number = port === '' ? (tls ? 443 : 80) : Number(port)
  const secret = decoded(`${username}:${password}`)
  if (secret === undefined) return 'its user name or password holds a % that stands for nothing'
  return {
    host,
    port: number,
    tls,
    ...(username === '' ? {} : { authorization: `Basic ${Buffer.from(secret).toString('base64')}` }),
    shown: `${protocol}//${hostname}:${number}`,
  }
}
