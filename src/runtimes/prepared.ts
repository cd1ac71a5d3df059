import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import { shellWord } from '../machine/shell.ts'
import type { Target } from '../registry/reference.ts'
import type { Certificate } from '../x509/index.ts'
import { loadAuthorities } from './certs-authorities.ts'
import { damageText, type Edited } from './config/edit.ts'
import { readSettings, unreadable } from './config/file.ts'
import type { Engine, EngineAnswer, EngineSurvey, LoginAnswer, TrustDirectory } from './engine.ts'
import { PROGRAMS, type Named, type PreparedProgram } from './prepared-programs.ts'
import { editSettings, type LeftAlone, type SettingsChange, type Wish } from './settings.ts'

const NO_FILE = 'CA.pem'

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
    const named = this.#of.read(settings.value, target.registry)
    const more = lacking(named, wish)
    const what = [
      ...(more.ca.length > 0 ? ['the CA'] : []),
      ...(more.clients.length > 0 ? ['the client certificate'] : []),
    ]
    if (what.length === 0) return []
    const reason = `names ${what.join(' and ')} for ${target.registry}; ${this.name} reads it when it starts`
    const make = (text: string): Promise<Edited> => edit(text, target.registry, named, more)
    const change = await editSettings(machine, file, { reason }, make)
    if (change && 'byHand' in change)
      return [{ ...change, untold: true, ...this.#joined(machine, target, named, more, wish) }]
    if (change) return [change]
    const made = await make('')
    if ('unsafe' in made) return [{ path: file, byHand: made.unsafe, untold: true }]
    return [{ path: file, bytes: Buffer.from(made.text), mode, reason }]
  }

  async lacking(
    machine: Machine,
    target: Target,
    certificates: readonly Certificate[],
  ): Promise<readonly Certificate[]> {
    const settings = await this.#settings(machine)
    const named = 'fault' in settings ? [] : this.#of.read(settings.value, target.registry).ca
    const [ours] = await this.trustDirectories(machine, target)
    const theirs = named.filter((path) => !path.startsWith(`${ours ?? ''}/trust-registry-`))
    const { pool } = await loadAuthorities(machine, theirs, undefined)
    return certificates.filter((certificate) => !pool.contains(certificate))
  }

  /** One file of CAs takes the place of the one that is named: that one may be for others as well. */
  #joined(machine: Machine, target: Target, { ca }: Named, more: Named, wish: Wish): Pick<LeftAlone, 'fix'> {
    const [old] = ca
    const { single, file, certificates } = this.#of
    if (single !== true || old === undefined || more.ca.length === 0) return {}
    // The caller's own files lie on the caller's computer, whatever the machine.
    const given = machine.kind === 'local' && wish.given ? wish.given : NO_FILE
    const directory = posix.join(certificates, target.registry)
    // The shell empties a file before it reads it: what is named is never written over.
    const path = ['ca.pem', 'ca-2.pem']
      .map((name) => posix.join(directory, name))
      .find((name) => name !== old)
    const [folder, both] = [directory, path ?? directory].map(shellWord)
    const fix = [
      `mkdir -p ${folder ?? ''} && { cat ${shellWord(old)} && echo && cat ${given}; } > ${both ?? ''}      # the CA as PEM`,
      `# in ${shellWord(file)}, configs."${target.registry}".tls: ca_file: ${both ?? ''}; then restart ${this.name}`,
    ]
    return { fix }
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
  return PROGRAMS.map((program) => new PreparedEngine(program))
}

/** What is wished for and not named yet. */
function lacking(named: Named, { certificates, clients = [] }: Wish): Named {
  const pairs = new Set(named.clients.map((pair) => JSON.stringify(pair)))
  return {
    ca: certificates.filter((path) => !named.ca.includes(path)),
    clients: clients.filter((pair) => !pairs.has(JSON.stringify(pair))),
  }
}
