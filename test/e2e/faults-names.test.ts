import { createCa, type CertificateAuthority, type LeafOptions } from '../../fixtures/pki.ts'
import { assertAccepted, assertRefused, clientAuthOnly, nameConstraints } from './fault-scene.ts'
import { strangeCritical, withFaults } from './fault-scene.ts'

const keyKind = 'p-256'

describe('faults of names, purposes and extensions, as the daemon sees them', function () {
  const { fault, server } = withFaults(this, ['reg.corp', 'a.wild.corp', 'a.b.wild.corp', 'wild.corp'])
  let root: CertificateAuthority

  before(async () => {
    root = await createCa({ name: 'Corp Root CA', keyKind })
  })

  const leaf = (issuer = root, options: Partial<LeafOptions> = {}) =>
    issuer.issue({ names: ['reg.corp'], keyKind, ...options })

  it('a certificate for clients only', async () => {
    const chain = [await leaf(root, { ekus: ['clientAuth'] })]
    const message = /x509: certificate specifies an incompatible key usage$/
    assertRefused(await fault({ chain, trusted: [root] }), message, 'wrong-key-usage', 6)
  })

  it('an intermediate for clients only, above a server certificate', async () => {
    const between = await root.intermediate({ name: 'Corp Client CA', keyKind, extensions: [clientAuthOnly] })
    const chain = [await leaf(between), between]
    const message = /x509: certificate specifies an incompatible key usage$/
    assertRefused(await fault({ chain, trusted: [root] }), message, 'wrong-key-usage', 6)
  })

  it('name constraints: outside of the permitted, inside of the excluded, within', async () => {
    const cases = [
      [nameConstraints(['other.corp']), /DNS name "reg\.corp" is not permitted by any constraint$/],
      [nameConstraints([], ['corp']), /DNS name "reg\.corp" is excluded by constraint "corp"$/],
      [nameConstraints(['corp'], ['other.corp']), undefined],
    ] as const
    for (const [extension, message] of cases) {
      const limited = await createCa({ name: 'Corp Limited Root', keyKind, extensions: [extension] })
      const between = await root.intermediate({ name: 'Corp Limited CA', keyKind, extensions: [extension] })
      for (const [issuer, sent] of [
        [limited, []],
        [between, [between]],
      ] as const) {
        const trusted = [sent.length === 0 ? limited : root]
        const seen = await fault({ chain: [await leaf(issuer), ...sent], trusted })
        if (message === undefined) assertAccepted(seen)
        else assertRefused(seen, message, 'name-constraint', 6)
      }
    }
  })

  it('a wildcard: for one label, neither for two nor for none', async () => {
    const chain = [await leaf(root, { names: ['*.wild.corp'] })]
    assertAccepted(await fault({ chain, trusted: [root], name: 'a.wild.corp' }))
    for (const name of ['a.b.wild.corp', 'wild.corp']) {
      const message = new RegExp(`x509: certificate is valid for \\*\\.wild\\.corp, not ${name}$`)
      assertRefused(await fault({ chain, trusted: [root], name }), message, 'name-mismatch', 6)
    }
  })

  it('an address: its own accepted, another one not', async () => {
    const { address } = server()
    const good = [await leaf(root, { names: [], ips: [address] })]
    assertAccepted(await fault({ chain: good, trusted: [root], name: 'address' }))
    const wrong = [await leaf(root, { ips: ['192.0.2.1'] })]
    const message = /x509: certificate is valid for 192\.0\.2\.1, not 198\.18\.\d+\.\d+$/
    assertRefused(
      await fault({ chain: wrong, trusted: [root], name: 'address' }),
      message,
      'name-mismatch',
      6,
    )
  })

  it('a name that is wrong, under an authority that is unknown: the name comes first', async () => {
    const chain = [await leaf(root, { names: ['other.corp'] })]
    const message = /x509: certificate is valid for other\.corp, not reg\.corp$/
    assertRefused(await fault({ chain }), message, 'name-mismatch', 6)
  })

  it('a critical extension that nobody knows: in the leaf, in an intermediate, in the root', async () => {
    const extensions = [strangeCritical]
    const message = /x509: unhandled critical extension$/
    const between = await root.intermediate({ name: 'Corp Strange CA', keyKind, extensions })
    const top = await createCa({ name: 'Corp Strange Root', keyKind, extensions })
    const cases = [
      { chain: [await leaf(root, { extensions })], trusted: [root] },
      { chain: [await leaf(between), between], trusted: [root] },
      { chain: [await leaf(top)], trusted: [top] },
    ]
    for (const one of cases) assertRefused(await fault(one), message, 'unhandled-critical-extension', 6)
  })
})
