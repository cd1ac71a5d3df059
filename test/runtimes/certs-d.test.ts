import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { createCa, type Certificate } from '../../fixtures/pki.ts'
import { parseRegistry } from '../../src/registry/reference.ts'
import { misnamed, readClassic, type ClassicReader } from '../../src/runtimes/certs-d.ts'
import { parseCertificate } from '../../src/x509/index.ts'
import { leaveOut } from '../support/left-out.ts'
import { throwaway, unprivileged } from '../machine/throwaway.ts'

const BASE = '/etc/docker/certs.d'
const DIR = `${BASE}/reg:5000`

describe('runtimes/certs-d: what the classic loader reads', () => {
  const { machine, path } = throwaway()
  let a: Certificate, b: Certificate
  before(async function () {
    if (process.platform === 'win32') leaveOut(this, 'no colon may stand in a name on Windows')
    ;[a, b] = await Promise.all([
      createCa({ name: 'a', keyKind: 'p-256' }),
      createCa({ name: 'b', keyKind: 'p-256' }),
    ])
  })
  beforeEach(() => {
    fs.mkdirSync(path(DIR), { recursive: true })
  })

  const put = (name: string, content: string | Buffer = ''): void => {
    fs.writeFileSync(path(`${DIR}/${name}`), content)
  }
  const read = async (engine: ClassicReader = { modern: true }) => {
    const trust = await readClassic(machine(), DIR, engine)
    const subjects = trust.pool.certificates.map(({ subject }) => String(subject.commonName))
    const ignored = trust.ignored.map((file) => file.path.slice(DIR.length + 1))
    return {
      ...trust,
      subjects: subjects.sort(),
      ignored,
      reasons: trust.ignored.map(({ reason }) => reason),
    }
  }

  it('is content without a directory', async () => {
    fs.rmdirSync(path(DIR))
    const { state, fatal, pool } = await read()
    assert.deepEqual([state, fatal, pool.size], ['absent', undefined, 0])
  })

  it('takes every PEM of every .crt', async () => {
    put('ca.crt', `text\r\n${a.pem.replaceAll('\n', '\r\n')}\n${b.pem}`)
    const { subjects, ignored, state, fatal, symlink, pool } = await read()
    assert.deepEqual([subjects, ignored, state, fatal, symlink], [['a', 'b'], [], 'read', undefined, false])
    assert.equal(pool.originOf(parseCertificate(b.certificate)), `${DIR}/ca.crt`)
  })

  it('drops what is no PEM certificate, without complaint but for ours', async () => {
    put('der.crt', a.certificate)
    put('garbage.crt', 'hello')
    put('key.crt', a.key)
    put('broken.crt', `-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n${b.pem}`)
    const { subjects, ignored, reasons, fatal } = await read()
    assert.deepEqual([subjects, fatal], [['b'], undefined])
    assert.deepEqual(ignored, ['broken.crt', 'der.crt', 'garbage.crt', 'key.crt'])
    assert.ok(reasons.every((reason) => reason !== ''))
  })

  it('reads .crt alone, and names what was meant', async () => {
    const meant = ['ca.cer', 'ca.crt.bak', 'ca.der', 'ca.pem', 'CA.PEM']
    for (const name of [...meant, 'ca.CRT', 'README', 'notes.txt', 'crt']) put(name, a.pem)
    const { subjects, ignored, state } = await read()
    assert.deepEqual([subjects, state], [[], 'read'])
    assert.deepEqual(ignored, meant.sort())
  })

  for (const [modern, hint] of [
    [true, 'CA certificates must use the extension .crt'],
    [false, 'Note that CA certificates should use the extension .crt'],
  ] as const) {
    it(`stops at a certificate without its key, ${modern ? 'since 23.0' : 'up to 20.10'}`, async () => {
      put('client.cert', a.pem)
      assert.deepEqual((await read({ modern })).fatal, {
        code: 'client-cert-orphan',
        path: `${DIR}/client.cert`,
        message: `missing key client.key for client certificate client.cert. ${hint}`,
      })
    })
  }

  it('stops at a key without its certificate', async () => {
    put('ca.crt', a.pem)
    put('domain.key', a.key)
    const { fatal, subjects } = await read()
    assert.deepEqual(fatal, {
      code: 'client-key-orphan',
      path: `${DIR}/domain.key`,
      message: 'missing client certificate domain.cert for key domain.key',
    })
    assert.deepEqual(subjects, ['a'])
  })

  it('takes a pair, and pairs names whole', async () => {
    put('client.cert', a.pem)
    put('client.key', a.key)
    assert.equal((await read()).fatal, undefined)
    put('x.client.key', a.key)
    assert.match((await read()).fatal?.message ?? '', /^missing client certificate x\.client\.cert for/)
  })

  it('stops at the first fault in the order of the names', async () => {
    put('b.key', a.key)
    put('a.cert', a.pem)
    fs.mkdirSync(path(`${DIR}/c.crt`))
    assert.equal((await read()).fatal?.path, `${DIR}/a.cert`)
    fs.rmSync(path(`${DIR}/a.cert`))
    assert.equal((await read()).fatal?.path, `${DIR}/b.key`)
    fs.rmSync(path(`${DIR}/b.key`))
    assert.equal((await read()).fatal?.message, `read ${DIR}/c.crt: is a directory`)
    put('0.key', a.key)
    assert.equal((await read()).fatal?.path, `${DIR}/0.key`)
  })

  it('stops at a link to nothing', async () => {
    fs.symlinkSync('/nowhere/ca.crt', path(`${DIR}/ca.crt`))
    const { state, fatal } = await read()
    assert.deepEqual([state, fatal?.code], ['unreadable', 'trust-directory-unreadable'])
    assert.equal(fatal?.message, `open ${DIR}/ca.crt: no such file or directory`)
  })

  it('stops at what it may not read', async () => {
    put('ca.crt', a.pem)
    for (const name of [`${DIR}/ca.crt`, DIR]) {
      fs.chmodSync(path(name), 0)
      const { state, fatal } = await unprivileged(() => read())
      fs.chmodSync(path(name), 0o755)
      assert.deepEqual([state, fatal?.path], ['unreadable', name])
      assert.equal(fatal?.message, `open ${name}: permission denied`)
    }
    fs.rmSync(path(DIR), { recursive: true })
    fs.writeFileSync(path(DIR), '')
    assert.deepEqual((await read()).fatal?.message, `open ${DIR}: not a directory`)
  })

  it('follows a link in the directory’s place, and says that there is one', async () => {
    put('ca.crt', a.pem)
    fs.renameSync(path(DIR), path(`${BASE}/elsewhere`))
    fs.symlinkSync('elsewhere', path(DIR))
    const { symlink, subjects } = await read()
    assert.deepEqual([symlink, subjects], [true, ['a']])
  })
})

