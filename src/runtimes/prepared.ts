import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import type { Target } from '../registry/reference.ts'
import { loadAuthorities } from './certs-authorities.ts'
import { damageText, type Damage, type Edited } from './config/edit.ts'
import { readSettings, unreadable } from './config/file.ts'
import { readToml, withToml } from './config/toml.ts'
import { readYaml, withYaml } from './config/yaml.ts'
import { field } from './docker-api.ts'
import type { Engine, EngineAnswer, EngineSurvey, LoginAnswer, TrustDirectory } from './engine.ts'
import { editSettings, type SettingsChange, type Wish } from './settings.ts'

/** An engine that names its CAs in a file of settings, and reads it when it starts. */
export interface PreparedProgram {
  readonly name: string
  readonly program: string
  /** The file of settings, which may hold secrets of others. */
  readonly file: string
  readonly mode: number
  /** Where our certificates go: no engine looks there by itself. */
  readonly certificates: string
  /** The CAs that the settings name for a registry, and whether it is not checked. */
  read(settings: unknown, registry: string): { readonly ca: readonly string[]; readonly insecure: boolean }
  parse(text: string): Promise<{ readonly value: unknown } | { readonly damage: Damage }>
  readonly edit: (text: string, registry: string, ca: readonly string[]) => Promise<Edited>
}

/** BuildKit's daemon by itself (docs/buildkitd.toml.md): `ca` is a list, and is added to. */
const buildkit: PreparedProgram = {
  ...{ name: 'buildkit', program: 'buildkitd', file: '/etc/buildkit/buildkitd.toml', mode: 0o644 },
  certificates: '/etc/buildkit/certs.d',
  parse: readToml,
  read: (settings, registry) => ({
    ca: textsOf(field(settings, 'registry', registry, 'ca')),
    insecure: ['insecure', 'http'].some((key) => field(settings, 'registry', registry, key) === true),
  }),
  edit: (text, registry, ca) => withToml(text, ['registry', registry, 'ca'], ca),
}

/** registries.yaml of k3s and rke2 (k3s-io/docs private-registry.md): one `ca_file`, keys without a scheme. */
function rancher(name: 'k3s' | 'rke2'): PreparedProgram {
  return {
    ...{ name, program: name, file: `/etc/rancher/${name}/registries.yaml`, mode: 0o600 },
    certificates: `/etc/rancher/${name}/certs.d`,
    parse: readYaml,
    read: (settings, registry) => ({
      ca: textsOf(field(settings, 'configs', registry, 'tls', 'ca_file')),
      insecure: field(settings, 'configs', registry, 'tls', 'insecure_skip_verify') === true,
    }),
    edit: (text, registry, ca) => {
      const [file, other] = ca
      const unsafe = { unsafe: 'ca_file names one file, and there would be several' }
      if (file === undefined || other !== undefined) return Promise.resolve(unsafe)
      return withYaml(text, ['configs', registry, 'tls', 'ca_file'], file)
    },
  }
}

/**
 * Engines that are prepared by record of their documentation and asked by nobody here: they count where they are named.
 */
export class PreparedEngine implements Engine {
  readonly name: string
  readonly #of: PreparedProgram

  constructor(of: PreparedProgram) {
    this.name = of.name
    this.#of = of
  }

  async survey(machine: Machine): Promise<EngineSurvey> {
    const installed = (await machine.which(this.#of.program)) !== undefined
    const there = machine.atRest ? 'at-rest' : 'unreachable'
    return {
      ...{ name: this.name, kind: 'daemon', loader: 'containerd', installed },
      state: installed ? there : 'absent',
      ...(installed ? { problem: `it reads ${this.#of.file} when it starts: restart it` } : {}),
      ...{ unasked: true, needed: false, insecureRegistries: [], insecureNetworks: [] },
      ...{ environment: {}, environmentAssumed: true },
    }
  }

  trustDirectories(_machine: Machine, target: Target): Promise<readonly string[]> {
    return Promise.resolve([posix.join(this.#of.certificates, target.registry)])
  }

  async readTrust(machine: Machine, target: Target, survey: EngineSurvey): Promise<TrustDirectory> {
    const { file } = this.#of
    const settings = await this.#settings(machine)
    const found = 'fault' in settings ? undefined : this.#of.read(settings.value, target.registry)
    const { pool, fatal } = await loadAuthorities(machine, found?.ca ?? [], survey.go)
    const base = { path: file, state: 'read', pool, ignored: [], misnamed: [], symlink: false } as const
    if ('fault' in settings) {
      return {
        ...base,
        fatal: { code: 'config-damaged', path: file, message: settings.fault, foreseen: false },
      }
    }
    const fix = `take what switches the check off for ${target.registry} out of ${file}`
    return {
      ...base,
      ...(fatal ? { fatal } : {}),
      ...(found?.insecure === true ? { insecure: { path: file, fix } } : {}),
    }
  }

  async settings(machine: Machine, target: Target, wish: Wish): Promise<readonly SettingsChange[]> {
    const { file, mode, edit } = this.#of
    const settings = await this.#settings(machine)
    if ('fault' in settings) return [{ path: file, byHand: settings.fault }]
    const named = this.#of.read(settings.value, target.registry).ca
    const more = wish.certificates.filter((path) => !named.includes(path))
    if (more.length === 0) return []
    const reason = `names the CA for ${target.registry}; ${this.name} reads it when it starts`
    const make = (text: string): Promise<Edited> => edit(text, target.registry, [...named, ...more])
    const change = await editSettings(machine, file, { reason }, make)
    if (change) return [change]
    const made = await make('')
    if ('unsafe' in made) return [{ path: file, byHand: made.unsafe }]
    return [{ path: file, bytes: Buffer.from(made.text), mode, reason }]
  }

  ask(): Promise<EngineAnswer> {
    return Promise.resolve({ outcome: 'unclear', message: `${this.name} is asked by nobody here` })
  }

  login(): Promise<LoginAnswer> {
    return Promise.resolve({ ok: false, message: `${this.name} keeps its logins in its own settings` })
  }

  async #settings(machine: Machine): Promise<{ readonly value: unknown } | { readonly fault: string }> {
    let file: Awaited<ReturnType<typeof readSettings>>
    try {
      file = await readSettings(machine, this.#of.file)
    } catch (error) {
      return { fault: unreadable(error) }
    }
    if (file === undefined) return { value: {} }
    const read = 'damage' in file ? file : await this.#of.parse(file.text)
    return 'damage' in read ? { fault: damageText(read.damage) } : read
  }
}

export function preparedEngines(): readonly Engine[] {
  return [buildkit, rancher('k3s'), rancher('rke2')].map((program) => new PreparedEngine(program))
}

function textsOf(value: unknown): readonly string[] {
  return [value].flat().filter((entry) => typeof entry === 'string')
}
