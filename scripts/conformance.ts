import {
  CertPool,
  newestGo,
  parseGoVersion,
  readPool,
  tryParseCertificate,
  verify,
  type Certificate,
  type GoVersion,
} from '../src/x509/index.ts'
import { readPem } from '../src/x509/pem.ts'
import {
  ConformanceFileError,
  momentOf,
  readCases,
  type ConformanceCase,
  type Verdict,
} from './conformance-file.ts'

export interface Tally {
  cases: number
  agreed: number
  rejected: number
  texts: number
  /** Columns that name no Go release; each is left out. */
  readonly unknown: Set<string>
}

export function newTally(): Tally {
  return { cases: 0, agreed: 0, rejected: 0, texts: 0, unknown: new Set() }
}

// A column names a line of releases; these are the releases that were run to make the files.
const toolchains: Readonly<Record<string, string>> = {
  '1.19': 'go1.19.8',
  '1.24': 'go1.24.4',
  '1.26': 'go1.26.10',
  '1.27': 'go1.27.3',
}

/**
 * The release that a column stands for: `1.23`, `go1.27.3`, `Go 1.26.x`, `v1.25`; `tip` and its like are the newest
 * whose rules are known here. Undefined for what names none.
 */
export function columnVersion(column: string): GoVersion | undefined {
  const name = column.trim().toLowerCase()
  if (/^(?:go)?[-_ ]?(?:tip|latest|stable|devel|master|main|head)$/.test(name)) return newestGo
  const number = name.replace(/^(?:golang|go|v)[-_: ]*/, '').replace(/\.x$/, '')
  return parseGoVersion(toolchains[number] ?? number)
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
    const go = columnVersion(column)
    if (go === undefined) {
      tally.unknown.add(column)
      continue
    }
    const ours = ourVerdict(test, go)
    const agrees = ours.ok === expected.ok
    // Without a text there is none to compare.
    const told = !expected.ok && expected.error !== undefined
    const sameText = !told || ours.error === expected.error
    tally.cases++
    if (agrees) tally.agreed++
    if (told) tally.rejected++
    if (told && sameText) tally.texts++
    if (!agrees || !sameText) yield `${test.id} go ${column}: Go ${phrase(expected)}; we ${phrase(ours)}`
  }
}

function phrase(verdict: Verdict): string {
  return verdict.ok ? 'accept' : `reject: ${verdict.error ?? 'no text'}`
}

/** 0: all that could be judged agrees; 1: something does not; 2: a file could not be read, or no column judged. */
function main(paths: readonly string[]): number {
  if (paths.length === 0) {
    process.stderr.write('Usage: npm run conformance -- FILE…\n')
    return 2
  }
  const tally = newTally()
  let disagreements = 0
  let damaged = 0
  for (const path of paths) {
    try {
      for (const test of readCases(path)) {
        for (const line of compare(test, tally)) {
          process.stdout.write(`${line}\n`)
          disagreements++
        }
      }
    } catch (error) {
      if (!(error instanceof ConformanceFileError)) throw error
      process.stderr.write(`${error.message}\n`)
      damaged++
    }
  }
  for (const column of tally.unknown) {
    process.stderr.write(`The column ${JSON.stringify(column)} names no Go release; it is left out.\n`)
  }
  const { cases, agreed, rejected, texts } = tally
  process.stdout.write(`agree ${agreed} of ${cases}, error text ${texts} of ${rejected}\n`)
  if (disagreements > 0) return 1
  return damaged > 0 || (cases === 0 && tally.unknown.size > 0) ? 2 : 0
}

if (import.meta.filename === process.argv[1]) process.exitCode = main(process.argv.slice(2))