describe('runtimes/certs-d: names that miss by a little', () => {
  const { machine, path } = throwaway()
  before(function () {
    if (process.platform === 'win32') leaveOut(this, 'no colon may stand in a name on Windows')
  })

  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    [
      'reg.corp:5000',
      [
        'reg.corp',
        'reg.corp_5000',
        'reg.corp_5000_',
        'reg.corp5000',
        'reg.corp-5000',
        'Reg.corp:5000',
      ].concat(['https:__reg.corp:5000', 'reg.crop:5000', 'reg.cop:5000', 'regg.corp:5000']),
      ['reg.corp:5000', 'other.corp:5000', 'reg.corp:5001', 'reg.corp:8443', 'reg', 'corp:5000'],
    ],
    [
      'reg.corp',
      // Docker takes both for names of their own.
      ['reg.corp:443', 'reg.corp_443', 'reg.corp_', 'reg.crop:443'],
      ['reg.corp', 'reg.corp:5000', 'x'],
    ],
    ['reg.corp:443', ['reg.corp443', 'reg.corp'], ['reg.corp:443']],
    ['[fd00::1]:5000', ['fd00::1:5000', 'fd00__1_5000', '[fd00::1]'], ['[fd00::1]:5000', '[fd00::2:1]:5000']],
    ['[fd00::1]', ['fd00::1', '[fd00::1]:443'], ['[fd00::1]']],
  ]
  for (const [registry, missed, right] of cases) {
    it(`finds those of ${registry}`, async () => {
      const target = parseRegistry(registry)
      for (const name of [...missed, ...right]) fs.mkdirSync(path(`${BASE}/${name}`), { recursive: true })
      const found = await misnamed(machine(), `${BASE}/${target.registry}`, target)
      assert.deepEqual([...found].sort(), missed.map((name) => `${BASE}/${name}`).sort())
    })
  }

  it('are none where there is no certs.d', async () => {
    const target = parseRegistry('reg:5000')
    assert.deepEqual(await misnamed(machine(), `${BASE}/${target.registry}`, target), [])
  })
})
