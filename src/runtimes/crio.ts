import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import type { Target } from '../registry/reference.ts'
import { readClassic } from './certs-d.ts'
import { damageText } from './config/edit.ts'
import { readSettings, unreadable } from './config/file.ts'
import { readToml } from './config/toml.ts'
import { firstExisting, SHARED, SYSTEM } from './containers-places.ts'
import { directoryNames } from './directory-names.ts'
import { field } from './docker-api.ts'
import type { Engine, EngineAnswer, EngineSurvey, LoginAnswer, TrustDirectory } from './engine.ts'
import { readPolicy } from './registries-conf.ts'

const CONFIG = '/etc/crio/crio.conf'
/** Each drop-in overrides what was said before it, in the order of the names (crio.conf.d(5)). */
const DROP_INS = '/etc/crio/crio.conf.d'
const MAX_DROP_INS = 64
const ROOT = '/root'

/**
 * CRI-O: podman's library in a daemon, as root. It reads certs.d at each pull (containers-certs.d(5)), registries.conf,
 * and `insecure_registries` of its own settings (crio.conf(5)). By record of its documentation: it is asked by nobody here.
 */
export class CrioEngine implements Engine {
  readonly name = 'cri-o'

  async survey(machine: Machine): Promise<EngineSurvey> {
    const installed = (await machine.which('crio')) !== undefined
    const there = machine.atRest ? 'at-rest' : 'unreachable'
    return {
      ...{ name: this.name, kind: 'daemon', loader: 'containers', installed },
      state: installed ? there : 'absent',
      ...(installed ? { problem: 'nothing of ours speaks to it; it reads certs.d at each pull' } : {}),
      ...{ unasked: true, needed: false, insecureRegistries: [], insecureNetworks: [] },
      ...{ environment: {}, environmentAssumed: true },
    }
  }

  async trustDirectories(machine: Machine, target: Target): Promise<readonly string[]> {
    return Promise.all(
      directoryNames(target).map(async (name) => {
        const [first] = await firstExisting(machine, name, SHARED)
        return posix.join(first?.base ?? SYSTEM, name)
      }),
    )
  }

  async readTrust(machine: Machine, target: Target, survey: EngineSurvey): Promise<TrustDirectory> {
    const reader = { modern: true, family: 'containers', ...(survey.go ? { go: survey.go } : {}) } as const
    const [places, policy, own] = await Promise.all([
      firstExisting(machine, target.registry, SHARED),
      readPolicy(machine, ROOT, target.registry),
      unchecked(machine, target.registry),
    ])
    const [path = posix.join(SYSTEM, target.registry), ...others] = places.map(({ base }) =>
      posix.join(base, target.registry),
    )
    const shadowed = others.map(async (other) => ({
      path: other,
      pool: (await readClassic(machine, other, reader)).pool,
    }))
    const read = await readClassic(machine, path, reader)
    return { ...read, shadowed: await Promise.all(shadowed), ...policy, ...own }
  }

  ask(): Promise<EngineAnswer> {
    return Promise.resolve({ outcome: 'unclear', message: `${this.name} is asked by nobody here` })
  }

  login(): Promise<LoginAnswer> {
    return Promise.resolve({ ok: false, message: `${this.name} keeps its logins in its own settings` })
  }
}

/** Whether its own settings have it pass over a registry's certificate; damage of one of them ends its start. */
async function unchecked(
  machine: Machine,
  registry: string,
): Promise<Pick<TrustDirectory, 'insecure' | 'fatal'>> {
  const names = (await machine.list(DROP_INS).catch(() => [])) ?? []
  const dropIns = names.slice(0, MAX_DROP_INS).map((name) => posix.join(DROP_INS, name))
  let insecure: TrustDirectory['insecure']
  for (const path of [CONFIG, ...dropIns]) {
    const damaged = (message: string): Pick<TrustDirectory, 'fatal'> => ({
      fatal: { code: 'config-damaged', path, message, foreseen: false },
    })
    let file: Awaited<ReturnType<typeof readSettings>>
    try {
      file = await readSettings(machine, path)
    } catch (error) {
      return damaged(unreadable(error))
    }
    if (file === undefined) continue
    const document = 'damage' in file ? file : await readToml(file.text)
    if ('damage' in document) return damaged(damageText(document.damage))
    const listed = field(document.value, 'crio', 'image', 'insecure_registries')
    if (!Array.isArray(listed)) continue
    const fix = `take ${registry} out of insecure_registries in ${path}, then: systemctl reload crio`
    insecure = listed.includes(registry) ? { path, fix } : undefined
  }
  return insecure === undefined ? {} : { insecure }
}
