import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { createCa, pkcs7, type Certificate as Made, type CertificateAuthority } from '../../fixtures/pki.ts'
import { climb } from '../../src/registry/aia.ts'
import type { AiaFetch } from '../../src/registry/observation.ts'
import { CertPool, parseCertificate } from '../../src/x509/index.ts'
import { closeServers, web } from './servers.ts'

const HERE = ['127.0.0.1']
const limits = { timeoutMs: 3000 }
const parse = ({ certificate }: Made) => parseCertificate(certificate)

/** Fetches for one leaf that names `url`, seen at `registry`. */
async function fetchFor(url: string, registry: readonly string[] = HERE): Promise<readonly AiaFetch[]> {
  const leaf = await (await ca).issue({ names: ['reg.corp'], aia: url, keyKind: 'p-256' })
  return climb([parse(leaf)], new CertPool(), registry, limits)
}

let ca: Promise<CertificateAuthority>

describe('registry/aia', () => {
  before(() => {
    ca = createCa({ name: 'Issuer', keyKind: 'p-256' })
  })
  afterEach(closeServers)

  it('brings DER and PKCS#7, and says who named the address', async () => {
    const issuer = await ca
    const other = await createCa({ name: 'Other', keyKind: 'p-256' })
    const files = { '/ca.crt': issuer.certificate, '/ca.p7c': pkcs7([other, issuer]) }
    const { base } = await web(files)
    for (const [path, expected] of [
      ['/ca.crt', [issuer.certificate]],
      ['/ca.p7c', [other.certificate, issuer.certificate]],
    ] as const) {
      const leaf = await issuer.issue({ names: ['reg.corp'], aia: base + path, keyKind: 'p-256' })
      const fetched = await climb([parse(leaf)], new CertPool(), HERE, limits)
      const namedBy = parse(leaf).sha256
      assert.deepEqual(fetched, [{ url: base + path, namedBy, certificates: expected }])
    }
  })

  const refused: readonly (readonly [string, Buffer | RequestListener | undefined, RegExp])[] = [
    ['a page that is missing', undefined, /HTTP status 404/],
    ['garbage', Buffer.from('<html>'), /PKCS#7/],
    ['nothing', Buffer.alloc(0), /PKCS#7/],
    ['more than 64 KiB', Buffer.alloc(64 * 1024 + 1), /more than 65536 bytes/],
    [
      'a body without end',
      (_, response) => void response.write(Buffer.alloc(200_000)),
      /more than 65536 bytes/,
    ],
    ['an answer that breaks off', (_, response) => response.destroy(), /./],
  ]
  for (const [what, file, why] of refused) {
    it(`reports ${what}`, async () => {
      const { base } = await web(file === undefined ? {} : { '/x': file })
      const [fetched, ...more] = await fetchFor(`${base}/x`)
      assert.deepEqual([fetched?.certificates, more], [[], []])
      assert.match(fetched?.error ?? '', why)
    })
  }

  it('waits no longer than it may', async () => {
    const { base } = await web({ '/x': () => undefined })
    const leaf = await (await ca).issue({ names: ['reg.corp'], aia: `${base}/x`, keyKind: 'p-256' })
    const [fetched] = await climb([parse(leaf)], new CertPool(), HERE, { timeoutMs: 60 })
    assert.match(fetched?.error ?? '', /no answer within|timeout/i)
  })

  it('follows no redirect', async () => {
    const { certificate } = await ca
    const redirect: RequestListener = (_, response) => response.writeHead(302, { location: '/ca.crt' }).end()
    const { base, asked } = await web({ '/x': redirect, '/ca.crt': certificate })
    const [fetched] = await fetchFor(`${base}/x`)
    assert.equal(fetched?.error, 'HTTP status 302')
    assert.deepEqual(asked, ['/x'])
  })

  it('sends nothing of its own but its name', async () => {
    const seen: string[] = []
    const listener: RequestListener = (request, response) => {
      seen.push(...Object.keys(request.headers))
      response.end()
    }
    const { base } = await web({ '/x': listener })
    await fetchFor(`${base}/x`)
    assert.deepEqual(seen.sort(), ['connection', 'host', 'user-agent'])
  })

  it('asks no local address unless the registry is there', async () => {
    const { base, asked } = await web({ '/x': (await ca).certificate })
    const port = new URL(base).port
    const hosts = ['127.0.0.1', '127.1', '2130706433', '0x7f.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]']
    hosts.push('0.0.0.0', '[::]', '169.254.169.254', '[fe80::1]', '100.100.100.200', '[fd00:ec2::254]')
    for (const host of hosts) {
      const [fetched] = await fetchFor(`http://${host}:${port}/x`, ['10.0.0.1'])
      assert.match(fetched?.error ?? '', /is not asked: local or metadata address/, host)
    }
    assert.deepEqual(asked, [])
    assert.equal((await fetchFor(`${base}/x`))[0]?.certificates.length, 1)
  })

  it('asks by http and https alone, and gives no name away', async () => {
    const { asked, base } = await web({})
    for (const url of ['ldap://127.0.0.1/x', 'file:///etc/passwd', 'ftp://127.0.0.1/x', 'x', '']) {
      assert.deepEqual(await fetchFor(url), [], url)
    }
    const [fetched] = await fetchFor(base.replace('//', '//user:pw@'))
    assert.match(fetched?.error ?? '', /holds a user name/)
    assert.doesNotMatch(fetched?.error ?? '', /pw/)
    assert.deepEqual(asked, [])
  })
})
