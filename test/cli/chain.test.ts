import assert from 'node:assert/strict'
import { createCa, selfSigned, type Certificate, type CertificateAuthority } from '../../fixtures/pki.ts'
import { main } from '../../src/cli/main.ts'
import { Files, judged, unknownAuthority } from './chain-scene.ts'
import { fakeIo } from './fake-io.ts'

describe('diagnose --chain', () => {
  const files = new Files()
  let root: CertificateAuthority
  let intermediate: CertificateAuthority
  let leaf: Certificate
  let roots: string

  before(async () => {
    root = await createCa({ name: 'Corp Root CA', keyKind: 'p-256' })
    intermediate = await root.intermediate({ name: 'Corp Issuing CA', keyKind: 'p-256' })
    leaf = await intermediate.issue({ names: ['reg.corp'], ips: ['192.0.2.7', 'fd00::7'], keyKind: 'p-256' })
    roots = files.write(root.pem)
  })

  after(() => {
    files.remove()
  })

  it('trusts what leads to the roots, for a name and for addresses', async () => {
    for (const host of ['reg.corp', 'REG.corp.', '192.0.2.7', 'fd00::7', '[fd00::7]']) {
      const { code, registry, go, error } = await judged(
        files.chain(leaf, intermediate),
        '--roots',
        roots,
        '--host',
        host,
      )
      assert.deepEqual([code, go.state, error], [0, 'trusted', undefined], host)
      assert.deepEqual([registry.registry, registry.verified], [host.replace(/[[\]]/g, ''), true])
      assert.deepEqual(
        registry.probe?.chain.map(({ role, origin }) => `${role} ${origin}`),
        ['leaf sent', 'intermediate sent', 'root store'],
      )
    }
  })

  it('without --roots asks the roots of this machine, which know no private CA', async () => {
    const chain = files.chain(leaf, intermediate, root)
    const { code, error, codes: found, registry } = await judged(chain)
    assert.deepEqual([code, error, found], [1, unknownAuthority, ['unknown-authority']])
    const again = `trust-registry diagnose --chain ${chain} --host reg.corp --roots ca.pem`
    assert.equal(registry.findings[0]?.fix, `${again}      # with the CA of its owner`)
  })

  it('says of a file that it is one, without --roots as well; marks a release that is not known yet', async () => {
    const io = fakeIo()
    const argv = ['diagnose', '--chain', files.chain(leaf), '--host', 'reg.corp', '--go', '1.99']
    assert.equal(await main(argv, io), 1)
    assert.match(io.out(), /LEAF +in the --chain file/)
    assert.match(io.out(), /REFUSED \(assumed\)/)
    assert.match(
      io.out(),
      /go-assumed.*\n.*the rules of go1\.99 are not known here; these are those of go1\.27/,
    )
  })

  it('tells an intermediate that is in no file from a self-signed certificate', async () => {
    const other = files.write((await createCa({ name: 'Elsewhere', keyKind: 'p-256' })).pem)
    for (const trusted of [roots, other]) {
      const { code, error, registry } = await judged(files.chain(leaf), '--roots', trusted)
      assert.deepEqual([code, error], [1, unknownAuthority])
      assert.match(registry.findings.map(({ message }) => message).join(), /an intermediate that is missing/)
    }
    const alone = await selfSigned({ names: ['reg.corp'], keyKind: 'p-256' })
    assert.deepEqual((await judged(files.chain(alone), '--roots', roots)).codes, ['self-signed'])
    assert.equal((await judged(files.chain(alone), '--roots', files.write(alone.pem))).code, 0)
  })

  it('speaks of the files that it was given, and of this machine only where its roots are asked', async () => {
    const other = files.write((await createCa({ name: 'Elsewhere', keyKind: 'p-256' })).pem)
    const message = async (chain: string, ...more: readonly string[]) =>
      (await judged(chain, ...more)).registry.findings.find(({ severity }) => severity === 'error')?.message
    const whole = files.chain(leaf, intermediate, root)
    const privately = 'the private CA "Corp Root CA" (in the --chain file) is not'
    assert.equal(await message(whole, '--roots', other), `${privately} in the --roots file`)
    assert.equal(await message(whole), `${privately} trusted on this machine`)
    const missing = '"reg.corp": its issuer "Corp Issuing CA" is not in the --chain file and is not'
    const guess = ': a private CA, or an intermediate that is missing'
    assert.equal(await message(files.chain(leaf), '--roots', roots), `${missing} in the --roots file${guess}`)
    assert.equal(await message(files.chain(leaf)), `${missing} trusted on this machine${guess}`)
    const alone = await selfSigned({ names: ['reg.corp'], keyKind: 'p-256' })
    assert.match(
      (await message(files.chain(alone), '--roots', roots)) ?? '',
      /; it is not in the --roots file$/,
    )
  })

  it('draws the way up that only an old Go takes', async () => {
    const weak = await root.intermediate({ name: 'Weak', keyKind: 'p-256', digest: 'sha1' })
    const chain = files.chain(await weak.issue({ names: ['reg.corp'], keyKind: 'p-256' }), weak)
    const roles = async (go: string) => {
      const { code, registry } = await judged(chain, '--roots', roots, '--go', go)
      return [code, ...(registry.probe?.chain ?? []).map(({ role, origin }) => `${role} ${origin}`)]
    }
    assert.deepEqual(await roles('1.17'), [0, 'leaf sent', 'intermediate sent', 'root store'])
    assert.deepEqual(await roles('1.26'), [1, 'leaf sent', 'intermediate sent'])
    const io = fakeIo()
    const argv = ['diagnose', '--chain', chain, '--host', 'reg.corp', '--roots', roots, '--go', '1.17']
    assert.equal(await main(argv, io), 0)
    assert.match(io.out(), /^ Corp Root CA +ROOT .*\n `- Weak +INTER .*\n +`- reg\.corp +LEAF /m)
  })

  it('judges by --at, to the second and below', async () => {
    const notBefore = new Date('2026-03-01T00:00:00Z')
    const notAfter = new Date('2026-04-01T00:00:00Z')
    const old = await createCa({
      name: 'Old CA',
      keyKind: 'p-256',
      notBefore: new Date('2020-01-01T00:00:00Z'),
    })
    const chain = files.chain(await old.issue({ names: ['reg.corp'], keyKind: 'p-256', notBefore, notAfter }))
    const at = async (time: string) => {
      const { code, error } = await judged(chain, '--roots', files.write(old.pem), '--at', time)
      return [code, error]
    }
    const late = 'x509: certificate has expired or is not yet valid: current time'
    assert.deepEqual(await at('2026-04-01T00:00:00Z'), [0, undefined])
    assert.deepEqual(await at('2026-04-01T02:00:00+02:00'), [0, undefined])
    const over = `${late} 2026-04-01T00:00:00Z is after 2026-04-01T00:00:00Z`
    assert.deepEqual(await at('2026-04-01T00:00:00.000000001Z'), [6, over])
    const before = `${late} 2026-02-28T23:59:59Z is before 2026-03-01T00:00:00Z`
    assert.deepEqual(await at('2026-02-28T23:59:59.999999999Z'), [6, before])
  })

  it('shows the report of that time to a person, with no engine in it', async () => {
    const io = fakeIo()
    const argv = [
      'diagnose',
      '--chain',
      files.chain(leaf),
      '--host',
      'reg.corp',
      '--roots',
      roots,
      '--go',
      '1.13',
    ]
    assert.equal(await main(argv, io), 1)
    assert.match(io.out(), /^reg\.corp +\S+ go does not trust it$/m)
    assert.match(io.out(), /go +\S+ REFUSED \(assumed\)/)
    assert.match(io.out(), new RegExp(`will print: ${unknownAuthority}$`, 'm'))
    assert.match(io.out(), /who acts: this machine; the one Go prints/)
    assert.doesNotMatch(io.out(), /docker|OS store/)
    const future = fakeIo()
    assert.equal(await main([...argv, '--at', '2126-01-01T00:00:00Z'], future), 6)
    assert.match(future.out(), /LEAF +in the --chain file +expired/)
  })

  it('goes by the rules of a release; what lies before 1.19 is marked as assumed', async () => {
    const sha1 = files.chain(await root.issue({ names: ['reg.corp'], keyKind: 'p-256', digest: 'sha1' }))
    const by = (chain: string, go: string) => judged(chain, '--roots', roots, '--go', go)
    const old = await by(sha1, '1.17')
    assert.deepEqual([old.code, old.go.assumed], [0, true])
    const because = (escape: string): string =>
      `${unknownAuthority} (possibly because of "x509: cannot verify signature: insecure algorithm ECDSA-SHA1${escape}"` +
      ' while trying to verify candidate authority certificate "Corp Root CA")'
    const since = await by(sha1, 'go1.19')
    assert.deepEqual([since.code, since.go.assumed], [6, undefined])
    assert.equal(since.error, because(' (temporarily override with GODEBUG=x509sha1=1)'))
    assert.equal((await by(sha1, '1.27')).error, because(''))
  })

  it('takes a negative serial number up to Go 1.22', async () => {
    // Only the builder for RSA writes the octets as they are given.
    const ca = await createCa({ name: 'Corp RSA CA' })
    const chain = files.chain(await ca.issue({ names: ['reg.corp'], serial: 'ff01' }))
    const by = (go: string) => judged(chain, '--roots', files.write(ca.pem), '--go', go)
    assert.equal((await by('go1.22.12')).code, 0)
    const refused = await by('1.23')
    assert.deepEqual([refused.code, refused.error], [6, 'x509: negative serial number'])
    assert.deepEqual(refused.codes, ['malformed-certificate'])
  })

  it('takes a certificate in DER, and the key beside the chain for what it is', async () => {
    const direct = await root.issue({ names: ['reg.corp'], keyKind: 'p-256' })
    const der = files.write(root.certificate)
    assert.equal((await judged(files.write(direct.certificate), '--roots', der)).code, 0)
    assert.equal((await judged(files.write(direct.key + direct.pem), '--roots', der)).code, 0)
  })

  it('names a certificate that Go cannot read, wherever it stands', async () => {
    const cut = `-----BEGIN CERTIFICATE-----\n${leaf.certificate.subarray(0, 99).toString('base64')}\n-----END CERTIFICATE-----\n`
    for (const content of [cut, leaf.certificate.subarray(0, 99), leaf.pem + cut]) {
      const { code, error, codes: found } = await judged(files.write(content), '--roots', roots)
      assert.deepEqual([code, error], [6, 'x509: malformed certificate'])
      assert.ok(found.includes('malformed-certificate'))
    }
  })

  it('says what Go passes over in the --roots', async () => {
    const trusted = files.write(`${root.pem}${leaf.pem.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE')}`)
    const { code, registry } = await judged(files.chain(leaf, intermediate), '--roots', trusted)
    const warning = registry.findings.find((finding) => finding.code === 'trust-file-ignored')
    assert.deepEqual([code, warning?.severity], [0, 'warning'])
    assert.match(warning?.message ?? '', /^line \d+ of ".*" is ignored: .*TRUSTED CERTIFICATE/)
  })

  it('a key that only TLS minds is a warning', async () => {
    const short = await selfSigned({ names: ['reg.corp'], keyKind: 'rsa-1024' })
    const { code, registry } = await judged(files.chain(short), '--roots', files.write(short.pem))
    assert.equal(code, 0)
    assert.deepEqual(
      registry.findings.map((finding) => [finding.code, finding.severity]),
      [['weak-key', 'warning']],
    )
  })
})
