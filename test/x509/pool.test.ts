import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { CertPool, encodePem, readPool, type PemIssue } from '../../src/x509/index.ts'
import { ecKey, encode, extension, family, go, issue } from './pki.ts'

const { root, intermediate, leaf } = family()
const pem = encodePem(root.der)
const other = encodePem(intermediate.der)

function read(text: string | Buffer): { count: number; ignored: string[] } {
  const { certificates, ignored } = readPool(Buffer.from(text))
  return { count: certificates.length, ignored: ignored.map((issue) => `${issue.line} ${issue.reason}`) }
}

describe('encodePem', () => {
  it('writes what OpenSSL reads: LF, 64 columns, a final newline', () => {
    const lines = pem.split('\n')
    assert.equal(lines[0], '-----BEGIN CERTIFICATE-----')
    assert.equal(lines.at(-2), '-----END CERTIFICATE-----')
    assert.equal(lines.at(-1), '')
    assert.ok(lines.every((line) => line.length <= 64))
    assert.equal(new X509Certificate(pem).raw.equals(root.der), true)
  })
})

describe('readPool: as AppendCertsFromPEM', () => {
  it('reads several blocks, whatever stands between them', () => {
    assert.deepEqual(read(`# Corp\n${pem}junk\n\n${other}`), { count: 2, ignored: [] })
    assert.deepEqual(read(pem.replaceAll('\n', '\r\n')), { count: 1, ignored: [] })
    assert.deepEqual(read(pem.replaceAll('\n', ' \t\n')), { count: 1, ignored: [] })
    assert.deepEqual(read(pem.trimEnd()), { count: 1, ignored: [] })
  })

  it('drops what Go drops, and says why', () => {
    assert.deepEqual(read(`\u{feff}${pem}`), { count: 0, ignored: ['1 bom'] })
    assert.deepEqual(read(`\n  ${pem}`), { count: 0, ignored: ['2 indented'] })
    const glued = pem.trimEnd() + other
    assert.deepEqual(read(glued).count, 0)
    assert.ok(read(glued).ignored.some((issue) => issue.endsWith('glued')))
    const trusted = pem.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE')
    assert.deepEqual(read(trusted), { count: 0, ignored: ['1 not-certificate-label'] })
    const headers = pem.replace('-----\n', '-----\nSubject: Corp Root\n\n')
    assert.deepEqual(read(headers), { count: 0, ignored: ['1 has-headers'] })
    assert.deepEqual(read(pem.replace(/-----END.*/s, '')), { count: 0, ignored: ['1 no-end'] })
    assert.deepEqual(read(pem.replace('M', '!')), { count: 0, ignored: ['1 bad-base64'] })
    assert.deepEqual(read(pem.replace('END CERTIFICATE', 'END CERT')), {
      count: 0,
      ignored: ['1 bad-base64'],
    })
    assert.deepEqual(read(root.der), { count: 0, ignored: ['1 der'] })
    assert.deepEqual(read('hello'), { count: 0, ignored: ['1 not-pem'] })
    assert.deepEqual(read(' \n'), { count: 0, ignored: ['1 empty'] })
    assert.deepEqual(read('-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'), {
      count: 0,
      ignored: ['1 unparsable'],
    })
  })

  it('goes on after a damaged block', () => {
    const damaged = '-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n'
    assert.deepEqual(read(damaged + pem), { count: 1, ignored: ['1 bad-base64'] })
    const open = '-----BEGIN CERTIFICATE-----\nMIIB\n'
    assert.deepEqual(read(open + pem), { count: 1, ignored: ['1 bad-base64'] })
  })

  it('looks for the END line first since 1.24.8 and 1.25.2, for the BEGIN line before', () => {
    const count = (text: string, by: string): number =>
      readPool(Buffer.from(text), go(by)).certificates.length
    const releases = ['1.19', '1.24.7', '1.25.1', '1.24.8', '1.25.2', '1.27']
    const spent = `\n-----END ${pem}`
    assert.deepEqual(
      releases.map((by) => count(spent, by)),
      [0, 0, 0, 1, 1, 1],
      'an END marker that is spent makes the start of a line',
    )
    const run = `-----BEGIN CERTIFICATE-----\n-----END X-----a: b\n${pem}`
    assert.deepEqual(
      releases.map((by) => count(run, by)),
      [1, 1, 1, 0, 0, 0],
      'headers that reach over an END line end it all',
    )
    for (const by of releases) {
      assert.equal(count(`${pem}-----BEGIN CERTIFICATE-----\n${other}`, by), 2, by)
      assert.equal(count(`${pem.trimEnd()}${other}${pem}`, by), 1, by)
      assert.equal(count(`-----BEGIN CERTIFICATE-----\nnote: ${pem}${other}`, by), 1, by)
    }
  })

  it('says what Go has against a certificate, by version', () => {
    const negative = encodePem(encode({ subject: 'x', key: ecKey(), serial: -1n }))
    const { ignored } = readPool(Buffer.from(`\n${negative}`))
    assert.deepEqual(ignored, [
      { line: 2, reason: 'unparsable', message: 'Go refuses the certificate: x509: negative serial number' },
    ])
    assert.equal(readPool(Buffer.from(negative), go('1.22')).certificates.length, 1)
  })

  it('takes no time over files made of BEGIN and END lines', function () {
    this.timeout(60_000)
    const begin = '-----BEGIN CERTIFICATE-----\n'
    const end = '-----END CERTIFICATE-----\n'
    const started = performance.now()
    for (const bomb of [
      begin.repeat(20_000),
      begin.trimEnd().repeat(20_000),
      `${begin}a:b\n`.repeat(10_000),
      end.repeat(20_000),
      begin.repeat(20_000) + end.repeat(20_000),
      `${begin}x`.repeat(20_000) + end,
    ]) {
      for (const by of ['1.24.7', '1.27']) {
        assert.equal(readPool(Buffer.from(bomb), go(by)).certificates.length, 0)
      }
    }
    assert.ok(performance.now() - started < 30_000)
  })
})

