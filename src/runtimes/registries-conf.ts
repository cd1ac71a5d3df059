import { posix } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import { damageText } from './config/edit.ts'
import { readSettings, unreadable } from './config/file.ts'
import { readToml, withToml, type TomlPath } from './config/toml.ts'
import type { TrustDirectory, TrustFault } from './engine.ts'
import { matches, rulesIn, type Rule } from './registries-rules.ts'
import { editSettings, type SettingsChange } from './settings.ts'

const SYSTEM = '/etc/containers/registries.conf'

/** What registries.conf(5) says about one registry. */
export type RegistryPolicy = Pick<TrustDirectory, 'insecure' | 'fatal' | 'elsewhere' | 'mirrors'>

/**
 * The settings that podman's library applies to a registry (containers/image sysregistriesv2): a person's own file
 * in place of the system's, then the drop-ins of both, each prefix overriding an earlier one of the same text; of
 * those that match, the longest counts.
 */
export async function readPolicy(machine: Machine, home: string, registry: string): Promise<RegistryPolicy> {
  const found = await ruleFor(machine, home, registry)
  if (found === undefined || 'fatal' in found) return found ?? {}
  const { file, prefix, insecure, blocked } = found
  if (blocked) {
    const message = `registry ${registry} is blocked in ${found.main} or ${ownFile(home)}.d`
    return { fatal: { code: 'registry-blocked', path: file, message } }
  }
  const [to, mirrors] = [contacted(found, registry), found.mirrors.map(registryOf)]
  const fix = `take insecure = true from the [[registry]] of ${prefix} in ${file}`
  return {
    ...(insecure ? { insecure: { path: file, fix } } : {}),
    ...(to === registry ? {} : { elsewhere: { path: file, registry: to } }),
    ...(mirrors.length === 0 ? {} : { mirrors: { path: file, registries: [...new Set(mirrors)] } }),
  }
}

/** The rule of this very registry, with the check on; one that means others as well is left alone. */
export async function strictPolicy(
  machine: Machine,
  home: string,
  registry: string,
): Promise<SettingsChange | undefined> {
  const rule = await ruleFor(machine, home, registry)
  if (rule === undefined || 'fatal' in rule || !rule.insecure) return undefined
  const { file, place } = rule
  if (rule.prefix !== registry)
    return { path: file, byHand: `its rule for ${rule.prefix} means others as well` }
  if (place === undefined) return { path: file, byHand: 'it is in the form before 2018' }
  const path: TomlPath = [...place, 'insecure']
  const reason = `insecure = false for ${registry}: podman's family checks the certificate`
  return editSettings(machine, file, { reason }, async (text) => ({
    ...(await withToml(text, path, false)),
    strict: true,
  }))
}

interface Applied extends Rule {
  /** The file that comes first. */
  readonly main: string
}

async function ruleFor(
  machine: Machine,
  home: string,
  registry: string,
): Promise<Applied | { readonly fatal: TrustFault } | undefined> {
  const own = ownFile(home)
  const main = (await machine.stat(own).catch(() => undefined)) ? own : SYSTEM
  const files = [main, ...(await dropIns(machine, SYSTEM)), ...(await dropIns(machine, own))]
  const rules = new Map<string, Rule>()
  for (const file of files) {
    const found = await readRules(machine, file)
    if (typeof found === 'string')
      return { fatal: { code: 'config-damaged', path: file, message: found, foreseen: false } }
    for (const rule of found) rules.set(rule.prefix, rule)
  }
  const rule = [...rules.values()]
    .filter(({ prefix }) => matches(registry, prefix))
    .reduce<Rule | undefined>(
      (best, next) => (next.prefix.length > (best?.prefix.length ?? -1) ? next : best),
      undefined,
    )
  return rule && { ...rule, main }
}

function ownFile(home: string): string {
  return posix.join(home, '.config/containers/registries.conf')
}

async function dropIns(machine: Machine, main: string): Promise<readonly string[]> {
  const names = (await machine.list(`${main}.d`).catch(() => undefined)) ?? []
  return names.filter((name) => name.endsWith('.conf')).map((name) => posix.join(`${main}.d`, name))
}

/** @returns what is wrong with the file, where it holds no rules */
async function readRules(machine: Machine, path: string): Promise<readonly Rule[] | string> {
  let file: Awaited<ReturnType<typeof readSettings>>
  try {
    file = await readSettings(machine, path)
  } catch (error) {
    return unreadable(error)
  }
  if (file === undefined) return []
  const document = 'damage' in file ? file : await readToml(file.text)
  return 'damage' in document ? damageText(document.damage) : rulesIn(path, document.value)
}

/** The registry that is asked in place of this one: the rule's location takes the place of its prefix. */
function contacted({ prefix, location }: Rule, registry: string): string {
  if (location === undefined || location === '' || prefix.startsWith('*.'))
    return registryOf(location ?? '') || registry
  return registryOf(location + registry.slice(prefix.length))
}

function registryOf(location: string): string {
  return location.replace(/\/.*$/, '')
}
