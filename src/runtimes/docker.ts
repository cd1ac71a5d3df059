import { posix } from 'node:path'
import { errorCode, errorText } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import type { Target } from '../registry/reference.ts'
import type { Secret } from '../registry/token.ts'
import { misnamed, readClassic } from './certs-d.ts'
import { directoryNames } from './directory-names.ts'
import { dockerApi, field, text, type ApiAnswer, type ApiRequest } from './docker-api.ts'
import { dockerAtRest } from './docker-at-rest.ts'
import { entriesByHand } from './docker-insecure.ts'
import { factsOf, proxyInForce } from './docker-info.ts'
import {
  CERTS_D,
  DAEMON_JSON,
  flavourOf,
  homeOf,
  silentFlavour,
  whatIsMissing,
  type DockerHome,
  type Flavour,
} from './docker-home.ts'
import { processFacts } from './docker-process.ts'
import { daemonBehind, isAnother, SOCKET, withService } from './docker-socket.ts'
import { answered, isImage } from './docker-words.ts'
import { daemonJsonFault, strictDaemonJson } from './docker-settings.ts'
import { PROBE_REPOSITORY, pullProbe } from './probe-image.ts'
import type { SettingsChange, Wish } from './settings.ts'
import type {
  Credentials,
  Engine,
  EngineAnswer,
  EngineSurvey,
  LoginAnswer,
  TrustDirectory,
} from './engine.ts'

const PODMAN = 'Podman answers on its socket'
/** Directories with nearly the right name that are looked into. */
const MAX_STRAYS = 8

/** Docker Engine on the machine itself, its classic loader: `docker login`, `/distribution`, classic pulls. */
export class DockerEngine implements Engine {
  readonly name = 'docker'
  readonly listens = true
  readonly #socket: string
  #surveying: Promise<EngineSurvey> | undefined
  /** As the last survey found it. */
  #home: DockerHome = { certsD: CERTS_D, daemonJson: DAEMON_JSON }
  #flavour: Flavour | undefined
  #containerdStore = false

  constructor(socket: string = SOCKET) {
    this.#socket = socket
  }

  /** Directories of registries lie below it: known once it was surveyed. */
  get certsD(): string {
    return this.#home.certsD
  }

