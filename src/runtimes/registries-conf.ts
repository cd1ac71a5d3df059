import { posix } from 'node:path'
import { errorCode } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { readToml } from './config/toml.ts'
import type { TrustDirectory, TrustFault } from './engine.ts'

const SYSTEM = '/etc/containers/registries.conf'
const LIMIT = 1024 * 1024

/** What registries.conf(5) says about one registry. */
export interface RegistryPolicy {
  readonly insecure?: NonNullable<TrustDirectory['insecure']>
  readonly fatal?: TrustFault
}

interface Rule {
  readonly file: string
  readonly prefix: string
  readonly insecure: boolean
  readonly blocked: boolean
}

/**
 * The settings that podman's library applies to a registry (containers/image sysregistriesv2): a person's own file
 * in place of the system's, then the drop-ins of both, each prefix overriding an earlier one of the same text; of
 * those that match, the longest counts.
 */
export async function readPolicy(machine: Machine, home: string, registry: string): Promise<RegistryPolicy> {
  const own = posix.join(home, '.config/containers/registries.conf')
  const main = (await machine.stat(own).catch(() => undefined)) ? own : SYSTEM
  const files = [main, ...(await dropIns(machine, SYSTEM)), ...(await dropIns(machine, own))]
  const rules = new Map<string, Rule>()
  for (const file of files) {
    const found = await readRules(machine, file)
    if ('fatal' in found) return found
    for (const rule of found.rules) rules.set(rule.prefix, rule)
  }
  const rule = [...rules.values()]
    .filter(({ prefix }) => matches(registry, prefix))
    .reduce<Rule | undefined>(
      (best, next) => (next.prefix.length > (best?.prefix.length ?? -1) ? next : best),
      undefined,
    )
  if (!rule) return {}
  if (rule.blocked) {
    const message = `registry ${registry} is blocked in ${main} or ${own}.d`
    return { fatal: { code: 'registry-blocked', path: rule.file, message } }
  }
  const fix = `take insecure = true from the [[registry]] of ${rule.prefix} in ${rule.file}`
  return rule.insecure ? { insecure: { path: rule.file, fix } } : {}
}

async function dropIns(machine: Machine, main: string): Promise<readonly string[]> {
  const names = (await machine.list(`${main}.d`).catch(() => undefined)) ?? []
  return names.filter((name) => name.endsWith('.conf')).map((name) => posix.join(`${main}.d`, name))
}

async function readRules(
  machine: Machine,
  file: string,
): Promise<{ readonly rules: readonly Rule[] } | { readonly fatal: TrustFault }> {
  const damaged = (message: string): { readonly fatal: TrustFault } => ({
    fatal: { code: 'config-damaged', path: file, message, foreseen: false },
  })
  let text: string | undefined
  try {
    text = (await machine.read(file, LIMIT))?.toString('utf8')
  } catch (error) {
    return damaged(`it cannot be read (${errorCode(error) ?? 'no reason given'})`)
  }
  if (text === undefined) return { rules: [] }
  const document = await readToml(text)
  if ('damage' in document) {
    const { line, column, message } = document.damage
    return damaged(`line ${line}, column ${column}: ${message}`)
  }
  const tables = document.value['registry'] ?? []
  if (!Array.isArray(tables)) return damaged('registry is no array of tables: [[registry]]')
  const rules: Rule[] = []
  for (const table of tables) {
    const rule = ruleOf(file, table)
    if (typeof rule === 'string') return damaged(rule)
    rules.push(rule)
  }
  return { rules: [...rules, ...oldRules(file, document.value['registries'])] }
}

/** @returns what is wrong with it, where it is no rule */
function ruleOf(file: string, table: unknown): Rule | string {
  if (typeof table !== 'object' || table === null) return 'a [[registry]] is no table'
  const { prefix, location, insecure = false, blocked = false } = table as Record<string, unknown>
  const place = prefix ?? location
  if (typeof place !== 'string') return 'a [[registry]] has neither prefix nor location'
  if (typeof insecure !== 'boolean' || typeof blocked !== 'boolean') {
    return `insecure and blocked of ${place} are true or false, without quotes`
  }
  return { file, prefix: place.replace(/\/+$/, ''), insecure, blocked }
}

/** The form before 2018, which is read all the same: `[registries.insecure] registries = […]`. */
function oldRules(file: string, value: unknown): readonly Rule[] {
  const listed = (kind: string): readonly string[] => {
    const part: unknown = (value as Record<string, { registries?: unknown } | undefined> | undefined)?.[kind]
      ?.registries
    return Array.isArray(part) ? part.filter((entry) => typeof entry === 'string') : []
  }
  const [insecure, blocked] = [listed('insecure'), listed('block')]
  return [...new Set([...insecure, ...blocked])].map((prefix) => ({
    file,
    prefix,
    insecure: insecure.includes(prefix),
    blocked: blocked.includes(prefix),
  }))
}

/** containers/image refMatchingPrefix: `corp` matches `corp:5000`, too; `*.corp` matches any host below. */
function matches(registry: string, prefix: string): boolean {
  if (prefix.startsWith('*.')) {
    const host = registry.replace(/:\d+$/, '')
    return host.endsWith(prefix.slice(1)) && host.length > prefix.length - 1
  }
  return registry === prefix || (registry.startsWith(prefix) && registry[prefix.length] === ':')
}
