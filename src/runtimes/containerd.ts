import { posix } from 'node:path'
import type { Machine, RunResult } from '../machine/machine.ts'
import type { Target } from '../registry/reference.ts'
import { CertPool, parseGoVersion } from '../x509/index.ts'
import { readContainerd } from './certs-containerd.ts'
import { configPathFix, DEFAULT_HOSTS, readConfig, type ContainerdConfig } from './containerd-config.ts'
import { parseVersion, type Version } from './containerd-imports.ts'
import { askCri, servesCri, SOCKET } from './containerd-cri.ts'
import { judgeCtr, namesHosts } from './containerd-words.ts'
import { directoryNames } from './directory-names.ts'
import { editHostsToml } from './hosts-toml.ts'
import type { SettingsChange, Wish } from './settings.ts'
import { judgeMessage } from './docker-words.ts'
import { goBuildOf } from './go-build.ts'
import { PROBE_DIGEST, PROBE_REPOSITORY } from './probe-image.ts'
import type { Engine, EngineAnswer, EngineSurvey, LoginAnswer, TrustDirectory } from './engine.ts'

/**
 * containerd for itself, as Kubernetes has it. It comes with Docker as well, where nobody else pulls through it: it
 * counts where its CRI plugin is told of a hosts directory, or where it is named. `ctr` and the CRI ask for it.
 */
