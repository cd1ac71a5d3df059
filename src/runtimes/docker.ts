import { posix } from 'node:path'
import { errorCode, errorText } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { proxySettings } from '../registry/proxy-rules.ts'
import type { Target } from '../registry/reference.ts'
import { parseGoVersion } from '../x509/index.ts'
import { directoryNames, misnamed, readClassic } from './certs-d.ts'
import { dockerApi, field, text, type ApiAnswer, type ApiRequest } from './docker-api.ts'
import { judgeMessage } from './docker-words.ts'
import type {
  Credentials,
  Engine,
  EngineAnswer,
  EngineSurvey,
  LoginAnswer,
  TrustDirectory,
} from './engine.ts'

export const CERTS_D = '/etc/docker/certs.d'
const SOCKET = '/var/run/docker.sock'
const PID_FILES = ['/var/run/docker.pid', '/run/docker-ssd.pid']
/** Directories with nearly the right name that are looked into. */
const MAX_STRAYS = 8
/** A repository that no registry has: the answer shows TLS, not content. */
export const PROBE_REPOSITORY = 'trust-registry-probe'

/** Docker Engine on the machine itself, its classic loader: `docker login`, `/distribution`, classic pulls. */
export class DockerEngine implements Engine {
  readonly name = 'docker'
  readonly #socket: string
  #surveying: Promise<EngineSurvey> | undefined

  constructor(socket: string = SOCKET) {
    this.#socket = socket
  }

