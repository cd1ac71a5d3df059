import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import type { ProxySettings } from '../registry/proxy-rules.ts'
import type { Target } from '../registry/reference.ts'
import { CertPool } from '../x509/index.ts'
import { readClassic } from './certs-d.ts'
import { personOf } from './containers-person.ts'
import { directoryNames } from './directory-names.ts'
import { CERTS_D } from './docker-home.ts'
import { judgeMessage } from './docker-words.ts'
import type { DockerEngine } from './docker.ts'
import type { Engine, EngineAnswer, EngineSurvey, LoginAnswer, TrustDirectory } from './engine.ts'
import { goBuildOf } from './go-build.ts'
import { PROBE_REPOSITORY } from './probe-image.ts'
import { withScratch } from './scratch.ts'

const BUILDX = 'docker-buildx'
/** Where the CLI looks for its plugins beside the person's own folder (docker/cli cli-plugins/manager manager_unix.go). */
const PLUGINS = ['/usr/local/lib', '/usr/local/libexec', '/usr/lib', '/usr/libexec'].map(
  (folder) => `${folder}/docker/cli-plugins`,
)

/** They are only shown: a change does not wait long for them. */
const MOST_MS = 5000

/** What of Docker goes to registries in the process of the person who calls it, whatever the daemon trusts. */
interface DockerClient {
  readonly name: string
  /** `classic`: it reads certs.d; `store`: the OS store is all that it goes by. */
  readonly loader: 'classic' | 'store'
  /** The full path of its program. */
  find(machine: Machine): Promise<string | undefined>
  inspect(image: string): readonly string[]
}

const clients: readonly DockerClient[] = [
  {
    name: 'docker-cli',
    loader: 'classic',
    find: async (machine) => {
      const path = await machine.which('docker')
      // Podman's stand-in of that name is a script.
      const start = path === undefined ? undefined : await machine.readPart?.(path, 0, 2)
      return start?.toString('latin1') === '#!' ? undefined : path
    },
    inspect: (image) => ['manifest', 'inspect', image],
  },
  {
    name: 'buildx',
    loader: 'store',
    find: async (machine) => {
      if ((await machine.which('docker')) === undefined) return undefined
      const own = posix.join(machine.who().invoker.home, '.docker/cli-plugins')
      const paths = [own, ...PLUGINS].map((folder) => posix.join(folder, BUILDX))
      const found = await Promise.all(paths.map((path) => machine.stat(path).catch(() => undefined)))
      return paths.find((_, index) => found[index] !== undefined)
    },
    inspect: (image) => ['imagetools', 'inspect', image],
  },
]

/**
 * The docker program and buildx, which have eyes of their own: `docker manifest` reads the certs.d of the machine where
 * it runs, which is not that of a rootless daemon or a snap; buildx reads the OS store alone. They are shown, and
 * nothing is written for them: what serves the daemon serves them where they look at the same place.
 */
export class DockerClientEngine implements Engine {
  readonly name: string
  readonly runtime = 'docker'
  /** Starting them takes a tenth of a second and more. */
  readonly proofOnly = true
  readonly #docker: DockerEngine
  readonly #client: DockerClient
  readonly #proxy: ProxySettings
  /** As the last survey found them. */
  #program: string | undefined
  #modern = true

  /** @param proxy of the shell of the person who called: the daemon's is not theirs */
  constructor(docker: DockerEngine, client: DockerClient, proxy: ProxySettings) {
    this.name = client.name
    this.#docker = docker
    this.#client = client
    this.#proxy = proxy
  }

  async survey(machine: Machine, timeoutMs: number): Promise<EngineSurvey> {
    const { name, loader } = this.#client
    const base = {
      name,
      kind: 'program',
      loader,
      needed: false,
      insecureRegistries: [],
      insecureNetworks: [],
      environment: {},
      environmentAssumed: true,
    } as const
    // They run on the computer of the person who types, wherever the engine lives.
    const here = machine.kind === 'local' && machine.platform === 'linux'
    if (!here) return { ...base, installed: false, state: 'absent' }
    const [program, docker] = await Promise.all([
      this.#client.find(machine).catch(() => undefined),
      this.#docker.survey(machine, timeoutMs),
    ])
    this.#program = program
    if (program === undefined) return { ...base, installed: false, state: 'absent' }
    // Root opens nothing below a person's home: their link could lead anywhere.
    const theirs =
      machine.who().uid === 0 && program.startsWith(`${machine.who().invoker.home}/`) && personOf(machine)
    const built = theirs ? undefined : await goBuildOf(machine, program)
    // They come and grow old together with the daemon.
    this.#modern = Number.parseInt(docker.version ?? '99', 10) >= 23
    const go = built ?? docker.go
    return { ...base, installed: true, state: 'running', ...(go ? { go } : {}) }
  }

  trustDirectories(_: Machine, target: Target): Promise<readonly string[]> {
    const names = this.#client.loader === 'store' ? [] : directoryNames(target)
    return Promise.resolve(names.map((name) => posix.join(CERTS_D, name)))
  }

  async readTrust(machine: Machine, target: Target, { go }: EngineSurvey): Promise<TrustDirectory> {
    const [path] = await this.trustDirectories(machine, target)
    if (path !== undefined) return readClassic(machine, path, { modern: this.#modern, ...(go ? { go } : {}) })
    return { path: '', state: 'absent', pool: new CertPool(), ignored: [], misnamed: [], symlink: false }
  }

  /** As the person who called us, without their logins, and in a home of ours: nothing is sent or kept. */
  async ask(machine: Machine, target: Target, timeoutMs: number): Promise<EngineAnswer> {
    const image = `${target.registry}/${PROBE_REPOSITORY}`
    const person = personOf(machine)
    const program = this.#program ?? this.name
    return withScratch(machine, person, async (scratch) => {
      const env = { HOME: scratch, DOCKER_CONFIG: scratch, ...proxyVariables(this.#proxy) }
      const patience = Math.min(timeoutMs, MOST_MS)
      const options = { timeoutMs: patience, env, ...(person ? { as: person } : {}) }
      const ran = await machine.run([program, ...this.#client.inspect(image)], options)
      const lines = (ran.spawnError ?? ran.stderr).trimEnd().split('\n')
      const message = (lines.at(-1) ?? '').replace(/^ERROR: /, '')
      if (ran.timedOut) return { outcome: 'unclear', message: message || 'no answer in time' }
      // What the registry is called is not the program's word.
      const words = message.replaceAll(image, '')
      return { outcome: judgeMessage(ran.exitCode === 0 ? 200 : 500, words), message }
    })
  }

  /** The daemon logs in for them. */
  login(): Promise<LoginAnswer> {
    return Promise.resolve({ ok: false, message: `${this.name} has no logins of its own` })
  }
}

function proxyVariables({ https, no }: ProxySettings): Record<string, string> {
  return {
    ...(https === undefined ? {} : { HTTPS_PROXY: https }),
    ...(no === undefined ? {} : { NO_PROXY: no }),
  }
}

export function dockerClients(docker: DockerEngine, proxy: ProxySettings = {}): readonly Engine[] {
  return clients.map((client) => new DockerClientEngine(docker, client, proxy))
}
