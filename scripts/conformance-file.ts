import { readFileSync } from 'node:fs'
import { extKeyUsageOids, type ExtKeyUsage } from '../src/x509/index.ts'

/** One certificate chain with what real Go toolchains made of it. */
export interface ConformanceCase {
  readonly id: string
  readonly host: string | null
  readonly time: string
  readonly extKeyUsages: readonly ExtKeyUsage[]
  readonly leaf: string
  readonly intermediates: readonly string[]
  readonly roots: readonly string[]
  readonly go: Readonly<Record<string, Verdict>>
}

export interface Verdict {
  readonly ok: boolean
  readonly error?: string
}

export class ConformanceFileError extends Error {}

/** Reads a file of the format go-x509-verdicts/1; fields that are not there have Go's zero value. */
export function readCases(path: string): readonly ConformanceCase[] {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ConformanceFileError(`${path} cannot be read: ${reason}`)
  }
  if (!isRecord(content) || content['format'] !== 'go-x509-verdicts/1') {
    throw new ConformanceFileError(`${path} is not of the format go-x509-verdicts/1.`)
  }
  const { cases } = content
  if (!Array.isArray(cases)) throw new ConformanceFileError(`${path} has no list of cases.`)
  return cases.map((entry: unknown, index) => {
    const read = isRecord(entry) ? caseOf(entry) : 'it is no object'
    if (typeof read !== 'string') return read
    throw new ConformanceFileError(`${path}: case number ${index + 1} is not complete: ${read}.`)
  })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// A string is what is wrong with it.
function caseOf(entry: Record<string, unknown>): ConformanceCase | string {
  const { id, time, leaf, go, host = null } = entry
  const intermediates = entry['intermediates'] ?? []
  const roots = entry['roots'] ?? []
  const usages = entry['extKeyUsages'] ?? []
  if (typeof id !== 'string') return 'id is no string'
  if (typeof time !== 'string' || Number.isNaN(momentOf(time).getTime())) return `${id} has no time`
  if (typeof leaf !== 'string') return `${id} has no leaf`
  if (host !== null && typeof host !== 'string') return `the host of ${id} is no string`
  if (!isStringList(intermediates) || !isStringList(roots)) return `a pool of ${id} is no list of PEM`
  if (!isStringList(usages) || !usages.every(isUsage)) return `${id} has a key usage that is not known`
  const verdicts = isRecord(go) ? verdictsOf(go) : undefined
  if (verdicts === undefined) return `${id} has no verdicts`
  return { id, host, time, extKeyUsages: usages, leaf, intermediates, roots, go: verdicts }
}

function isStringList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}

function isUsage(usage: string): usage is ExtKeyUsage {
  return Object.hasOwn(extKeyUsageOids, usage)
}

// A toolchain that was not run may have a column of null; undefined for what is no list of verdicts.
function verdictsOf(go: Record<string, unknown>): Record<string, Verdict> | undefined {
  const verdicts: Record<string, Verdict> = {}
  for (const [column, verdict] of Object.entries(go)) {
    if (verdict === null) continue
    if (!isRecord(verdict) || typeof verdict['ok'] !== 'boolean') return undefined
    const { ok, error = null } = verdict
    if (error !== null && typeof error !== 'string') return undefined
    verdicts[column] = error === null ? { ok } : { ok, error }
  }
  return verdicts
}

/** Go counts in nanoseconds, a Date in milliseconds: what lies between two of these belongs to the later. */
export function momentOf(time: string): Date {
  const finer = /\.\d{3}0*[1-9]\d*(?=Z|[+-])/i.test(time)
  return new Date(new Date(time).getTime() + (finer ? 1 : 0))
}
