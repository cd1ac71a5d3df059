import { randomBytes } from 'node:crypto'
import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import type { Target } from '../registry/reference.ts'
import { readBuildkit } from './certs-buildkit.ts'
import { hostDirectories, readContainerd } from './certs-containerd.ts'
import { directoryNames } from './directory-names.ts'
import type { DockerEngine } from './docker.ts'
import { PROBE_REPOSITORY, pullProbe } from './probe-image.ts'
import type { ApiRequest } from './docker-api.ts'
import { answered } from './docker-words.ts'
import type { Engine, EngineAnswer, EngineSurvey, Loader, LoginAnswer, TrustDirectory } from './engine.ts'
import { editHostsToml } from './hosts-toml.ts'
import type { SettingsChange, Wish } from './settings.ts'
import { tarOf } from './tar.ts'

/** A job of dockerd that reads certs.d with a loader of its own. */
interface DockerJob {
  readonly name: string
  /** Whether this daemon does it so, and whether success depends on it. */
  applies(docker: EngineSurvey): boolean
  readonly needed: boolean
  readonly proofOnly: boolean
  request(target: Target): Omit<ApiRequest, 'timeoutMs'>
}

const jobs: readonly DockerJob[] = [
  {
    name: 'docker-containerd',
    applies: (docker) => docker.containerdStore === true,
    needed: true,
    proofOnly: false,
    request: pullProbe,
  },
  {
    name: 'docker-build',
    // BuildKit came into the daemon with 18.09, and reads certs.d since 19.03.
    applies: (docker) => majorOf(docker) >= 19,
    needed: false,
    // It leaves a record of some bytes in the build cache.
    proofOnly: true,
    request: ({ registry }) => {
      // A build that fails keeps its TLS configuration for its repository: nobody else shall have that name.
      const from = `FROM ${registry}/${PROBE_REPOSITORY}-${randomBytes(6).toString('hex')}\n`
      return { method: 'POST', path: '/build?version=2', tar: tarOf('Dockerfile', Buffer.from(from)) }
    },
  },
]

/** Builds and pulls of the same daemon: its logins tell nothing about them (facts: three loaders, by run). */
export class DockerJobEngine implements Engine {
  readonly name: string
  readonly runtime = 'docker'
  readonly proofOnly?: true
  readonly #docker: DockerEngine
  readonly #job: DockerJob
  /** As the last survey found it. */
  #loader: Loader | undefined

  constructor(docker: DockerEngine, job: DockerJob) {
    this.name = job.name
    this.#docker = docker
    this.#job = job
    if (job.proofOnly) this.proofOnly = true
  }

  async survey(machine: Machine, timeoutMs: number): Promise<EngineSurvey> {
    const docker = await this.#docker.survey(machine, timeoutMs)
    this.#loader = loaderOf(docker)
    const found = { ...docker, name: this.name, loader: this.#loader }
    if (docker.state !== 'running' || !this.#job.applies(docker)) {
      return { ...found, installed: false, state: 'absent' }
    }
    return this.#job.needed ? found : { ...found, needed: false }
  }

  async trustDirectories(machine: Machine, target: Target): Promise<readonly string[]> {
    const right = await this.#docker.trustDirectories(machine, target)
    // Where the underscored form is there, newer versions read nothing else; older ones pass it over.
    const flat = hostDirectories(target.registry)[0]
    const path = posix.join(this.#docker.certsD, flat ?? target.registry)
    const there = (await machine.stat(path).catch(() => undefined))?.kind === 'directory'
    return there ? [...right, path] : right
  }

  async readTrust(machine: Machine, target: Target, survey: EngineSurvey): Promise<TrustDirectory> {
    if (survey.loader === 'containerd')
      return readContainerd(machine, this.#docker.certsD, target.registry, survey.go)
    const path = posix.join(this.#docker.certsD, target.registry)
    const [read, info] = await Promise.all([
      readBuildkit(machine, path, survey.go),
      machine.stat(path).catch(() => undefined),
    ])
    return info?.bornMs === undefined ? read : { ...read, bornMs: info.bornMs }
  }

  async settings(machine: Machine, target: Target, wish: Wish): Promise<readonly SettingsChange[]> {
    if (this.#loader !== 'containerd') return []
    const names = directoryNames(target)
    const directories = await this.trustDirectories(machine, target)
    const edits = await Promise.all(
      directories.map((path, index) =>
        editHostsToml(machine, path, names[index] ?? target.registry, { tablesOnly: false }, wish),
      ),
    )
    return edits.filter((edit) => edit !== undefined)
  }

  async ask(machine: Machine, target: Target, timeoutMs: number): Promise<EngineAnswer> {
    const request = { ...this.#job.request(target), timeoutMs }
    return answered(await this.#docker.call(machine, request))
  }

  /** Its logins are the daemon's. */
  login(): Promise<LoginAnswer> {
    return Promise.resolve({ ok: false, message: `${this.name} has no logins of its own` })
  }
}

export function dockerJobs(docker: DockerEngine): readonly Engine[] {
  return jobs.map((job) => new DockerJobEngine(docker, job))
}

/** 28 gave up BuildKit's own loader for containerd's (seen on 26.1.5 and 28.5.2). */
function loaderOf(docker: EngineSurvey): Loader {
  return majorOf(docker) >= 28 ? 'containerd' : 'buildkit'
}

function majorOf({ version }: EngineSurvey): number {
  return Number.parseInt(version ?? '0', 10)
}