describe('CertPool', () => {
  it('holds each certificate once and knows where it came from', () => {
    const pool = CertPool.fromPem(Buffer.from(pem + pem + other), { origin: '/etc/ssl/bundle.crt' })
    assert.equal(pool.size, 2)
    assert.equal(pool.contains(root.certificate), true)
    assert.equal(pool.contains(leaf.certificate), false)
    assert.equal(pool.originOf(root.certificate), '/etc/ssl/bundle.crt')
    pool.add(leaf.certificate, 'given')
    pool.add(leaf.certificate)
    assert.equal(pool.size, 3)
    assert.equal(pool.originOf(leaf.certificate), 'given')
    assert.equal(pool.certificates.length, 3)
  })

  it('finds candidates by the octets of the subject, the matching key identifier first', () => {
    const make = (id?: string) =>
      issue({ subject: 'Same', key: ecKey(), extensions: id === undefined ? [] : [extension.subjectKey(id)] })
        .certificate
    const [other2, none, right] = [make('02'), make(), make('01')]
    const child = issue(
      { subject: 'child', key: ecKey(), extensions: [extension.authorityKey('01')] },
      { name: right.rawSubject, key: ecKey() },
    ).certificate
    assert.deepEqual(CertPool.of(other2, none, right).findCandidates(child), [right, none, other2])
    assert.deepEqual(CertPool.of(root.certificate).findCandidates(child), [])
  })

  it('unites pools in order, without parsing again', () => {
    const first = CertPool.fromPem(Buffer.from(pem), { origin: 'os' })
    const second = CertPool.fromPem(Buffer.from(pem + other), { origin: 'certs.d' })
    const union = CertPool.union(first, second)
    assert.equal(union.size, 2)
    assert.equal(union.originOf(root.certificate), 'os')
    assert.equal(union.originOf(intermediate.certificate), 'certs.d')
  })

  it('reports what it passed over at once, and skips later what turns out to be unparsable', () => {
    const issues: PemIssue[] = []
    const negative = encode({ subject: 'Corp Issuing', key: ecKey(), serial: -1n })
    const mixed = `${encodePem(Buffer.from('3003020101', 'hex'))}${encodePem(negative)}${other}`
    const pool = CertPool.fromPem(Buffer.from(mixed), { onIgnored: (found) => issues.push(found) })
    assert.deepEqual(
      issues.map((found) => found.reason),
      ['unparsable'],
    )
    assert.equal(pool.findCandidates(leaf.certificate).length, 1)
    assert.equal(pool.findCandidates(leaf.certificate, go('1.22')).length, 2)
    assert.equal(pool.certificates.length, 1)
  })
})
