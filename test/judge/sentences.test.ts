import assert from 'node:assert/strict'
import type { CertificateAuthority } from '../../fixtures/pki.ts'
import { chainFaults } from '../../src/judge/faults.ts'
import type { Finding } from '../../src/judge/index.ts'
import type { Failure, Ping } from '../../src/registry/observation.ts'
import { CertPool } from '../../src/x509/index.ts'
import { ca, days, fetched, leaf, NOW, read, type Scene } from './evidence.ts'
import { faults, only, verdict } from './verdict.ts'

/** Code, owner, message and what to paste. */
function said({ code, owner, message, fix }: Finding): string {
  return `${code} (${owner}): ${message}${fix === undefined ? '' : ` → ${fix.split('\n')[0] ?? ''}`}`
}

function sentences(scene: Scene): readonly string[] {
  return verdict(scene).findings.map(said)
}

describe('judge: sentences', function () {
  // RSA keys are made.
  this.timeout(60_000)
  let root: CertificateAuthority
  before(async () => {
    root = await ca('Root')
  })

  it('a date is crossed a millisecond after it, and soon is 30 days or a third of the lifetime', async () => {
    const server = await leaf(root, { notBefore: days(-100), notAfter: days(200) })
    const at = (ms: number): readonly string[] =>
      sentences({ sent: [server], store: [root], at: new Date(ms) }).filter((line) => !line.includes('soon'))
    const [start, end] = [days(-100).getTime(), days(200).getTime()]
    assert.deepEqual([at(start), at(end)], [[], []])
    const renew = 'renew it and reload the server (nginx -s reload; docker-registry: restart)'
    assert.deepEqual(at(end + 1), [`expired (registry): "reg.corp" has expired on 2026-12-18 → ${renew}`])
    const wait = 'wait until then, or reissue it with an earlier notBefore and reload the server'
    assert.deepEqual(at(start - 1), [
      `not-yet-valid (registry): "reg.corp" is not valid before 2026-02-21T12:00:00Z → ${wait}`,
    ])
    const soon = async (from: number, to: number): Promise<readonly string[]> => {
      const sent = [await leaf(root, { notBefore: days(from), notAfter: days(to) })]
      return sentences({ sent, store: [root] }).map((line) => line.replace(/ → .*/, ''))
    }
    const line = (when: string): string => `expires-soon (registry): "reg.corp" expires on ${when}`
    assert.deepEqual(await soon(-100, 0.5), [line('2026-06-02, within a day')])
    assert.deepEqual(await soon(-100, 5.5), [line('2026-06-07, in 5 days')])
    assert.deepEqual(await soon(-100, 30), [])
    assert.deepEqual(await soon(-50, 10), [line('2026-06-11, in 10 days')])
    assert.deepEqual(await soon(-20, 10), [], 'a third of its lifetime is left')
  })

  it('a wrong name says which ones are right, and an address what to reissue', async () => {
    const host = 'name-mismatch (registry): the certificate is for'
    const reissue = 'reissue it with subjectAltName = DNS:reg.corp, or use a name that it is valid for'
    const other = await leaf(root, { names: ['a.corp'], ips: ['192.0.2.1'] })
    assert.deepEqual(sentences({ sent: [other], store: [root] }), [
      `${host} a.corp, 192.0.2.1, not for reg.corp → ${reissue}`,
    ])
    const legacy = await leaf(root, { noSan: true, commonName: 'reg.corp' })
    assert.deepEqual(sentences({ sent: [legacy], store: [root] }), [
      'no-san (registry): the certificate names its host only in the common name, which Go has not read since 1.15' +
        ' → reissue it with subjectAltName = DNS:reg.corp (openssl req -addext "subjectAltName=DNS:reg.corp")',
    ])
    const nameless = await leaf(root, { noSan: true, commonName: 'a b' })
    const none =
      /^no-san \(registry\): the certificate names no host: it has no subject alternative name at all →/
    assert.match(sentences({ sent: [nameless], store: [root] })[0] ?? '', none)
    const address = { registry: '198.18.0.2:5000', sent: [await leaf(root)], store: [root] }
    assert.deepEqual(sentences(address), [
      'ip-without-ip-san (registry): the certificate holds no IP address, so it cannot vouch for 198.18.0.2' +
        '; clients send no server name (SNI) to an address' +
        ' → reissue it with subjectAltName = IP:198.18.0.2, or use the host name instead of the address',
    ])
  })

  it('a purpose, a short key and a distrusted key are named with their certificate', async () => {
    const middle = await ca('Clients only', { issuer: root, keyKind: 'rsa-1024' })
    const server = await leaf(middle, { ekus: ['clientAuth'] })
    assert.deepEqual(
      verdict({ sent: [server, middle], store: [root] }).findings.map((finding) => [
        finding.code,
        finding.certificate,
        finding.severity,
        finding.fix,
      ]),
      [
        ['wrong-key-usage', server.sha256, 'error', 'reissue it with extendedKeyUsage = serverAuth'],
        ['weak-key', middle.sha256, 'warning', 'reissue it with an RSA key of 2048 bits or more, or P-256'],
      ],
    )
    const just = await leaf(root, { keyKind: 'rsa-2048' })
    assert.deepEqual(faults(verdict({ sent: [just], store: [root] })), [])
    const spkiSha256 = '92C063D67E8F14DB71D288E11266FFDAF69CBF115F7BAB14F3BC2F68D25E0E30'
    const distrusted = { ...read(await ca('Taken', { issuer: root })), spkiSha256 }
    const path = [
      { certificate: read(await leaf(root)), role: 'leaf', origin: 'sent' },
      { certificate: distrusted, role: 'root', origin: 'store' },
    ] as const
    const question = { host: 'reg.corp', at: NOW, sent: [path[0].certificate], path }
    assert.deepEqual(chainFaults(question).map(said), [], 'it has signed nothing here')
  })

  const where = 'reg.corp:5000 (198.18.0.2)'
  const network: Readonly<Partial<Record<Failure['code'], string>>> = {
    'name-not-resolved': 'network: the name reg.corp is not known here: D → getent hosts reg.corp',
    unreachable: `network: nothing answers at ${where}: D → curl -v --connect-timeout 5 https://reg.corp:5000/v2/`,
    timeout: `network: ${where} did not answer in time (D) → trust-registry diagnose reg.corp:5000 --timeout 60`,
    'plain-http': `registry: ${where} speaks plain HTTP, no TLS (D) → # nginx`,
    'not-tls': `registry: ${where} does not speak TLS (D)`,
    'tls-too-old': 'registry: Docker needs TLS 1.2 or newer: D → nginx: ssl_protocols TLSv1.2 TLSv1.3;',
    'tls-handshake-failed': `registry: the TLS handshake with ${where} failed: D`,
    'client-certificate-required':
      'machine: the registry wants a client certificate (D) → trust-registry reg.corp:5000 --client-cert CERT.pem --client-key KEY.pem',
    'not-a-registry': `registry: ${where} does not answer like a registry: D`,
  }
  for (const [code, text] of Object.entries(network)) {
    it(`the network: ${code}`, () => {
      const failure = { code: code as Failure['code'], stage: 'connect', detail: 'D' } as const
      const [line = ''] = sentences({ observation: { failure } })
      assert.equal(line.replace(/ {6}#.*/, ''), `${code} (${text.replace(': ', '): ')}`)
    })
  }

  it('the registry: clocks, redirects, waits, pages', () => {
    const scene = { sent: [], observation: {} }
    const skewed = (clockSkewSeconds: number): readonly string[] =>
      sentences({ ...scene, observation: { clockSkewSeconds } }).map((line) =>
        line.replace(/^.*differ: /, ''),
      )
    const fix = ' → timedatectl set-ntp true'
    assert.deepEqual(skewed(300), [])
    assert.deepEqual(skewed(-301), [`the registry is 301 s behind${fix}`])
    assert.deepEqual(skewed(172_800), [`the registry is 172800 s ahead${fix}`])
    assert.deepEqual(skewed(172_801), [`the registry is 2 days ahead${fix}`])
    const answer = (ping: Partial<Ping>): string => {
      const whole = { status: 200, challenges: [], bodyStart: '', ...ping }
      return sentences({ ...scene, observation: { ping: whole } })[0] ?? ''
    }
    const no = 'not-a-registry (registry): /v2/ answers'
    assert.equal(
      answer({ status: 302, location: 'https://other.corp/v2/' }),
      `${no} HTTP 302 and sends clients on to https://other.corp/v2/; a registry answers 200 or 401 → trust-registry other.corp`,
    )
    assert.doesNotMatch(answer({ status: 302, location: 'http://other.corp/v2/' }), /→/)
    for (const status of [299, 400, 404]) {
      assert.equal(answer({ status, location: 'x' }), `${no} HTTP ${status}; a registry answers 200 or 401`)
    }
    const owner = ': another program owns this port'
    assert.equal(answer({ bodyStart: ' \n <html>' }), `${no} 200 with an HTML page${owner}`)
    assert.equal(
      answer({ bodyStart: '<!doctype html><input type=password>' }),
      `${no} 200 with a login page for people${owner}`,
    )
    const busy = (retryAfter?: string, status = 429): string =>
      answer({ status, ...(retryAfter === undefined ? {} : { retryAfter }) })
    assert.equal(busy(), 'rate-limited (registry): HTTP 429 at /v2/')
    assert.equal(busy('120', 503), 'rate-limited (registry): HTTP 503 at /v2/, come back after 120 s')
    assert.match(busy('Fri, 5 Jun 2026 07:28:00 GMT'), /after Fri, 5 Jun 2026 07:28:00 GMT$/)
    assert.match(busy(undefined, 503), /^not-a-registry/)
  })

  it('an unknown authority: where the root was seen, and where an issuer was looked for in vain', async () => {
    const middle = await ca('Middle', { issuer: root })
    const server = await leaf(middle)
    const line = (scene: Scene): string => said(only(verdict(scene), 'unknown-authority'))
    const pin = ` → trust-registry reg.corp:5000 --fingerprint SHA256:${root.sha256}`
    const known = (place: string): string =>
      `unknown-authority (machine): the private CA "Root" (${place}) is not trusted on this machine`
    assert.equal(line({ sent: [server, middle, root] }), known('the server sends it') + pin)
    const found = fetched(server, middle, root)
    assert.equal(line({ sent: [server], fetched: [found] }), known('fetched') + pin)
    assert.match(line({ sent: [server, middle], given: [root] }), /\(given by --ca\).* --ca \S+$/)
    const lost = {
      url: 'http://pki.corp/ca.crt',
      namedBy: server.sha256,
      certificates: [],
      error: 'HTTP 404',
    }
    const stray = { ...lost, namedBy: 'X', error: 'timeout' }
    assert.match(
      line({ sent: [server], fetched: [stray, lost] }),
      /its issuer "Middle" was not sent and http:\/\/pki\.corp\/ca\.crt did not give it \(HTTP 404\) → trust-registry reg\.corp:5000 --ca CA\.pem/,
    )
    assert.match(
      line({ sent: [server], fetched: [stray] }),
      /a private CA, or an intermediate that is missing/,
    )
    const remembered = CertPool.of(read(root))
    assert.match(
      line({ sent: [server, middle], more: { remembered } }),
      /"Root" .*(?:not installed any more|not in the store)/,
    )
  })
})
