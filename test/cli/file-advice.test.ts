import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { createCa } from '../../fixtures/pki.ts'
import { adviceOn } from '../../src/cli/file-advice.ts'
import { main } from '../../src/cli/main.ts'
import { Files } from './chain-scene.ts'
import { fakeIo } from './fake-io.ts'

describe('advice on a file that cannot serve', () => {
  const files = new Files()
  after(() => {
    files.remove()
  })

  const key = (): string =>
    generateKeyPairSync('ec', { namedCurve: 'P-256' })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString()

  async function fixOf(...argv: readonly string[]): Promise<string | undefined> {
    const io = fakeIo()
    assert.equal(await main(['reg.corp:5000', ...argv], io), 2)
    return /^ {2}fix: {2}(.*)$/m.exec(io.err())?.[1]
  }

  it('shows what is in there', async () => {
    const path = files.write(key())
    assert.equal(await fixOf('--ca', path), `grep -a BEGIN ${path}      # what it holds`)
    const empty = files.write('')
    assert.equal(await fixOf('--ca', empty), `ls -l ${empty}`)
    assert.equal(await fixOf('--ca', '/nowhere/ca.pem'), 'ls -ld /nowhere/ca.pem')
    assert.equal(await fixOf('--ca', '-oX'), 'ls -ld ./-oX')
  })

  it('compares a client key with its certificate', async () => {
    const certificate = files.write((await createCa({ name: 'Client', keyKind: 'p-256' })).pem)
    const other = files.write(key())
    const fix = await fixOf('--client-cert', certificate, '--client-key', other)
    assert.equal(
      fix,
      `openssl pkey -in ${other} -pubout      # the key of the certificate has to be this one`,
    )
  })

  it('takes the certificate out of a bundle, and quotes the path', () => {
    assert.equal(adviceOn('pkcs12', '/a b.p12', 'x509'), "openssl pkcs12 -in '/a b.p12' -nokeys -out ca.pem")
    assert.match(adviceOn('password', 'c.p12', 'x509'), /^openssl pkcs12 -in c\.p12 -noout /)
    assert.match(adviceOn('damaged', 'c.pem', 'pkey'), /^openssl pkey -in c\.pem -noout -text /)
  })
})
