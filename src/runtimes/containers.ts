import { posix } from 'node:path'
import type { Machine, RunResult } from '../machine/machine.ts'
import type { Target } from '../registry/reference.ts'
import type { Secret } from '../registry/token.ts'
import { CertPool, parseGoVersion } from '../x509/index.ts'
import { misnamed, readClassic } from './certs-d.ts'
import { directoryNames } from './directory-names.ts'
import { loginByProgram, tryByProgram } from './containers-login.ts'
import { homeOf, personOf } from './containers-person.ts'
import { DOCKER, firstExisting, personalPlace, SYSTEM } from './containers-places.ts'
import { judgeRun, said } from './containers-words.ts'
import type {
  Credentials,
  Engine,
  EngineAnswer,
  EngineSurvey,
  LoginAnswer,
  TrustDirectory,
} from './engine.ts'
import { goBuildOf } from './go-build.ts'
import { PROBE_REPOSITORY } from './probe-image.ts'
import { readPolicy, strictPolicy } from './registries-conf.ts'
import type { SettingsChange, Wish } from './settings.ts'
import { withScratch } from './scratch.ts'

const MAX_STRAYS = 8

/** How a program of the family is called; `scratch` is a directory of ours for its storage. */
export interface ContainersProgram {
  readonly name: string
  /** Prints a version, and Go's where it can. */
  version(scratch: string): readonly string[]
  /** Asks for an image's manifest. */
  inspect(scratch: string, image: string): readonly string[]
  readonly login: readonly string[]
}

/**
 * Podman, skopeo and buildah: programs without a daemon over one library (containers/image), with the same places and
 * rules. Each is asked itself, as the person who called us.
 */
export class ContainersEngine implements Engine {
  readonly name: string
  readonly asCaller = true
  readonly #program: ContainersProgram
  readonly #authFile: string | undefined
  readonly #personal: boolean

  /**
   * @param authFile `REGISTRY_AUTH_FILE` of the person who called
   * @param personal where there is no place yet, it is made for that person alone
   */
  constructor(program: ContainersProgram, authFile?: string, personal = false) {
    this.name = program.name
    this.#program = program
    this.#authFile = authFile
    this.#personal = personal
  }

