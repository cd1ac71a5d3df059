import type { TomlPath } from './config/toml.ts'

/** One entry of registries.conf(5). */
export interface Rule {
  readonly file: string
  readonly prefix: string
  readonly location?: string
  /** Locations that are asked first, for pulls. */
  readonly mirrors: readonly string[]
  readonly insecure: boolean
  readonly blocked: boolean
  /** Its table in the file; absent in the form before 2018. */
  readonly place?: TomlPath
}

/** @returns what is wrong with it, where it is no file of rules */
export function rulesIn(file: string, document: Readonly<Record<string, unknown>>): readonly Rule[] | string {
  const tables = document['registry'] ?? []
  if (!Array.isArray(tables)) return 'registry is no array of tables: [[registry]]'
  const rules: Rule[] = []
  for (const [index, table] of tables.entries()) {
    const rule = ruleOf(file, table, ['registry', index])
    if (typeof rule === 'string') return rule
    rules.push(rule)
  }
  return [...rules, ...oldRules(file, document['registries'])]
}

function ruleOf(file: string, table: unknown, place: TomlPath): Rule | string {
  if (typeof table !== 'object' || table === null) return 'a [[registry]] is no table'
  const { prefix, location, insecure = false, blocked = false, mirror } = table as Record<string, unknown>
  const name = prefix ?? location
  if (typeof name !== 'string') return 'a [[registry]] has neither prefix nor location'
  if (typeof insecure !== 'boolean' || typeof blocked !== 'boolean') {
    return `insecure and blocked of ${name} are true or false, without quotes`
  }
  const base = {
    file,
    prefix: name.replace(/\/+$/, ''),
    mirrors: locations(mirror),
    insecure,
    blocked,
    place,
  }
  return typeof location === 'string' ? { ...base, location: location.replace(/\/+$/, '') } : base
}

function locations(mirrors: unknown): readonly string[] {
  return [mirrors].flat().flatMap((mirror: unknown) => {
    const { location } = (mirror ?? {}) as Record<string, unknown>
    return typeof location === 'string' ? [location] : []
  })
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
    ...{ file, prefix, mirrors: [] },
    insecure: insecure.includes(prefix),
    blocked: blocked.includes(prefix),
  }))
}

/** containers/image refMatchingPrefix: `corp` matches `corp:5000`, too; `*.corp` matches any host below. */
export function matches(registry: string, prefix: string): boolean {
  if (prefix.startsWith('*.')) {
    const host = registry.replace(/:\d+$/, '')
    return host.endsWith(prefix.slice(1)) && host.length > prefix.length - 1
  }
  return registry === prefix || (registry.startsWith(prefix) && registry[prefix.length] === ':')
}