export class ContainerdEngine implements Engine {
  readonly name = 'containerd'
  readonly #named: boolean
  /** As the survey found it: how its files are read depends on it. */
  #version = parseVersion(undefined)

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
    const installed = config.directories.length > 0 || config.fault !== undefined
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
    this.#version = parseVersion(version)
    const go = parseGoVersion(/Go version: +(\S+)/.exec(stdout)?.[1] ?? '')
    // Its socket is made anew at each start.
    const startedMs = (await machine.stat(SOCKET).catch(() => undefined))?.changedMs
    const known = {
      ...(version === undefined ? {} : { version }),
      ...(go === undefined ? {} : { go }),
      ...(startedMs === undefined ? {} : { startedMs }),
    }
    if (exitCode === 0) return { ...base, ...known, installed, state: 'running' }
    const state = stderr.includes('permission denied') ? 'unreachable' : 'down'
    return { ...base, ...known, installed, state, problem: stderr.trim().split('\n').at(-1) ?? '' }
  }

  async trustDirectories(machine: Machine, target: Target): Promise<readonly string[]> {
    const { directories } = await readConfig(machine, this.#version)
    return Promise.all(
      directoryNames(target).map(async (name) => {
        const base = await baseFor(machine, directories, name)
        const { path } = await readContainerd(machine, base, name, undefined)
        // `_default` is everybody's: what is for one registry goes beside it.
        return posix.basename(path) === '_default' ? posix.join(base, name) : path
      }),
    )
  }

  async readTrust(machine: Machine, target: Target, survey: EngineSurvey): Promise<TrustDirectory> {
    const version = parseVersion(survey.version)
    const config = await readConfig(machine, version)
    const { directories, fault, path, conflict } = config
    const base = await baseFor(machine, directories, target.registry)
    // Before 2.0 a hosts.toml without a table of hosts did not decode.
    const read = await readContainerd(machine, base, target.registry, survey.go, {
      tablesOnly: version.major < 2,
    })
    if (fault !== undefined) {
      return { ...read, fatal: { code: 'config-damaged', path, message: fault, foreseen: false } }
    }
    const blind = await this.#blindness(config, version, base)
    if (blind === undefined) return read
    if (conflict === undefined && !(await servesCri(machine)))
      return { ...read, ignored: [...read.ignored, { path: base, ...blind }] }
    // What kubelet pulls by reads nothing of it: that is a person's to put in order first.
    const { path: place, state, symlink } = read
    const byHand = { code: 'trust-file-ignored', why: blind.reason, fix: blind.fix } as const
    return { path: place, state, symlink, pool: new CertPool(), ignored: [], misnamed: [], byHand }
  }

  /** Why the CRI does not read the hosts directory, by its settings. */
  async #blindness(
    config: ContainerdConfig,
    version: Version,
    base: string,
  ): Promise<{ readonly reason: string; readonly fix: string } | undefined> {
    const { directories, path, conflict } = config
    if (conflict !== undefined) {
      const reason = `${path} has registry.${conflict} beside config_path, and containerd's CRI does not come up with both: nothing is pulled through it`
      const fix = `move what registry.${conflict} says into hosts.toml files below ${base} and take it out of ${path}, then: systemctl restart containerd`
      return { reason, fix }
    }
    const asOne = takesListAsOne(version) && !config.pullsItself
    if (directories.length === 1 || (directories.length > 1 && !asOne)) return undefined
    return { reason: reasonFor(config, version), fix: await configPathFix(config, version) }
  }

  async settings(machine: Machine, target: Target, wish: Wish): Promise<readonly SettingsChange[]> {
    const names = directoryNames(target)
    const directories = await this.trustDirectories(machine, target)
    const rules = { tablesOnly: this.#version.major < 2 }
    const edits = await Promise.all(
      directories.map((directory, index) =>
        editHostsToml(machine, directory, names[index] ?? target.registry, rules, wish),
      ),
    )
    return edits.filter((edit) => edit !== undefined)
  }

  /** `ctr` reads the directory that we name; where there is a CRI, which kubelet pulls by, its own word counts as well. */
  async ask(machine: Machine, target: Target, timeoutMs: number): Promise<EngineAnswer> {
    const { directories, conflict } = await readConfig(machine, this.#version)
    const names = directoryNames(target)
    const base = await baseFor(machine, directories, target.registry)
    const image = `${target.registry}/${PROBE_REPOSITORY}@${PROBE_DIGEST}`
    const pull = (...more: readonly string[]): Promise<RunResult> => {
      const words = ['images', 'pull', ...more, '--hosts-dir', base, image]
      return machine.run(['ctr', '--address', SOCKET, ...words], { timeoutMs })
    }
    const pulled = await pull()
    const word = judgeCtr(pulled, names)
    if (pulled.timedOut)
      return { outcome: 'unclear', message: word.message === '' ? 'no answer in time' : word.message }
    const { overriddenBy } = await readContainerd(machine, base, target.registry, undefined)
    // Since 2.0 the daemon pulls, and does not say which of the hosts in a hosts.toml has answered.
    const silent = overriddenBy !== undefined && this.#version.major >= 2 && !namesHosts(pulled)
    const answer = silent ? judgeCtr(pulled, names, await pull('--local')) : word
    if (answer.outcome !== 'accepted') return answer
    if (conflict !== undefined)
      return {
        outcome: 'unclear',
        message: `its CRI does not come up with registry.${conflict} beside config_path`,
      }
    // The CRI, told of the same directory, would end as old ones do: with the fault of a host that no file speaks of.
    if (directories.length > 0 && judgeMessage(500, answer.message) !== 'accepted') return answer
    const cri = await askCri(machine, image, names, timeoutMs)
    return cri && (cri.outcome === 'refused' || directories.length === 0) ? cri : answer
  }

  login(): Promise<LoginAnswer> {
    return Promise.resolve({ ok: false, message: 'containerd keeps no logins: its clients bring their own' })
  }
}

/** The first directory that has one for this registry, or for all; else the first (containerd cri hostDirFromRoots). */
async function baseFor(machine: Machine, directories: readonly string[], name: string): Promise<string> {
  const states = await Promise.all(
    directories.map(async (base) => (await readContainerd(machine, base, name, undefined)).state),
  )
  return directories[states.findIndex((state) => state !== 'absent')] ?? directories[0] ?? DEFAULT_HOSTS
}

/** Since 2.1 the CRI pulls through the transfer service, which takes the whole list for one directory (containerd issue 12415). */
function takesListAsOne({ major, minor }: Version): boolean {
  return major > 2 || (major === 2 && minor >= 1)
}

function reasonFor({ path, directories }: ContainerdConfig, { major, minor }: Version): string {
  if (directories.length > 1)
    return `${path} names several directories in config_path, which the CRI of containerd 2.1 and later takes for a single one that is not there; ctr reads it, with --hosts-dir`
  const own =
    major > 2 || (major === 2 && minor >= 2) ? ', and takes the two that it has by itself for one' : ''
  return `${path} names no config_path, so that containerd's CRI reads no such directory${own}; ctr does, with --hosts-dir`
}
