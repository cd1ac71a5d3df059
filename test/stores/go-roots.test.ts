import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { dirname } from 'node:path'
import { createCa, type Certificate } from '../../fixtures/pki.ts'
import { readGoRoots, type GoRoots } from '../../src/stores/go-roots.ts'
import { parseCertificate } from '../../src/x509/index.ts'
import { leaveOut } from '../support/left-out.ts'
import { throwaway, unprivileged } from '../machine/throwaway.ts'

const BUNDLE = '/etc/ssl/certs/ca-certificates.crt'

describe('stores/go-roots', () => {
  const { machine, path } = throwaway()
  let a: Certificate, b: Certificate, c: Certificate
  before(async function () {
    if (process.platform === 'win32') leaveOut(this, 'Go reads no files on Windows')
    const [one, two, three] = await Promise.all(
      ['a', 'b', 'c'].map((name) => createCa({ name, keyKind: 'p-256' })),
    )
    assert.ok(one && two && three)
    ;[a, b, c] = [one, two, three]
  })

  const put = (name: string, ...content: readonly (Certificate | string | Buffer)[]): void => {
    fs.mkdirSync(dirname(path(name)), { recursive: true })
    const parts = content.map((part) => (typeof part === 'object' && 'pem' in part ? part.pem : part))
    fs.writeFileSync(path(name), parts.length === 1 ? (parts[0] ?? '') : parts.join(''))
  }
  const link = (target: string, name: string): void => {
    fs.mkdirSync(dirname(path(name)), { recursive: true })
    fs.symlinkSync(target, path(name))
  }
  /** Which of the three are in, and where from. */
  const found = ({ pool }: GoRoots): Record<string, string | undefined> =>
    Object.fromEntries(
      Object.entries({ a, b, c }).flatMap(([name, { certificate }]) => {
        const parsed = parseCertificate(certificate)
        return pool.contains(parsed) ? [[name, pool.originOf(parsed)]] : []
      }),
    )

  it('finds nothing on a bare machine', async () => {
    const roots = await readGoRoots(machine())
    assert.deepEqual(
      [roots.pool.size, roots.changedMs, roots.partial, roots.bundle],
      [0, 0, false, undefined],
    )
  })

  it('takes the first file that can be read, even an empty one, and all folders', async () => {
    put('/etc/ssl/cert.pem', a)
    assert.deepEqual(found(await readGoRoots(machine())), { a: '/etc/ssl/cert.pem' })
    put('/etc/pki/tls/certs/ca-bundle.crt', b)
    assert.deepEqual(found(await readGoRoots(machine())), { b: '/etc/pki/tls/certs/ca-bundle.crt' })
    put(BUNDLE, '')
    const roots = await readGoRoots(machine())
    // The second bundle lies in a folder of the list, the last one does not.
    assert.deepEqual(found(roots), { b: '/etc/pki/tls/certs/ca-bundle.crt' })
    assert.equal(roots.bundle, BUNDLE)
  })

  it('passes over a directory that stands in a file’s place', async () => {
    fs.mkdirSync(path(BUNDLE), { recursive: true })
    put('/etc/ssl/ca-bundle.pem', a, b)
    const roots = await readGoRoots(machine())
    assert.deepEqual(Object.keys(found(roots)), ['a', 'b'])
    assert.equal(roots.bundle, '/etc/ssl/ca-bundle.pem')
  })

  it('reads every file of a folder, whatever its name, and no folder below', async () => {
    put('/etc/ssl/certs/no-extension', a)
    put('/etc/ssl/certs/below/b.crt', b)
    put('/etc/pki/tls/certs/readme.txt', `a text\n${c.pem}another`)
    assert.deepEqual(Object.keys(found(await readGoRoots(machine()))), ['a', 'c'])
  })

  it('takes PEM alone', async () => {
    put('/etc/ssl/certs/a.crt', a.certificate)
    put('/etc/ssl/certs/b.crt', b.pem.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'))
    assert.equal((await readGoRoots(machine())).pool.size, 0)
  })

  it('skips links within the folder and follows others', async () => {
    put('/usr/share/a.crt', a)
    link('../../../usr/share/a.crt', '/etc/ssl/certs/a.pem')
    put('/etc/ssl/b.crt', b)
    link('b.crt', '/etc/ssl/certs/0123abcd.0')
    fs.renameSync(path('/etc/ssl/b.crt'), path('/etc/ssl/certs/b.crt'))
    link('nowhere/at/all', '/etc/ssl/certs/dangling')
    const roots = await readGoRoots(machine())
    assert.deepEqual(found(roots), { a: '/etc/ssl/certs/a.pem', b: '/etc/ssl/certs/b.crt' })
    assert.equal(roots.partial, false)
  })

  it('counts a certificate once', async () => {
    put(BUNDLE, a, b)
    put('/etc/ssl/certs/a.pem', a)
    const roots = await readGoRoots(machine())
    assert.equal(roots.pool.size, 2)
    assert.deepEqual(found(roots), { a: BUNDLE, b: BUNDLE })
  })

  it('reads a certificate from its own file where the bundle holds its text and yet not the certificate', async () => {
    // A BEGIN that does not begin its line is none to Go (encoding/pem).
    put(BUNDLE, b, 'glued to what comes: ', a)
    put('/etc/ssl/certs/a.pem', a)
    put('/etc/ssl/certs/b.pem', b)
    assert.deepEqual(found(await readGoRoots(machine())), { a: '/etc/ssl/certs/a.pem', b: BUNDLE })
  })

  it('obeys SSL_CERT_FILE and SSL_CERT_DIR, each for itself', async () => {
    put(BUNDLE, a)
    put('/own/file.pem', b)
    put('/own/dir/c', c)
    const keys = async (env: Parameters<typeof readGoRoots>[1]) =>
      Object.keys(found(await readGoRoots(machine(), env)))
    assert.deepEqual(await keys({}), ['a'])
    // The folder of the list still holds the usual bundle.
    assert.deepEqual(await keys({ SSL_CERT_FILE: '/own/file.pem' }), ['a', 'b'])
    assert.deepEqual(await keys({ SSL_CERT_DIR: '/own/dir' }), ['a', 'c'])
    assert.deepEqual(await keys({ SSL_CERT_DIR: '/none::/own/dir' }), ['a', 'c'])
    assert.deepEqual(await keys({ SSL_CERT_FILE: '/own/file.pem', SSL_CERT_DIR: '/own/dir' }), ['b', 'c'])
    assert.deepEqual(await keys({ SSL_CERT_FILE: '', SSL_CERT_DIR: '' }), ['a'])
    assert.deepEqual(await keys({ SSL_CERT_FILE: '/none', SSL_CERT_DIR: '/none' }), [])
    fs.writeFileSync(path('stray.pem'), c.pem)
    assert.deepEqual(await keys({ SSL_CERT_FILE: '/none', SSL_CERT_DIR: ':' }), [])
  })

  it('says that something was out of its sight, and reads on', async () => {
    put(BUNDLE, a)
    put('/etc/ssl/ca-bundle.pem', b)
    put('/etc/pki/tls/certs/c.pem', c)
    const closed = async (name: string, mode: number): Promise<GoRoots> => {
      const before = fs.statSync(path(name)).mode
      fs.chmodSync(path(name), mode)
      const roots = await unprivileged(() => readGoRoots(machine()))
      fs.chmodSync(path(name), before)
      return roots
    }
    for (const [name, mode, expected] of [
      [BUNDLE, 0o000, ['b', 'c']],
      ['/etc/ssl/certs', 0o000, ['b', 'c']],
      ['/etc/ssl/certs', 0o444, ['b', 'c']],
      ['/etc/pki/tls/certs', 0o000, ['a']],
      ['/etc/pki/tls/certs', 0o444, ['a']],
    ] as const) {
      const roots = await closed(name, mode)
      assert.deepEqual(
        [Object.keys(found(roots)), roots.partial],
        [expected, true],
        `${name} ${mode.toString(8)}`,
      )
    }
    assert.equal((await unprivileged(() => readGoRoots(machine()))).partial, false)
  })

  it('knows the youngest change, behind links too', async () => {
    const at = (name: string, seconds: number): void => {
      fs.lutimesSync(path(name), seconds, seconds)
    }
    put('/etc/pki/extracted/bundle.pem', a)
    link('../../extracted/bundle.pem', '/etc/pki/tls/certs/ca-bundle.crt')
    put('/etc/ssl/certs/b.pem', b)
    at('/etc/pki/tls/certs/ca-bundle.crt', 1000)
    at('/etc/ssl/certs/b.pem', 2000)
    at('/etc/pki/extracted/bundle.pem', 3000)
    assert.equal((await readGoRoots(machine())).changedMs, 3_000_000)
    at('/etc/ssl/certs/b.pem', 4000)
    assert.equal((await readGoRoots(machine())).changedMs, 4_000_000)
    at('/etc/pki/tls/certs/ca-bundle.crt', 5000)
    assert.equal((await readGoRoots(machine())).changedMs, 5_000_000)
  })

  it('survives links in a circle', async () => {
    link('/etc/ssl/certs/y', '/etc/ssl/certs/x')
    link('/etc/ssl/certs/x', '/etc/ssl/certs/y')
    put('/etc/ssl/certs/z', a)
    assert.deepEqual(Object.keys(found(await readGoRoots(machine()))), ['a'])
  })
})
