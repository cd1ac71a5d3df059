import assert from 'node:assert/strict'
import type { Certificate, CertificateAuthority } from '../../fixtures/pki.ts'
import type { Failure, Observation, Ping } from '../../src/registry/observation.ts'
import { ca, leaf, REGISTRY, type Scene } from './evidence.ts'
import { consumer, faults, only, predicted, verdict } from './verdict.ts'

type Row = readonly [
  code: Failure['code'],
  stage: Failure['stage'],
  goError: string,
  owner: string,
  mustAct: boolean,
]

const FAILURES: readonly Row[] = [
  ['name-not-resolved', 'resolve', 'dial tcp: lookup reg.corp: no such host', 'network', false],
  ['unreachable', 'connect', 'dial tcp 198.18.0.2:5000: connect: connection refused', 'network', false],
  ['timeout', 'connect', 'dial tcp 198.18.0.2:5000: i/o timeout', 'network', false],
  ['plain-http', 'tls', 'http: server gave HTTP response to HTTPS client', 'registry', true],
  ['not-tls', 'tls', 'tls: first record does not look like a TLS handshake', 'registry', true],
  ['tls-too-old', 'tls', 'remote error: tls: protocol version not supported', 'registry', true],
  ['tls-handshake-failed', 'tls', 'remote error: tls: handshake failure', 'registry', true],
  ['client-certificate-required', 'ping', 'remote error: tls: certificate required', 'machine', false],
  ['not-a-registry', 'ping', 'net/http: HTTP/1.x transport connection broken', 'registry', true],
]

function failing(row: Row, more: Partial<Observation> = {}): Scene {
  const [code, stage, goError] = row
  const failure: Failure = { code, stage, detail: 'as seen', goError }
  return { observation: { failure, ...more } }
}

