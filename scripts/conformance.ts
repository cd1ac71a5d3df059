import { readFileSync } from 'node:fs'
import {
  CertPool,
  parseGoVersion,
  readPool,
  tryParseCertificate,
  verify,
  type Certificate,
  type ExtKeyUsage,
  type GoVersion,
} from '../src/x509/index.ts'
import { extKeyUsageOids } from '../src/x509/index.ts'
import { readPem } from '../src/x509/pem.ts'

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

export interface Tally {
  cases: number
  agreed: number
  rejected: number
  texts: number
}

// A column names a line of releases; these are the releases that were run to make the files.
const toolchains: Readonly<Record<string, string>> = {
  '1.19': 'go1.19.8',
  '1.24': 'go1.24.4',
  '1.26': 'go1.26.10',
  '1.27': 'go1.27.3',
}

export class ConformanceFileError extends Error {}

/** Reads a file of the format go-x509-verdicts/1; fields that are not there have Go's zero value. */
export function readCases(path: string): readonly ConformanceCase[] {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
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
  if (!isRecord(go) || !isVerdicts(go)) return `${id} has no verdicts`
  return { id, host, time, extKeyUsages: usages, leaf, intermediates, roots, go }
}

function isStringList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}

function isUsage(usage: string): usage is ExtKeyUsage {
  return Object.hasOwn(extKeyUsageOids, usage)
}

function isVerdicts(go: Record<string, unknown>): go is Record<string, Verdict> {
  return Object.values(go).every((verdict) => isRecord(verdict) && typeof verdict['ok'] === 'boolean')
}

/** Go counts in nanoseconds, a Date in milliseconds: what lies between two of these belongs to the later. */
function momentOf(time: string): Date {
  const finer = /\.\d{3}0*[1-9]\d*(?=Z|[+-])/i.test(time)
  return new Date(new Date(time).getTime() + (finer ? 1 : 0))
}

/** What we say Go says. */
export function ourVerdict(test: ConformanceCase, go: GoVersion): Verdict {
  const [block] = readPem(Buffer.from(test.leaf))
  const leaf = tryParseCertificate(block?.bytes ?? Buffer.alloc(0), go)
  if (leaf instanceof Error) return { ok: false, error: leaf.message }
  const result = verify(leaf, {
    at: momentOf(test.time),
    intermediates: CertPool.of(...certificates(test.intermediates, go)),
    roots: CertPool.of(...certificates(test.roots, go)),
    extKeyUsages: test.extKeyUsages,
    go,
    ...(test.host === null ? {} : { host: test.host }),
  })
  return result.ok ? { ok: true } : { ok: false, error: result.error.message }
}

function certificates(pems: readonly string[], go: GoVersion): readonly Certificate[] {
  return pems.flatMap((pem) => readPool(Buffer.from(pem), go).certificates)
}

/** Adds a case to the tally; yields a line for every column in which we disagree. */
export function* compare(test: ConformanceCase, tally: Tally): Generator<string> {
  for (const [column, expected] of Object.entries(test.go)) {
    const go = parseGoVersion(toolchains[column] ?? column)
    if (go === undefined) throw new ConformanceFileError(`${test.id}: ${column} is not a Go version.`)
    const ours = ourVerdict(test, go)
    const agrees = ours.ok === expected.ok
    const sameText = ours.error === expected.error
    tally.cases++
    if (agrees) tally.agreed++
    if (!expected.ok) tally.rejected++
    if (!expected.ok && sameText) tally.texts++
    if (!agrees || !sameText) yield `${test.id} go ${column}: Go ${phrase(expected)}; we ${phrase(ours)}`
  }
}

function phrase(verdict: Verdict): string {
  return verdict.ok ? 'accept' : `reject: ${verdict.error ?? 'no text'}`
}

function main(paths: readonly string[]): number {
  if (paths.length === 0) {
    process.stderr.write('Usage: npm run conformance -- FILE…\n')
    return 2
  }
  const tally: Tally = { cases: 0, agreed: 0, rejected: 0, texts: 0 }
  let disagreements = 0
  try {
    for (const test of paths.flatMap(readCases)) {
      for (const line of compare(test, tally)) {
        process.stdout.write(`${line}\n`)
        disagreements++
      }
    }
  } catch (error) {
    if (!(error instanceof ConformanceFileError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 2
  }
  const { cases, agreed, rejected, texts } = tally
  process.stdout.write(`agree ${agreed} of ${cases}, error text ${texts} of ${rejected}\n`)
  return disagreements === 0 ? 0 : 1
}

if (import.meta.filename === process.argv[1]) process.exitCode = main(process.argv.slice(2))