  /** Those who ask at the same time get the same answer. */
  survey(machine: Machine, timeoutMs: number): Promise<EngineSurvey> {
    this.#surveying ??= withService(machine, this.#survey(machine, timeoutMs)).finally(() => {
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
    if (machine.atRest) return { ...base, ...(await dockerAtRest(machine)) }
    const call = (path: string): Promise<ApiAnswer> => this.call(machine, { method: 'GET', path, timeoutMs })
    try {
      const [version, info] = await Promise.all([call('/version'), call('/info')])
      const facts = factsOf(version.body, info.body)
      const flavour = flavourOf(version.body, info.body)
      this.#flavour = flavour
      this.#containerdStore = facts.containerdStore === true
      const process = await processFacts(machine, await daemonBehind(machine, this.#socket))
      this.#home = await homeOf(machine, flavour, this.#socket, process)
      const proxy = await proxyInForce(machine, facts.proxy, process.proxy, this.#home.daemonJson)
      return {
        ...base,
        installed: true,
        state: 'running',
        ...facts,
        ...process.survey,
        ...(flavour === undefined ? {} : { flavour }),
        ...this.#home.managed,
        // Who asks Docker's socket gets Podman's word: the row podman is about that one.
        ...(flavour === 'podman' ? { state: 'unreachable', needed: false, problem: PODMAN } : {}),
        ...(proxy === undefined ? {} : { proxy }),
        ...(flavour ? {} : await entriesByHand(machine, facts, this.#socket, this.#home.daemonJson)),
      }
    } catch (error) {
      const code = errorCode(error)
      const flavour = await silentFlavour(machine, this.#socket)
      this.#flavour = flavour
      this.#home = await homeOf(machine, flavour, this.#socket)
      const missing = await whatIsMissing(machine, flavour, this.#socket !== SOCKET)
      if (code === 'ENOENT' && missing) return { ...base, ...missing, installed: false, state: 'absent' }
      const state = code === 'EACCES' ? 'unreachable' : 'down'
      return { ...base, ...this.#home.managed, installed: true, state, problem: errorText(error) }
    }
  }

  /** One request to its socket, for those who share the daemon. */
  call(machine: Machine, request: ApiRequest): Promise<ApiAnswer> {
    return machine.socket(this.#socket).then((socket) => dockerApi(socket, request))
  }

  trustDirectories(machine: Machine, target: Target): Promise<readonly string[]> {
    // The Windows daemon leaves the colons out (moby registry.go hostCertsDir).
    const flat = (name: string): string => (machine.platform === 'win32' ? name.replaceAll(':', '') : name)
    return Promise.resolve(directoryNames(target).map((name) => posix.join(this.certsD, flat(name))))
  }

  async readTrust(machine: Machine, target: Target, survey: EngineSurvey): Promise<TrustDirectory> {
    const directories = await this.trustDirectories(machine, target)
    const path = directories[0] ?? this.certsD
    const modern = Number.parseInt(survey.version ?? '99', 10) >= 23
    const reader = { modern, ...(survey.go ? { go: survey.go } : {}) }
    const read = await readClassic(machine, path, reader)
    const strays = read.pool.size > 0 ? [] : await misnamed(machine, path, target)
    const others = await Promise.all(
      strays.slice(0, MAX_STRAYS).map((stray) => readClassic(machine, stray, reader)),
    )
    const { byHand, daemonJson } = this.#home
    const fault = await daemonJsonFault(machine, daemonJson)
    const damaged = fault === undefined ? [] : [{ path: daemonJson, reason: fault, damaged: true } as const]
    return {
      ...read,
      ignored: [...read.ignored, ...damaged],
      misnamed: others.map((other) => ({ path: other.path, pool: other.pool })),
      ...(byHand ? { byHand: { why: byHand.why, fix: byHand.fix(target.registry) } } : {}),
    }
  }

  async settings(machine: Machine, target: Target, { strict }: Wish): Promise<readonly SettingsChange[]> {
    // daemon.json in /etc is the system's own; the others have theirs elsewhere, and reload otherwise: by hand.
    if (this.#flavour !== undefined || (await isAnother(machine, this.#socket))) return []
    const edit = strict ? await strictDaemonJson(machine, this.#home.daemonJson, target.registry) : undefined
    return edit === undefined ? [] : [edit]
  }

  async ask(machine: Machine, target: Target, timeoutMs: number): Promise<EngineAnswer> {
    const path = `/distribution/${target.registry}/${PROBE_REPOSITORY}/json`
    // At once: each takes the daemon several round trips to the registry, on connections of its own.
    const [login, look] = await Promise.all([
      this.#auth(machine, target, { username: '', password: '' }, timeoutMs),
      this.call(machine, { method: 'GET', path, timeoutMs }),
    ])
    const said = answered(login)
    return said.outcome === 'accepted' && isImage(look) ? answered(look) : said
  }

  /** Pulls into containerd's store have a loader, and a row, of their own. */
  async prove(machine: Machine, target: Target, timeoutMs: number): Promise<EngineAnswer> {
    const asking = this.ask(machine, target, timeoutMs)
    if (this.#containerdStore) return asking
    const [asked, pull] = await Promise.all([asking, this.call(machine, { ...pullProbe(target), timeoutMs })])
    return asked.outcome === 'accepted' && isImage(pull) ? answered(pull) : asked
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

  /** The same call, which keeps nothing. */
  async accepts(machine: Machine, target: Target, secret: Secret, timeoutMs: number): Promise<LoginAnswer> {
    const { status, message } = await this.#auth(machine, target, secret, timeoutMs)
    return { ok: status === 200, message }
  }

  #auth(machine: Machine, target: Target, secret: Secret, timeoutMs: number): Promise<ApiAnswer> {
    const words = 'identityToken' in secret ? { identitytoken: secret.identityToken } : secret
    const body = { ...words, serveraddress: target.registry }
    return this.call(machine, { method: 'POST', path: '/auth', body, timeoutMs })
  }
}
