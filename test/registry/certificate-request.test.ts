import assert from 'node:assert/strict'
import type { TlsOptions } from 'node:tls'
import fc from 'fast-check'
import { createCa } from '../../fixtures/pki.ts'
import { clientCasAsked } from '../../src/registry/certificate-request.ts'
import { lookClientCas } from '../../src/registry/client-cas.ts'
import { parseCertificate } from '../../src/x509/index.ts'
import { answer, closeServers, pki, tcp, tls } from './servers.ts'

const u16 = (length: number): number[] => [length >> 8, length & 255]
const vector = (bytes: readonly number[]): number[] => [...u16(bytes.length), ...bytes]
const message = (type: number, body: readonly number[]): number[] => [type, 0, ...vector(body)]
const record = (type: number, body: readonly number[]): number[] => [type, 3, 3, ...vector(body)]
const request = (names: readonly (readonly number[])[]): number[] =>
  message(13, [1, 1, ...vector([4, 3]), ...vector(names.flatMap(vector))])
const done = message(14, [])

describe('registry/certificate-request: whose client certificates a server takes', () => {
  afterEach(closeServers)

  it('reads the names, however the flight is cut into records and into reads', () => {
    const name = fc.array(fc.nat(255), { maxLength: 40 })
    fc.assert(
      fc.property(fc.array(name, { maxLength: 6 }), fc.integer({ min: 1, max: 60 }), (names, cut) => {
        const flight = [...message(2, [1, 2, 3]), ...message(11, [0, 0, 0]), ...request(names), ...done]
        const bytes: number[] = []
        for (let at = 0; at < flight.length; at += cut) bytes.push(...record(22, flight.slice(at, at + cut)))
        const whole = Buffer.from(bytes)
        const found = clientCasAsked(whole)
        assert.deepEqual(
          found,
          names.map((bytesOf) => Buffer.from(bytesOf)),
        )
        for (let length = 0; length < whole.length; length += 7) {
          const soon = clientCasAsked(whole.subarray(0, length))
          assert.ok(soon === 'more' || Array.isArray(soon))
        }
      }),
    )
  })

  it('finds nothing where none is asked for, in an alert, and in damage; and ends whatever it reads', () => {
    const cases: readonly (readonly number[])[] = [
      record(22, [...message(2, []), ...done]),
      record(21, [2, 70]),
      record(22, [...message(13, [9, 1]), ...done]),
      record(22, [...message(13, [0, 0, 0, 0, 4, 0, 9, 1, 2]), ...done]),
      [...Buffer.from('HTTP/1.1 400 Bad Request\r\n')],
    ]
    for (const bytes of cases) assert.equal(clientCasAsked(Buffer.from(bytes)), 'nothing')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        clientCasAsked(Buffer.concat([Buffer.from([22]), bytes]))
      }),
    )
  })

  it('asks a real server, which has more to say than one record holds, or nothing in the clear', async () => {
    const { leaf } = await pki()
    const cas = await Promise.all([1, 2, 3].map((n) => createCa({ name: `Clients ${n}`, keyKind: 'p-256' })))
    const demand: TlsOptions = { requestCert: true, rejectUnauthorized: true, ca: cas.map(({ pem }) => pem) }
    const subjects = cas.map(({ certificate }) => parseCertificate(certificate).rawSubject)
    const serve = answer('')
    const limits = { timeoutMs: 30_000 }
    const asked = async (options: TlsOptions) =>
      lookClientCas(await tls([leaf], serve, options), '127.0.0.1', limits)
    assert.deepEqual(await asked(demand), subjects)
    assert.deepEqual(await asked({ requestCert: true, rejectUnauthorized: false }), [])
    assert.equal(await asked({}), undefined)
    assert.equal(await asked({ ...demand, minVersion: 'TLSv1.3' }), undefined)
  }).timeout(60_000)

  it('lets go of a silent one when its time is over, and waits for no closed or plain one', async () => {
    let letGo: () => void = () => undefined
    const gone = new Promise<void>((resolve) => (letGo = resolve))
    const silent = await tcp((socket) => void socket.resume().once('close', letGo))
    assert.equal(await lookClientCas(silent, '127.0.0.1', { timeoutMs: 500 }), undefined)
    await gone
    // Longer than this test may take.
    const limits = { timeoutMs: 600_000 }
    const closed = await tcp((socket) => void socket.destroy())
    assert.equal(await lookClientCas(closed, '127.0.0.1', limits), undefined)
    const plain = await tcp((socket) => void socket.end('SSH-2.0-x\r\n'))
    assert.equal(await lookClientCas(plain, '127.0.0.1', limits), undefined)
  })
})