  /** Those who ask at the same time get the same answer. */
  survey(machine: Machine, timeoutMs: number): Promise<EngineSurvey> {
    this.#surveying ??= this.#survey(machine, timeoutMs).finally(() => {
      this.#surveying = undefined
    })
    return this.#surveying
  }

  async #survey(machine: Machine, timeoutMs: number): Promise<EngineSurvey> {
    const base = {
      name: this.name,
      kind: 'daemon',
      loader: 'classic',
      insecureRegistries: [],
      insecureNetworks: ['127.0.0.0/8', '::1/128'],
      environment: {},
      environmentAssumed: true,
    } as const
    const call = (path: string): Promise<ApiAnswer> => this.call(machine, { method: 'GET', path, timeoutMs })
    try {
      const [version, info] = await Promise.all([call('/version'), call('/info')])
      const go = parseGoVersion(text(field(version.body, 'GoVersion')) ?? '')
      const number = text(field(version.body, 'Version'))
      return {
        ...base,
        installed: true,
        state: 'running',
        ...(number === undefined ? {} : { version: number }),
        ...(go === undefined ? {} : { go }),
        ...insecureOf(info.body),
        ...proxyOf(info.body),
        ...(await this.#process(machine)),
      }
    } catch (error) {
      const code = errorCode(error)
      const present = (await machine.which('dockerd')) ?? (await machine.which('docker'))
      if (code === 'ENOENT' && present === undefined) return { ...base, installed: false, state: 'absent' }
      const state = code === 'EACCES' ? 'unreachable' : 'down'
      return { ...base, installed: true, state, problem: errorText(error) }
    }
  }

  /** The daemon's own environment and start; only root and the daemon's user may look. */
  async #process(machine: Machine): Promise<Partial<EngineSurvey>> {
    for (const path of PID_FILES) {
      const pid = Number.parseInt(
        (await machine.read(path).catch(() => undefined))?.toString('latin1') ?? '',
        10,
      )
      if (!Number.isInteger(pid)) continue
      const startedMs = await startOf(machine, pid)
      const started = startedMs === undefined ? {} : { startedMs }
      const bytes = await machine.read(`/proc/${pid}/environ`).catch(() => undefined)
      if (bytes === undefined) return started
      const pairs = bytes.toString('utf8').split('\0')
      const value = (name: string): string | undefined =>
        pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
      const proxy = proxySettings(Object.fromEntries(PROXY_VARIABLES.map((name) => [name, value(name)])))
      const file = value('SSL_CERT_FILE')
      const dir = value('SSL_CERT_DIR')
      return {
        ...started,
        environmentAssumed: false,
        // `/info` hides the password; daemon.json comes into the environment by itself.
        ...(proxy.https === undefined ? {} : { proxy }),
        environment: { ...(file ? { SSL_CERT_FILE: file } : {}), ...(dir ? { SSL_CERT_DIR: dir } : {}) },
      }
    }
    return {}
  }

  /** One request to its socket, for those who share the daemon. */
  call(machine: Machine, request: ApiRequest): Promise<ApiAnswer> {
    return machine.socket(this.#socket).then((socket) => dockerApi(socket, request))
  }

  trustDirectories(machine: Machine, target: Target): Promise<readonly string[]> {
    // The Windows daemon leaves the colons out (moby registry.go hostCertsDir).
    const directories = directoryNames(target).map((name) =>
      posix.join(CERTS_D, machine.platform === 'win32' ? name.replaceAll(':', '') : name),
    )
    return Promise.resolve(directories)
  }

  async readTrust(machine: Machine, target: Target, survey: EngineSurvey): Promise<TrustDirectory> {
    const directories = await this.trustDirectories(machine, target)
    const path = directories[0] ?? CERTS_D
    const modern = Number.parseInt(survey.version ?? '99', 10) >= 23
    const reader = { modern, ...(survey.go ? { go: survey.go } : {}) }
    const read = await readClassic(machine, path, reader)
    const strays = read.pool.size > 0 ? [] : await misnamed(machine, directories, target)
    const others = await Promise.all(
      strays.slice(0, MAX_STRAYS).map((stray) => readClassic(machine, stray, reader)),
    )
    return { ...read, misnamed: others.map((other) => ({ path: other.path, pool: other.pool })) }
  }

  async ask(machine: Machine, target: Target, timeoutMs: number): Promise<EngineAnswer> {
    const path = `/distribution/${target.registry}/${PROBE_REPOSITORY}/json`
    // At once: each takes the daemon several round trips to the registry, on connections of its own.
    const [login, pull] = await Promise.all([
      this.#auth(machine, target, { username: '', password: '' }, timeoutMs),
      dockerApi(await machine.socket(this.#socket), { method: 'GET', path, timeoutMs }),
    ])
    const outcome = judgeMessage(login.status, login.message)
    if (outcome !== 'accepted') return { outcome, message: login.message }
    return { outcome: judgeMessage(pull.status, pull.message), message: pull.message }
  }

  async login(
    machine: Machine,
    target: Target,
    credentials: Credentials,
    timeoutMs: number,
  ): Promise<LoginAnswer> {
    const answer = await this.#auth(machine, target, credentials, timeoutMs)
    const token = text(field(answer.body, 'IdentityToken'))
    return {
      ok: answer.status === 200,
      message: answer.message,
      ...(token ? { identityToken: token } : {}),
    }
  }

  async #auth(
    machine: Machine,
    target: Target,
    credentials: Credentials,
    timeoutMs: number,
  ): Promise<ApiAnswer> {
    const body = { ...credentials, serveraddress: target.registry }
    return dockerApi(await machine.socket(this.#socket), { method: 'POST', path: '/auth', body, timeoutMs })
  }
}

/** procfs dates a folder by the first look at it, which memory pressure repeats: field 22 of proc(5) stat is older. */
async function startOf(machine: Machine, pid: number): Promise<number | undefined> {
  const text = async (path: string): Promise<string> =>
    (await machine.read(path).catch(() => undefined))?.toString('latin1') ?? ''
  const seen = (await machine.stat(`/proc/${pid}`).catch(() => undefined))?.changedMs
  const fields = (await text(`/proc/${pid}/stat`)).replace(/^.*\) /s, '').split(' ')
  const age = Number.parseFloat(await text('/proc/uptime')) * 1000 - Number(fields[19]) * 10
  if (seen === undefined || Number.isNaN(age)) return seen
  return Math.min(seen, machine.now().getTime() - age)
}

const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy']

function proxyOf(info: unknown): Partial<EngineSurvey> {
  const https = text(field(info, 'HttpsProxy')) ?? ''
  const no = text(field(info, 'NoProxy')) ?? ''
  return https === '' ? {} : { proxy: { https, ...(no === '' ? {} : { no }) } }
}

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
