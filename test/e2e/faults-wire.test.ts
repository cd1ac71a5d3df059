import assert from 'node:assert/strict'
import { createCa, type Certificate, type CertificateAuthority, type KeyKind } from '../../fixtures/pki.ts'
import { assertAccepted, first, withFaults, type Seen } from './fault-scene.ts'
import { consumer, runJson, users } from './scene.ts'

describe('faults below and above the certificates, as the daemon sees them', function () {
  const { compare, fault, host, nextPort, server } = withFaults(this, ['reg.corp'])
  let root: CertificateAuthority
  let chain: readonly Certificate[]

  before(async () => {
    root = await createCa({ name: 'Corp Root CA', keyKind: 'p-256' })
    chain = [await root.issue({ names: ['reg.corp'], keyKind: 'p-256' })]
  })

  /** Something on a port of its own, whose certificate the daemon trusts. */
  async function served(serve: (port: number) => Promise<unknown>, ca = root): Promise<Seen> {
    const port = nextPort()
    await serve(port)
    await host().write(`/etc/docker/certs.d/reg.corp:${port}/ca.crt`, ca.pem)
    return compare(`reg.corp:${port}`)
  }

  it('a server that speaks TLS 1.1 at best', async () => {
    const directives = ['ssl_protocols TLSv1.1;', 'ssl_ciphers DEFAULT:@SECLEVEL=0;']
    const seen = await served((port) => server().nginx({ port, chain, users, directives }))
    assert.match(seen.said ?? '', /remote error: tls: protocol version not supported$/)
    assert.deepEqual([first(seen), seen.code], ['tls-too-old', 6])
  })

  it('a server that hangs up in the handshake', async () => {
    const seen = await served((port) => server().tcp(port, 'closes'))
    assert.match(seen.said ?? '', /: EOF$/)
    assert.deepEqual([first(seen), seen.code], ['tls-handshake-failed', 6])
  })

  it('a server that speaks SSH', async () => {
    const seen = await served((port) => server().tcp(port, 'ssh-banner'))
    assert.match(seen.said ?? '', /: tls: first record does not look like a TLS handshake$/)
    assert.deepEqual([first(seen), seen.code], ['not-tls', 6])
  })

  it('nginx that wants a client certificate', async () => {
    const seen = await served((port) => server().nginx({ port, chain, clientCa: root }))
    assert.match(seen.said ?? '', /^login attempt to \S+ failed with status: 400 Bad Request$/)
    assert.deepEqual([first(seen), seen.code], ['client-certificate-required', 1])
  })

  it('a docker-registry that wants a client certificate', async () => {
    const seen = await served((port) => server().dockerRegistry({ port, chain, users, clientCa: root }))
    assert.match(seen.said ?? '', /remote error: tls: bad certificate$/)
    assert.deepEqual([first(seen), seen.code], ['client-certificate-required', 1])
  })

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`a server that ends a ${maxVersion} handshake without a client certificate, once its own is trusted`, async () => {
      const tlsOptions = { requestCert: true, rejectUnauthorized: true, maxVersion } as const
      const serve = (port: number) => server().web({ port, chain, routes: {}, tlsOptions })
      const seen = await served(serve)
      assert.match(seen.said ?? '', maxVersion === 'TLSv1.2' ? /handshake failure$/ : /certificate required$/)
      assert.deepEqual([first(seen), seen.code], ['client-certificate-required', 1])
      const stranger = await createCa({ name: 'Somebody Else', keyKind: 'p-256' })
      const before = await served(serve, stranger)
      assert.match(before.said ?? '', /x509: certificate signed by unknown authority$/)
      assert.deepEqual([first(before), before.code], ['unknown-authority', 1])
    })
  }

  it('short RSA keys, which this Go lets pass', async () => {
    for (const keyKind of ['rsa-512', 'rsa-1024'] as const) {
      const ca = await createCa({ name: 'Corp RSA CA' })
      const short = [await ca.issue({ names: ['reg.corp'], keyKind })]
      const directives = ['ssl_protocols TLSv1.2;', 'ssl_ciphers DEFAULT:@SECLEVEL=0;']
      const seen = await served((port) => server().nginx({ port, chain: short, users, directives }), ca)
      assert.equal(seen.said, undefined)
      assert.equal(consumer(seen.registry, 'docker').state, 'trusted')
    }
  })

  const kinds: readonly KeyKind[] = ['p-256', 'p-384', 'p-521', 'ed25519']
  it(`keys that are good: ${kinds.join(', ')}`, async () => {
    for (const keyKind of kinds) {
      const top = await createCa({ name: 'Corp Root CA', keyKind })
      const between = await top.intermediate({ name: 'Corp Issuing CA', keyKind })
      const leaf = await between.issue({ names: ['reg.corp'], keyKind })
      assertAccepted(await fault({ chain: [leaf, between], trusted: [top] }))
    }
  })

  it('answers that are no registry: what a login prints is foreseen from the status', async () => {
    for (const [status, code] of [
      [401, 'bad-challenge'],
      [403, 'not-a-registry'],
      [404, 'not-a-registry'],
      [503, 'not-a-registry'],
    ] as const) {
      const seen = await served((port) => server().web({ port, chain, routes: { '*': { status } } }))
      assert.match(seen.said ?? '', new RegExp(`^login attempt to \\S+ failed with status: ${status} \\w`))
      assert.deepEqual([first(seen), seen.code], [code, 6])
    }
  })

  const challenges: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a Bearer challenge without a realm', ['Bearer service="s"'], /: no realm specified for token auth/],
    ['the same beside a Basic one', ['Bearer service="s"', 'Basic realm="r"'], /: no realm specified for/],
    ['a challenge behind a comma', ['Negotiate, Basic realm="r"'], /failed with status: 401 Unauthorized$/],
    ['a scheme that no engine knows', ['Digest realm="r", nonce="n"'], /failed with status: 401 Unauth/],
  ]
  for (const [what, lines, words] of challenges) {
    it(`${what}: nobody can log in, and Docker's words are foreseen`, async () => {
      const headers = { 'www-authenticate': lines }
      const seen = await served((port) =>
        server().web({ port, chain, routes: { '*': { status: 401, headers } } }),
      )
      assert.match(seen.said ?? '', words)
      assert.deepEqual([first(seen), seen.code], ['bad-challenge', 6])
      const finding = seen.registry.findings.find(({ code }) => code === 'bad-challenge')
      assert.ok(finding?.fix, 'it says how to mend it')
    })
  }

  for (const status of [429, 503]) {
    it(`${status} with Retry-After is named, and nobody's fault`, async () => {
      const headers = { 'retry-after': '30' }
      const seen = await served((port) => server().web({ port, chain, routes: { '*': { status, headers } } }))
      assert.match(seen.said ?? '', new RegExp(`failed with status: ${status} `))
      const [finding] = seen.registry.findings
      assert.deepEqual([seen.code, finding?.code, finding?.severity], [0, 'rate-limited', 'warning'])
      assert.match(finding?.message ?? '', /after 30 s/)
    })
  }

  it('a registry of the first generation', async () => {
    const headers = { 'x-docker-registry-version': '0.9.1' }
    const routes = { '/v1/_ping': { headers, body: 'true' }, '*': { status: 404 } }
    const seen = await served((port) => server().web({ port, chain, routes }))
    assert.match(seen.said ?? '', /failed with status: 404 Not Found$/)
    assert.deepEqual([first(seen), seen.code], ['registry-v1', 6])
  })

  it('a token service that cannot be reached is no fault of the chain', async () => {
    const challenge = 'Bearer realm="https://reg.corp:1/token",service="reg.corp"'
    const headers = { 'www-authenticate': challenge, 'docker-distribution-api-version': 'registry/2.0' }
    const port = nextPort()
    await server().web({ port, chain, routes: { '/v2/': { status: 401, headers } } })
    await host().write(`/etc/docker/certs.d/reg.corp:${port}/ca.crt`, root.pem)
    const { code, registry } = await runJson(host(), ['diagnose', `reg.corp:${port}`])
    const errors = registry.findings.filter(({ severity }) => severity === 'error')
    assert.deepEqual([code, consumer(registry, 'docker').state, errors], [0, 'trusted', []])
  })
})