describe('judge: the network and /v2/', () => {
  let trusted: Scene
  let unknown: Scene
  let server: Certificate
  let authority: CertificateAuthority
  before(async () => {
    const root = await ca('Root')
    authority = root
    server = await leaf(root)
    trusted = { sent: [server], store: [root] }
    unknown = { sent: [server] }
  })

  for (const row of FAILURES) {
    const [code, stage, goError, owner, mustAct] = row
    it(`${code}: one finding, Go's line, nobody has refused anything`, () => {
      const scene = stage === 'ping' ? trusted : {}
      const judgement = verdict({ ...failing(row), ...scene })
      assert.deepEqual(faults(judgement), [`*${code}`])
      assert.equal(only(judgement, code).owner, owner)
      assert.equal(predicted(judgement), goError)
      assert.equal(consumer(judgement).state, 'unknown')
      assert.equal(consumer(judgement).assumed, undefined)
      assert.equal(judgement.ownerMustAct, mustAct)
    })
  }

  it('an IPv6 address stands in brackets before its port', () => {
    const failure: Failure = { code: 'unreachable', stage: 'connect', detail: 'connection refused' }
    const judgement = verdict({ registry: '[::1]:1', observation: { failure } })
    assert.match(only(judgement, 'unreachable').message, /^nothing answers at \[::1\]:1\b/)
  })

  it('says nothing for Go where its line cannot be known', () => {
    const failure: Failure = { code: 'timeout', stage: 'tls', detail: 'TLS handshake' }
    assert.equal(predicted(verdict({ observation: { failure } })), undefined)
  })

  it('marks the refused chain, not what failed behind it: Docker never gets there', () => {
    const row = FAILURES.find(([code]) => code === 'not-a-registry') ?? assert.fail()
    const judgement = verdict({ ...failing(row), ...unknown })
    assert.deepEqual(faults(judgement), ['*unknown-authority', 'not-a-registry'])
    assert.match(predicted(judgement) ?? '', /unknown authority$/)
  })

  it('a proxy that only we were told of: Docker prints nothing of it, and its settings are not the fault', () => {
    const failure: Failure = { code: 'proxy-failed', stage: 'connect', detail: 'it is down' }
    const own = verdict({ observation: { failure } })
    assert.deepEqual(faults(own), ['*proxy-failed'])
    assert.match(only(own, 'proxy-failed').fix ?? '', /HTTPS_PROXY/)
    const told = verdict({ observation: { failure }, more: { told: { proxy: true } } })
    assert.deepEqual(faults(told), ['proxy-failed'])
    assert.match(only(told, 'proxy-failed').message, /the proxy of --proxy/)
    assert.doesNotMatch(only(told, 'proxy-failed').fix ?? '', /HTTPS_PROXY/)
  })

  it('a proxy of ours that fails comes before a name that the engine does not know, and no line makes up an address', () => {
    const failure: Failure = { code: 'proxy-failed', stage: 'connect', detail: 'it is down' }
    const answer = { outcome: 'unclear', message: 'dial tcp: lookup reg.corp: no such host' } as const
    const more = { told: { proxy: true } } as const
    const observation = { failure, address: 'reg.corp', proxy: 'http://198.18.0.1:9' }
    const judgement = verdict({ observation, answer, more })
    assert.deepEqual(faults(judgement), ['proxy-failed', 'name-not-resolved'])
    assert.match(
      only(judgement, 'proxy-failed').fix ?? '',
      /^curl -v --proxy http:\/\/198\.18\.0\.1:9 https:\/\/reg\.corp:5000\/v2\/ /,
    )
    const { fix = '' } = only(judgement, 'name-not-resolved')
    assert.match(fix, /^getent hosts reg\.corp .*--offline --ca FILE$/)
    assert.doesNotMatch(fix, /tee|echo/)
  })

  it('an address that only we were told: where the engine does not know the name, that stands first', () => {
    for (const message of [
      'dial tcp: lookup reg.corp: no such host',
      'dial tcp: lookup reg.corp on 127.0.0.53:53: server misbehaving',
      'dial tcp: lookup reg.corp on [::1]:53: read udp [::1]:1->[::1]:53: connection refused',
    ]) {
      const answer = { outcome: 'unclear', message: `Get "https://reg.corp:5000/v2/": ${message}` } as const
      const told = verdict({ ...unknown, answer, more: { told: { address: true } } })
      assert.deepEqual(faults(told), ['*name-not-resolved', 'unknown-authority'], message)
      assert.match(only(told, 'name-not-resolved').fix ?? '', /^echo '198\.18\.0\.2 reg\.corp'/)
      assert.deepEqual(faults(verdict({ ...unknown, answer })), ['*unknown-authority'])
    }
    const lost = { outcome: 'unclear', message: 'dial tcp: lookup reg.corp: no such host' } as const
    const proxied = verdict({ ...unknown, answer: lost, more: { told: { proxy: true } } })
    assert.match(only(proxied, 'name-not-resolved').message, /--proxy says how we look/)
    const other = { outcome: 'unclear', message: 'dial tcp: lookup proxy.corp: no such host' } as const
    const told = verdict({ ...unknown, answer: other, more: { told: { address: true } } })
    assert.deepEqual(faults(told), ['*unknown-authority'])
  })

  it('files that were given are named in the line to paste', () => {
    const more = { givenAs: '--ca /etc/corp.pem' }
    const judgement = verdict({ ...unknown, given: [authority], more })
    assert.equal(only(judgement, 'unknown-authority').fix, 'trust-registry reg.corp:5000 --ca /etc/corp.pem')
    const nobody = { installed: false, state: 'absent' } as const
    const missing = verdict({ ...unknown, required: false, survey: nobody, more })
    assert.match(only(missing, 'runtime-not-found').fix ?? '', /--runtime docker --ca \/etc\/corp\.pem /)
    const system = verdict({ ...unknown, required: false, survey: nobody, more: { systemRequired: true } })
    assert.equal(only(system, 'runtime-not-found').severity, 'warning', 'the OS store is what counts')
  })

  const pings: readonly (readonly [string, Partial<Ping>, readonly string[], boolean, string?])[] = [
    ['an HTML page', { status: 200, contentType: 'text/html' }, ['not-a-registry'], true],
    ['an HTML body', { status: 200, bodyStart: '\n<!DOCTYPE html>' }, ['not-a-registry'], true],
    ['404', { status: 404 }, ['*not-a-registry'], true, '404 Not Found'],
    ['a redirect', { status: 301, location: 'http://reg.corp/' }, ['not-a-registry'], true],
    ['401 without a challenge', { challenges: [] }, ['*bad-challenge'], true, '401 Unauthorized'],
    [
      '401 with Negotiate',
      { challenges: [{ scheme: 'negotiate', parameters: {} }] },
      ['*bad-challenge'],
      true,
      '401 Unauthorized',
    ],
    ['429', { status: 429, retryAfter: '60' }, ['rate-limited'], false, '429 Too Many Requests'],
    [
      '400 of nginx',
      { status: 400, bodyStart: 'No required SSL certificate was sent' },
      ['*client-certificate-required'],
      false,
      '400 Bad Request',
    ],
    ['401 with Basic', {}, [], false],
    [
      '503 with Retry-After',
      { status: 503, retryAfter: 'Fri, 01 Jan 2027 00:00:00 GMT' },
      ['rate-limited'],
      false,
      '503 Service Unavailable',
    ],
    ['version 1', { status: 404, v1: true }, ['*registry-v1'], true, '404 Not Found'],
    [
      'a challenge behind a comma',
      { challenges: [{ scheme: 'negotiate', parameters: {} }], hiddenSchemes: ['basic'] },
      ['*bad-challenge'],
      true,
      '401 Unauthorized',
    ],
    [
      'another challenge behind a comma',
      { challenges: [{ scheme: 'basic', parameters: {} }], hiddenSchemes: ['bearer'] },
      ['bad-challenge'],
      false,
    ],
    [
      'two realms',
      { challenges: ['a', 'b'].map((realm) => ({ scheme: 'bearer', parameters: { realm } })) },
      ['bad-challenge'],
      false,
    ],
    [
      '401 with Bearer',
      { challenges: [{ scheme: 'bearer', parameters: { realm: 'https://reg.corp:5000/token' } }] },
      [],
      false,
    ],
    ['200', { status: 200 }, [], false],
  ]
  for (const [name, ping, expected, mustAct, status] of pings) {
    it(`${name} at /v2/: ${expected[0] ?? 'a registry'}`, () => {
      const challenges = [{ scheme: 'basic', parameters: {} }]
      const usual: Ping = { status: 401, apiVersion: 'registry/2.0', challenges, bodyStart: '' }
      const judgement = verdict({ ...trusted, observation: { ping: { ...usual, ...ping } } })
      assert.deepEqual(faults(judgement), expected)
      assert.equal(judgement.ownerMustAct, mustAct)
      const line = `login attempt to https://${REGISTRY}/v2/ failed with status: ${status ?? ''}`
      assert.equal(predicted(judgement), status && line, 'the chain itself is accepted')
    })
  }

  it('foresees what Docker prints for a Bearer challenge without a realm', () => {
    const challenges = [
      { scheme: 'bearer', parameters: { service: 's' } },
      { scheme: 'basic', parameters: { realm: 'r' } },
    ]
    const ping: Ping = { status: 401, apiVersion: 'registry/2.0', challenges, bodyStart: '' }
    const judgement = verdict({ ...trusted, observation: { ping } })
    assert.deepEqual([faults(judgement), judgement.ownerMustAct], [['*bad-challenge'], true])
    assert.equal(predicted(judgement), 'no realm specified for token auth challenge')
  })

  it('sends people on where a redirect leads to another registry', () => {
    const to = (location: string): string | undefined => {
      const ping: Ping = { status: 301, challenges: [], bodyStart: '', location }
      return only(verdict({ ...trusted, observation: { ping } }), 'not-a-registry').fix
    }
    assert.equal(to('https://new.corp:5001/v2/'), 'trust-registry new.corp:5001')
    for (const other of ['http://reg.corp/v2/', 'https://sso.corp/login', '/login', '::'])
      assert.equal(to(other), undefined)
  })

  it('informs that the version header is missing', () => {
    const challenges = [{ scheme: 'basic', parameters: {} }]
    const judgement = verdict({
      ...trusted,
      observation: { ping: { status: 401, challenges, bodyStart: '' } },
    })
    assert.equal(only(judgement, 'version-header-missing').severity, 'info')
    const two = { status: 401, challenges, bodyStart: '', apiVersion: 'registry/1.0 registry/2.0' }
    assert.deepEqual(verdict({ ...trusted, observation: { ping: two } }).findings, [])
  })

  it('tells which of three clocks is wrong', () => {
    const said = (observation: object): string | undefined =>
      verdict({ ...trusted, observation }).findings.find(({ code }) => code === 'clock-skew')?.message
    const far = { clockSkewSeconds: 3600, machineAheadSeconds: -3600 }
    assert.match(said(far) ?? '', /registry is 3600 s ahead; this computer's own agrees with it$/)
    assert.match(said({ clockSkewSeconds: 3600, machineAheadSeconds: 0 }) ?? '', /registry is 3600 s ahead$/)
    // The engine's machine and the registry agree: no other clock counts.
    assert.equal(said({ clockSkewSeconds: 0, machineAheadSeconds: -3600 }), undefined)
    assert.match(said({ machineAheadSeconds: -259_200 }) ?? '', /the machine is 3 days behind$/)
    assert.equal(said({ machineAheadSeconds: 300 }), undefined)
  })

  it('mentions a clock that differs by more than five minutes', () => {
    const skewed = (seconds: number): readonly string[] =>
      faults(verdict({ ...trusted, observation: { clockSkewSeconds: seconds } }))
    assert.deepEqual(skewed(-301), ['clock-skew'])
    assert.deepEqual(skewed(300), [])
  })
})
