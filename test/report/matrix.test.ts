import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Consumer } from '../../src/judge/judgement.ts'
import { screenRows, width } from '../../src/report/layout.ts'
import { consumerRows } from '../../src/report/matrix.ts'
import { styleOf } from '../../src/report/style.ts'
import { renderText } from '../../src/report/text.ts'
import { consumer, outcome, PLAIN, privatePath, registry, unknownAuthority } from './examples.ts'

const ping = (status: number, scheme: string) => ({
  addresses: [],
  chain: [],
  ping: { status, challenges: [{ scheme, parameters: {} }] },
})
const rows = (consumers: readonly Consumer[], more: Parameters<typeof registry>[0] = {}): string[][] =>
  consumerRows(registry({ probe: ping(401, 'bearer'), consumers, ...more }), styleOf(PLAIN))

describe('report/matrix', () => {
  it('one row a program: sees, trusts, /v2/, login, where', () => {
    const certsD = '/etc/docker/certs.d/reg.corp:5000'
    const job = { required: false, trustLocation: certsD }
    const all = [
      consumer('docker', 'trusted', { seesChain: true }),
      consumer('buildx', 'unknown', { ...job, assumed: true }),
      consumer('podman', 'refused', { required: true, seesChain: false, observedError: 'open /x: no' }),
      consumer('crio', 'unknown', { required: true, seesChain: false, observedError: 'i/o timeout' }),
      consumer('skopeo', 'unchecked'),
      consumer('system', 'refused', { predictedError: 'unable to get local issuer certificate' }),
    ]
    assert.deepEqual(rows(all, { login: { attempted: true, ok: true } }).flat(), [
      ' program  sees  trusts       /v2/  login   where',
      ' docker   ✓     ✓ trusted    401   ✓       /etc/docker/certs.d/reg.corp:5000',
      ' buildx   ?     ? likely     ?     ?       as above, not needed',
      ' podman   ✗     ✗ REFUSED    –     –',
      '   prints: open /x: no',
      ' crio     ✗     ? unknown    ?     ?',
      '   prints: i/o timeout',
      ' skopeo   –     ! unchecked  401   Bearer  not needed',
      ' system   ✓     ✗ refused    –     –       not needed',
    ])
  })

  it('says the same fault of several programs once, and all of it with -v', () => {
    const fault = 'tls: failed to verify certificate: x509: certificate signed by unknown authority'
    const start = 'reg.corp:5000/p: failed to resolve source metadata for reg.corp:5000/p:latest: '
    const document = registry({
      consumers: [
        consumer('docker', 'refused', { observedError: `Get "https://reg.corp:5000/v2/": ${fault}` }),
        consumer('docker-containerd', 'refused', {
          required: true,
          observedError: `failed to do request: Head "https://reg.corp:5000/v2/p/manifests/none": ${fault}`,
        }),
        consumer('docker-build', 'unknown', {
          assumed: true,
          predictedError: `${start}failed to do request: Head "https://reg.corp:5000/v2/p": ${fault}`,
        }),
        consumer('podman', 'refused', { required: true, observedError: 'missing key a.key' }),
      ],
    })
    const told = (verbose: boolean): string[] =>
      consumerRows(document, styleOf({ ...PLAIN, verbose }))
        .flat()
        .filter((line) => line.includes('print'))
    assert.deepEqual(
      told(false).map((line) => line.slice(0, 20)),
      ['   prints: Get "http', '   prints: missing k'],
    )
    assert.equal(told(true).length, 4)
  })

  it('fits the columns, whatever the names; only what is printed is not cut', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    const host = fc.oneof(name, fc.string({ minLength: 200, maxLength: 260 }), fc.constant('国'.repeat(120)))
    const one = fc.record(
      {
        name: fc.oneof(name, fc.constantFrom('docker', 'docker-containerd', '国'.repeat(30))),
        required: fc.boolean(),
        state: fc.constantFrom('trusted', 'refused', 'unchecked', 'unknown'),
        trusted: fc.boolean(),
        seesChain: fc.boolean(),
        assumed: fc.constant(true as const),
        trustLocation: host.map((text) => `/etc/docker/certs.d/${text}:5000`),
        predictedError: name,
        observedError: name,
      },
      { requiredKeys: ['name', 'required', 'state', 'trusted'] },
    )
    fc.assert(
      fc.property(
        fc.array(one, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 68, max: 110 }),
        fc.boolean(),
        fc.constantFrom(200, 401, 503),
        name,
        (consumers, columns, unicode, status, scheme) => {
          const document = registry({ probe: ping(status, scheme), consumers })
          const lines = consumerRows(document, styleOf({ ...PLAIN, columns, unicode })).flat()
          for (const line of lines) {
            if (/^ {3}(?:prints|will print|foreseen): /.test(line)) continue
            assert.ok(width(line) <= columns, `${width(line)} of ${columns}: ${line}`)
          }
        },
      ),
    )
  })

  it('keeps a whole report to 24 rows of a screen of 80 columns with every program there is', () => {
    const long = `${'a'.repeat(60)}.corp:5000`
    const names = [
      'docker',
      'docker-containerd',
      'docker-build',
      'buildx',
      'podman',
      'skopeo',
      'buildah',
      'system',
    ]
    const consumers = names.map((name, index) =>
      consumer(name, 'refused', {
        required: index < 5,
        trustLocation: `/etc/${name}/certs.d/${long}`,
        predictedError: `${name}: Head "https://${long}/v2/x": fault ${name} ${'x'.repeat(150)}`,
      }),
    )
    const bad = registry({ registry: long, ok: false, exitCode: 1, findings: [unknownAuthority], consumers })
    const text = renderText(outcome('diagnose', bad, privatePath.slice(0, 2)), PLAIN)
    const height = text
      .split('\n')
      .slice(0, -1)
      .reduce((sum, line) => sum + screenRows(line, 80), 0)
    assert.ok(height <= 24, `${height} rows\n${text}`)
    assert.match(text, /^ \+\d more programs, -v shows them$/m)
    assert.match(text, /^ {3}trust-registry reg\.corp:5000 --fingerprint SHA256:/m)
  })

  it('has no columns for what nobody can know of files', () => {
    const go = consumer('go', 'trusted', { required: true, trustLocation: 'corp-ca.pem' })
    const lines = consumerRows(registry({ consumers: [go] }), styleOf(PLAIN)).flat()
    assert.deepEqual(lines, [' program  trusts     where', ' go       ✓ trusted  corp-ca.pem'])
  })
})
