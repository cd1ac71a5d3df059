import type { Machine } from '../machine/machine.ts'
import { proxySettings, type ProxySettings } from '../registry/proxy-rules.ts'
import { parseGoVersion } from '../x509/go-version.ts'
import { field, text } from './docker-api.ts'
import type { EngineSurvey } from './engine.ts'

/** What the daemon says of itself in `GET /version` and `GET /info`; what it does not say keeps its default. */
export function factsOf(version: unknown, info: unknown): Partial<EngineSurvey> {
  const go = parseGoVersion(text(field(version, 'GoVersion')) ?? '')
  const number = text(field(version, 'Version'))
  return {
    ...(number === undefined ? {} : { version: number }),
    ...(go === undefined ? {} : { go }),
    ...insecureOf(info),
    ...proxyOf(info),
  }
}

const MAX_CONFIG = 1024 * 1024
/** moby config.MaskCredentials puts this in the place of user and password, for everybody who asks. */
const MASKED = 'xxxxx'

function proxyOf(info: unknown): Partial<EngineSurvey> {
  const https = text(field(info, 'HttpsProxy')) ?? ''
  const no = text(field(info, 'NoProxy')) ?? ''
  if (https === '') return {}
  return { proxy: { https, ...(no === '' ? {} : { no }), ...(isMasked(https) ? { hidden: true } : {}) } }
}

function isMasked(address: string): boolean {
  const url = URL.canParse(address) ? new URL(address) : undefined
  return url?.username === MASKED && url.password === MASKED
}

/**
 * The proxy that the daemon uses: `/info` speaks of the settings in force and hides the password; the environment and
 * daemon.json may show it.
 */
export async function proxyInForce(
  machine: Machine,
  said: ProxySettings | undefined,
  environment: ProxySettings,
  file: string,
): Promise<ProxySettings | undefined> {
  if (said === undefined) return environment.https === undefined ? undefined : environment
  const proxy = unmasked(said, environment.https)
  return proxy.hidden === true ? unmasked(proxy, await configured(machine, file)) : proxy
}

/** daemon.json wins over the environment: only what is the same but for the user counts. */
function unmasked(said: ProxySettings, full: string | undefined): ProxySettings {
  if (said.hidden !== true || full === undefined || withoutUser(full) !== withoutUser(said.https)) return said
  return { https: full, ...(said.no === undefined ? {} : { no: said.no }) }
}

function withoutUser(address = ''): string {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`
  if (!URL.canParse(full)) return address
  const url = new URL(full)
  url.username = ''
  url.password = ''
  return url.href
}

/** `proxies` of daemon.json (Docker 23 and later); nothing where it cannot be read. */
async function configured(machine: Machine, file: string): Promise<string | undefined> {
  const bytes = await machine.read(file, MAX_CONFIG).catch(() => undefined)
  try {
    return text(field(JSON.parse(bytes?.toString('utf8') ?? ''), 'proxies', 'https-proxy'))
  } catch {
    return undefined
  }
}

/** The proxy variables of a process. */
export function proxyOfEnvironment(value: (name: string) => string | undefined): ProxySettings {
  return proxySettings(Object.fromEntries(PROXY_VARIABLES.map((name) => [name, value(name)])))
}

const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy']

function insecureOf(info: unknown): Partial<EngineSurvey> {
  const networks = field(info, 'RegistryConfig', 'InsecureRegistryCIDRs')
  const indexes = field(info, 'RegistryConfig', 'IndexConfigs')
  const named = typeof indexes === 'object' && indexes !== null ? Object.entries(indexes) : []
  return {
    // Without an answer the daemon's own default stands.
    ...(Array.isArray(networks)
      ? { insecureNetworks: networks.filter((entry) => typeof entry === 'string') }
      : {}),
    ...(isContainerdStore(info) ? { containerdStore: true } : {}),
    insecureRegistries: named.filter(([, index]) => field(index, 'Secure') === false).map(([name]) => name),
  }
}

/** moby daemon/containerd/service.go: what `docker info` says of the storage driver. */
function isContainerdStore(info: unknown): boolean {
  const status = field(info, 'DriverStatus')
  const rows: readonly unknown[] = Array.isArray(status) ? status : []
  return rows.some((row) => Array.isArray(row) && row[1] === 'io.containerd.snapshotter.v1')
}