  async survey(machine: Machine, timeoutMs: number): Promise<EngineSurvey> {
    const base = {
      name: this.name,
      kind: 'program',
      loader: 'containers',
      insecureRegistries: [],
      // Unlike Docker, the family checks loopback addresses as well.
      insecureNetworks: [],
      environment: {},
      environmentAssumed: true,
    } as const
    const program = await machine.which(this.name)
    if (program === undefined) return { ...base, installed: false, state: 'absent' }
    if (machine.platform !== 'linux') {
      const problem = 'its engine lives in a virtual machine'
      return { ...base, installed: true, state: 'unreachable', problem }
    }
    if (machine.atRest) {
      const go = await goBuildOf(machine, program)
      return { ...base, installed: true, state: 'at-rest', ...(go ? { go } : {}) }
    }
    const result = await this.#run(machine, timeoutMs, (scratch) => this.#program.version(scratch))
    if (result.exitCode !== 0) {
      return { ...base, installed: true, state: 'unreachable', problem: said(result) }
    }
    const version = /[\d.]+\d(?:[-+~.\w]*)/.exec(result.stdout.replace(/"APIVersion":"[^"]*",/, ''))?.[0]
    const named = /go1\.\d+(?:\.\d+)?/.exec(result.stdout)?.[0]
    const go = named === undefined ? await goBuildOf(machine, program) : parseGoVersion(named)
    return {
      ...base,
      installed: true,
      state: 'running',
      ...(version === undefined ? {} : { version }),
      ...(go === undefined ? {} : { go }),
    }
  }

  async trustDirectories(machine: Machine, target: Target): Promise<readonly string[]> {
    const names = directoryNames(target)
    const found = await Promise.all(names.map((name) => firstExisting(machine, name)))
    return names.map((name, index) => {
      const place = found[index]?.[0]
      // Root does not write into what somebody else may turn into a link.
      const usable = place !== undefined && !(place.personal && machine.who().elevated)
      const fresh = place === undefined && this.#personal ? personalPlace(machine) : SYSTEM
      return posix.join(usable ? place.base : fresh, name)
    })
  }

  async readTrust(machine: Machine, target: Target, survey: EngineSurvey): Promise<TrustDirectory> {
    const { home } = machine.who().invoker
    const reader = { modern: true, family: 'containers', ...(survey.go ? { go: survey.go } : {}) } as const
    const [policy, places] = await Promise.all([
      readPolicy(machine, home, target.registry),
      firstExisting(machine, target.registry),
    ])
    const [first, ...others] = places
    const path = posix.join(first?.base ?? SYSTEM, target.registry)
    const read = await readClassic(machine, path, reader)
    const shadowed = await Promise.all(
      others.map(async ({ base }) => {
        const { path: other, pool } = await readClassic(machine, posix.join(base, target.registry), reader)
        return { path: other, pool }
      }),
    )
    const strays = read.pool.size > 0 ? [] : await this.#strays(machine, target)
    const stray = async (other: string): Promise<{ path: string; pool: CertPool }> => {
      const { pool } = await readClassic(machine, other, reader)
      return { path: other, pool }
    }
    return {
      ...read,
      misnamed: await Promise.all(strays.map(stray)),
      shadowed,
      ...(first?.personal === true && machine.who().elevated ? { personal: true } : {}),
      ...policy,
    }
  }

  async settings(machine: Machine, target: Target, { strict }: Wish): Promise<readonly SettingsChange[]> {
    const { home } = machine.who().invoker
    const edit = strict ? await strictPolicy(machine, home, target.registry) : undefined
    return edit === undefined ? [] : [edit]
  }

  async ask(machine: Machine, target: Target, timeoutMs: number): Promise<EngineAnswer> {
    const image = `${target.registry}/${PROBE_REPOSITORY}`
    const result = await this.#run(machine, timeoutMs, (scratch) => this.#program.inspect(scratch, image))
    return judgeRun(result)
  }

  login(machine: Machine, target: Target, credentials: Credentials, timeoutMs: number): Promise<LoginAnswer> {
    const own = this.#authFile === undefined ? {} : { authFile: this.#authFile }
    const request = { machine, program: this.name, registry: target.registry, timeoutMs, ...own }
    return loginByProgram(request, this.#program.login, credentials)
  }

  accepts(
    machine: Machine,
    target: Target,
    secret: Secret,
    timeoutMs: number,
  ): Promise<LoginAnswer | undefined> {
    // It does not try these, and says so.
    if ('identityToken' in secret) return Promise.resolve(undefined)
    const own = this.#authFile === undefined ? {} : { authFile: this.#authFile }
    const request = { machine, program: this.name, registry: target.registry, timeoutMs, ...own }
    return tryByProgram(request, this.#program.login)
  }

  async #strays(machine: Machine, target: Target): Promise<readonly string[]> {
    const found = await Promise.all(
      [personalPlace(machine), SYSTEM, DOCKER].map((base) =>
        misnamed(machine, posix.join(base, target.registry), target),
      ),
    )
    return found.flat().slice(0, MAX_STRAYS)
  }

  /** Without the person's logins: nothing secret goes anywhere for a look. */
  async #run(
    machine: Machine,
    timeoutMs: number,
    argv: (scratch: string) => readonly string[],
  ): Promise<RunResult> {
    const person = personOf(machine)
    return withScratch(machine, person, async (scratch) => {
      const authFile = posix.join(scratch, 'auth.json')
      await machine.create(authFile, Buffer.from('{}'), 0o600, person)
      const env = { ...(await homeOf(machine, person)), REGISTRY_AUTH_FILE: authFile }
      return machine.run([this.name, ...argv(scratch)], { timeoutMs, env, ...(person ? { as: person } : {}) })
    })
  }
}
