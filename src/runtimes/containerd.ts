import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import type { Target } from '../registry/reference.ts'
import { parseGoVersion } from '../x509/index.ts'
import { readContainerd } from './certs-containerd.ts'
import { directoryNames } from './directory-names.ts'
import { readConfig, DEFAULT_HOSTS } from './containerd-config.ts'
import { editHostsToml } from './hosts-toml.ts'
import type { SettingsChange, Wish } from './settings.ts'
import { judgeMessage } from './docker-words.ts'
import { goBuildOf } from './go-build.ts'
import { PROBE_DIGEST, PROBE_REPOSITORY } from './probe-image.ts'
import type { Engine, EngineAnswer, EngineSurvey, LoginAnswer, TrustDirectory } from './engine.ts'

const SOCKET = '/run/containerd/containerd.sock'
/** A host that has answered, on the way to the next. */
const ANSWERED = /response was http\.Status|trying next host - response/

/**
 * containerd for itself, as Kubernetes has it. It comes with Docker as well, where nobody else pulls through it: it
 * counts where its CRI plugin is told of a hosts directory, or where it is named. `ctr` asks for it, with that directory.
 */
export class ContainerdEngine implements Engine {
  readonly name = 'containerd'
  readonly #named: boolean

  /** @param named somebody asks for it, whatever its configuration says */
  constructor(named: boolean) {
    this.#named = named
  }

  async survey(machine: Machine, timeoutMs: number): Promise<EngineSurvey> {
    const base = {
      name: this.name,
      kind: 'daemon',
      loader: 'containerd',
      insecureRegistries: [],
      insecureNetworks: [],
      environment: {},
      environmentAssumed: true,
    } as const
    const [program, client, config] = await Promise.all([
      machine.which('containerd'),
      machine.which('ctr'),
      readConfig(machine),
    ])
    if (program === undefined || machine.platform !== 'linux')
      return { ...base, installed: false, state: 'absent' }
    const installed = config.directory !== undefined || config.fault !== undefined
    // Beside Docker it is everywhere: nobody shall wait for a program that nobody asks for.
    if (!installed && !this.#named) return { ...base, installed, state: 'absent' }
    if (machine.atRest) {
      const go = await goBuildOf(machine, program)
      return { ...base, installed, state: 'at-rest', ...(go ? { go } : {}) }
    }
    if (client === undefined)
      return { ...base, installed, state: 'down', problem: 'there is no ctr to ask with' }
    const { exitCode, stdout, stderr } = await machine.run([client, '--address', SOCKET, 'version'], {
      timeoutMs,
    })
    const version = /Version: +(?:v)?(\S+)/.exec(stdout)?.[1]
    const go = parseGoVersion(/Go version: +(\S+)/.exec(stdout)?.[1] ?? '')
    const known = { ...(version === undefined ? {} : { version }), ...(go === undefined ? {} : { go }) }
    if (exitCode === 0) return { ...base, ...known, installed, state: 'running' }
    const state = stderr.includes('permission denied') ? 'unreachable' : 'down'
    return { ...base, ...known, installed, state, problem: stderr.trim().split('\n').at(-1) ?? '' }
  }

  async trustDirectories(machine: Machine, target: Target): Promise<readonly string[]> {
    const { directory = DEFAULT_HOSTS } = await readConfig(machine)
    const read = await Promise.all(
      directoryNames(target).map((name) => readContainerd(machine, directory, name, undefined)),
    )
    // `_default` is everybody's: what is for one registry goes beside it.
    return read.map(({ path }, index) =>
      posix.basename(path) === '_default' ? posix.join(directory, directoryNames(target)[index] ?? '') : path,
    )
  }

  async readTrust(machine: Machine, target: Target, survey: EngineSurvey): Promise<TrustDirectory> {
    const { directory, fault, path } = await readConfig(machine)
    const base = directory ?? DEFAULT_HOSTS
    // Before 2.0 a hosts.toml without a table of hosts did not decode.
    const old = Number.parseInt(survey.version ?? '2', 10) < 2
    const read = await readContainerd(machine, base, target.registry, survey.go, { tablesOnly: old })
    if (fault !== undefined) {
      return { ...read, fatal: { code: 'config-damaged', path, message: fault, foreseen: false } }
    }
    if (directory !== undefined) return read
    const reason = `${path} names no config_path, so that containerd's CRI reads no such directory; ctr does, with --hosts-dir`
    return { ...read, ignored: [...read.ignored, { path: base, reason }] }
  }

  async settings(machine: Machine, target: Target, wish: Wish): Promise<readonly SettingsChange[]> {
    const names = directoryNames(target)
    const directories = await this.trustDirectories(machine, target)
    const edits = await Promise.all(
      directories.map((directory, index) =>
        editHostsToml(machine, directory, names[index] ?? target.registry, { tablesOnly: false }, wish),
      ),
    )
    return edits.filter((edit) => edit !== undefined)
  }

  async ask(machine: Machine, target: Target, timeoutMs: number): Promise<EngineAnswer> {
    const { directory = DEFAULT_HOSTS } = await readConfig(machine)
    const image = `${target.registry}/${PROBE_REPOSITORY}@${PROBE_DIGEST}`
    const argv = ['ctr', '--address', SOCKET, 'images', 'pull', '--hosts-dir', directory, image] as const
    const { stderr, exitCode, timedOut } = await machine.run(argv, { timeoutMs })
    const lines = stderr.trim().split('\n')
    const message = (lines.findLast((line) => line.startsWith('ctr: ')) ?? lines.at(-1) ?? '').replace(
      /^ctr: /,
      '',
    )
    if (timedOut) return { outcome: 'unclear', message: message === '' ? 'no answer in time' : message }
    // Old ones go on to a host that no file speaks of, and end with its fault.
    if (exitCode === 0 || ANSWERED.test(stderr)) return { outcome: 'accepted', message }
    return { outcome: judgeMessage(500, message), message }
  }

  login(): Promise<LoginAnswer> {
    return Promise.resolve({ ok: false, message: 'containerd keeps no logins: its clients bring their own' })
  }
}
