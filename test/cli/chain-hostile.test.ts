import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createCa, type Certificate, type CertificateAuthority } from '../../fixtures/pki.ts'
import { main } from '../../src/cli/main.ts'
import type { FailureDocument } from '../../src/report/document.ts'
import { Files, registryOf } from './chain-scene.ts'
import { fakeIo } from './fake-io.ts'

describe('diagnose --chain, hostile files', function () {
  this.timeout(120_000)
  const files = new Files()
  let leaf: Certificate
  let intermediate: CertificateAuthority
  let roots: string

  before(async () => {
    const root = await createCa({ name: 'Corp Root CA', keyKind: 'p-256' })
    intermediate = await root.intermediate({ name: 'Corp Issuing CA', keyKind: 'p-256' })
    leaf = await intermediate.issue({ names: ['reg.corp'], keyKind: 'p-256' })
    roots = files.write(root.pem)
  })

  after(() => {
    files.remove()
  })

  it('a file full of BEGIN lines, of one certificate, and of tiny ones, end in a verdict or in exit 2', async () => {
    const tiny = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n'
    const fill = (block: string): string =>
      files.write(block.repeat(Math.floor((1024 * 1024) / block.length)))
    const cases = [
      ['-----BEGIN CERTIFICATE-----\n', 2],
      [tiny, 6],
      [leaf.pem, 1],
      [intermediate.pem, 6],
    ] as const
    for (const [block, expected] of cases) {
      const started = performance.now()
      const io = fakeIo()
      const code = await main(
        ['diagnose', '--chain', fill(block), '--host', 'reg.corp', '--roots', roots],
        io,
      )
      assert.equal(code, expected, io.err())
      assert.ok(performance.now() - started < 30_000)
    }
  })

  it('any bytes and any damage: a verdict or exit 2, never a bug', async () => {
    const damaged = fc
      .tuple(fc.constantFrom(0, 1), fc.nat(), fc.integer({ min: 0, max: 255 }), fc.boolean())
      .map(([which, at, octet, cut]) => {
        const der = Buffer.from((which === 0 ? leaf : intermediate).certificate)
        der[at % der.length] = octet
        return cut ? der.subarray(0, at % der.length) : der
      })
    const der = fc.oneof(
      damaged,
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    )
    const pem = fc.array(fc.oneof(der, fc.constantFrom(0, 1)), { minLength: 1, maxLength: 4 }).map((parts) =>
      parts
        .map((part) => (part === 0 ? leaf.certificate : part === 1 ? intermediate.certificate : part))
        .map(
          (bytes) => `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`,
        )
        .join(''),
    )
    await fc.assert(
      fc.asyncProperty(fc.oneof(der, pem), fc.constantFrom('1.13', '1.19', '1.27'), async (content, go) => {
        const io = fakeIo()
        const argv = [
          '--chain',
          files.write(content),
          '--host',
          'reg.corp',
          '--roots',
          roots,
          '--go',
          go,
          '--json',
        ]
        const code = await main(['diagnose', ...argv], io)
        assert.ok([0, 1, 2, 6].includes(code), `${code}: ${io.out()}`)
        if (code === 2) {
          assert.equal((JSON.parse(io.out()) as FailureDocument).error.code, 'bad-file')
          return
        }
        const { findings } = registryOf(io.out())
        assert.equal(findings.filter((finding) => finding.first).length, code === 0 ? 0 : 1)
      }),
      { numRuns: 200 },
    )
  })
})
