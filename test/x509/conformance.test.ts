import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readCases, type ConformanceCase } from '../../scripts/conformance-file.ts'
import { columnVersion, compare, newTally, ourVerdict } from '../../scripts/conformance.ts'
import { encodePem, newestGo } from '../../src/x509/index.ts'
import { family, go, noon } from './pki.ts'
import { leaveOut } from '../support/left-out.ts'

const repository = resolve(import.meta.dirname, '../..')
const folder = process.env['TRUST_REGISTRY_CONFORMANCE'] ?? resolve(repository, '../shared/conformance')

describe('conformance with real Go toolchains', () => {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : []

  function assertAgreement(...paths: readonly string[]): void {
    const tally = newTally()
    const lines = paths.flatMap(readCases).flatMap((test) => [...compare(test, tally)])
    assert.deepEqual(lines, [])
    assert.ok(tally.cases > 0)
    assert.equal(tally.unknown.size, 0)
    assert.equal(tally.agreed, tally.cases)
    assert.equal(tally.texts, tally.rejected)
  }

  it('agrees on every verdict and every text of the chains made at random', function () {
    this.timeout(60_000)
    assertAgreement(join(import.meta.dirname, 'verdicts.json'))
  })

  it('agrees on chains of ML-DSA, which Go knows since 1.27', () => {
    assertAgreement(join(import.meta.dirname, 'ml-dsa.json'))
  })

  it('agrees on every verdict and every text of the files at hand', function () {
    if (files.length === 0) leaveOut(this, 'no conformance files')
    this.timeout(60_000)
    assertAgreement(...files.map((name) => join(folder, name)))
  })
})

describe('npm run conformance', () => {
  const { root, intermediate, leaf } = family()
  const accepted: ConformanceCase = {
    id: 'mine::1',
    host: 'registry.example',
    time: noon.toISOString(),
    extKeyUsages: ['serverAuth'],
    leaf: encodePem(leaf.der),
    intermediates: [encodePem(intermediate.der)],
    roots: [encodePem(root.der)],
    go: { '1.19': { ok: true }, '1.27': { ok: true } },
  }
  const unknown = 'x509: certificate signed by unknown authority'
  const rejected: ConformanceCase = {
    ...accepted,
    id: 'mine::2',
    roots: [],
    go: { '1.24': { ok: false, error: unknown } },
  }

  function run(...contents: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    const directory = mkdtempSync(join(tmpdir(), 'conformance-'))
    const paths = contents.map((_, index) => join(directory, `${index}.json`))
    for (const [index, content] of contents.entries()) writeFileSync(paths[index] ?? '', content)
    const script = join(repository, 'scripts/conformance.ts')
    const result = spawnSync(process.execPath, ['--import', 'tsx', script, ...paths], {
      cwd: repository,
      encoding: 'utf8',
    })
    rmSync(directory, { recursive: true })
    return result
  }

  const file = (...cases: readonly ConformanceCase[]): string =>
    JSON.stringify({ format: 'go-x509-verdicts/1', cases })

  it('prints one line when all agrees', () => {
    const { status, stdout } = run(file(accepted, rejected))
    assert.equal(stdout, 'agree 3 of 3, error text 1 of 1\n')
    assert.equal(status, 0)
  })

  it('prints a line for each disagreement and ends with 1', () => {
    const wrong = { ...rejected, go: { '1.24': { ok: true }, '1.27': { ok: false, error: 'x509: other' } } }
    const { status, stdout } = run(file(wrong))
    assert.deepEqual(stdout.split('\n'), [
      `mine::2 go 1.24: Go accept; we reject: ${unknown}`,
      `mine::2 go 1.27: Go reject: x509: other; we reject: ${unknown}`,
      'agree 1 of 2, error text 0 of 1',
      '',
    ])
    assert.equal(status, 1)
  })

  it('ends with 2 and a sentence for a file of another kind', () => {
    const notJson = run('no json')
    assert.equal(notJson.status, 2)
    assert.match(notJson.stderr, /cannot be read: /)
    const other = run('{"format":"other/1","cases":[]}')
    assert.equal(other.status, 2)
    assert.match(other.stderr, /is not of the format go-x509-verdicts\/1\.\n$/)
    const broken = run(JSON.stringify({ format: 'go-x509-verdicts/1', cases: [{ id: 'x' }] }))
    assert.equal(broken.status, 2)
    assert.match(broken.stderr, /case number 1 is not complete: x has no time\.\n$/)
  })

  it('takes a case of the least fields, of fields that it does not know, and of other columns', () => {
    const { id, time, leaf: pem, intermediates, roots } = accepted
    const least = { id, time, leaf: pem, maxDepth: 8, go: { '1.25': { ok: false, error: unknown } } }
    const usages = ['OCSPSigning', 'netscapeServerGatedCrypto', 'serverAuth']
    const more = { ...least, intermediates, roots, host: null, extKeyUsages: usages, features: ['x'] }
    const columns = { '1.21.13': { ok: true }, 'go1.26.2': { ok: true }, '1.27': { ok: true } }
    const content = { format: 'go-x509-verdicts/1', cases: [least, { ...more, go: columns }] }
    const { status, stdout, stderr } = run(JSON.stringify(content))
    assert.equal(stdout, 'agree 4 of 4, error text 1 of 1\n', stderr)
    assert.equal(status, 0)
  })

  it('knows a release by the names that people give it', () => {
    const names = ['1.23', '1.25', 'go1.27.3', 'Go 1.26.x', 'v1.24', 'golang-1.19', 'go1.27rc1', '1.26']
    assert.deepEqual(
      names.map((name) => columnVersion(name)?.text),
      ['go1.23', 'go1.25', 'go1.27.3', 'go1.26.10', 'go1.24.4', 'go1.19.8', 'go1.27rc1', 'go1.26.10'],
    )
    for (const name of ['tip', 'gotip', 'go tip', 'devel', 'master', 'latest', 'stable']) {
      assert.equal(columnVersion(name), newestGo, name)
    }
    for (const name of ['', 'rustls', 'openssl-3.5', '2.0', '1', 'x.tip', '1.2.3.4']) {
      assert.equal(columnVersion(name), undefined, name)
    }
  })

  it('leaves out a column that names no release, says so once, and judges the others', () => {
    const columns = { rustls: { ok: false }, tip: { ok: true }, '1.25': { ok: true }, 'go1.27.3': null }
    const mixed = { ...accepted, go: columns }
    const content = JSON.stringify({ format: 'go-x509-verdicts/1', cases: [mixed, mixed] })
    const { status, stdout, stderr } = run(content)
    assert.equal(stderr, 'The column "rustls" names no Go release; it is left out.\n')
    assert.deepEqual([status, stdout], [0, 'agree 4 of 4, error text 0 of 0\n'])
    const none = run(file({ ...accepted, go: { openssl: { ok: true } } }))
    assert.deepEqual([none.status, none.stdout], [2, 'agree 0 of 0, error text 0 of 0\n'], none.stderr)
  })

  it('takes several files, an empty list, a byte order mark, a rejection without a text', () => {
    const untold = { ...rejected, go: { '1.24': { ok: false } } }
    const { status, stdout, stderr } = run(file(), `\uFEFF${file(accepted)}`, file(untold))
    assert.deepEqual([status, stdout], [0, 'agree 3 of 3, error text 0 of 0\n'], stderr)
  })

  it('judges the other files beside a damaged one, and ends with 2; a disagreement goes before that', () => {
    const beside = run('{"format":', file(accepted))
    assert.match(beside.stderr, /0\.json cannot be read: .*JSON/)
    assert.deepEqual([beside.status, beside.stdout], [2, 'agree 2 of 2, error text 0 of 0\n'])
    const wrong = file({ ...accepted, go: { '1.27': { ok: false, error: 'x509: other' } } })
    assert.equal(run('{}', wrong).status, 1)
  })

  it('counts what lies within a second', () => {
    const end = '2027-06-01T12:00:00'
    const verdict = (time: string): boolean => ourVerdict({ ...accepted, time }, go('1.27')).ok
    assert.deepEqual(
      [`${end}Z`, `${end}.000Z`, `${end}.000000001Z`, `${end}.0000000010+00:00`, `${end}.5Z`].map(verdict),
      [true, true, false, false, false],
    )
  })

  it('reads a leaf by the rules of the column', () => {
    assert.deepEqual(ourVerdict({ ...accepted, leaf: '' }, go('1.27')), {
      ok: false,
      error: 'x509: malformed certificate',
    })
  })
})
