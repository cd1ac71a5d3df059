import assert from 'node:assert/strict'
import fc from 'fast-check'
import { MAX_ORDER, parseOrder } from '../../src/cli/flow/order.ts'
import { TrustError } from '../../src/errors.ts'

const order = {
  ...{ version: 1, do: 'trust', registry: 'reg.corp:5000', scope: 'registry', timeoutMs: 10_000 },
  ...{ offline: false, aia: true, agreed: ['write /etc/docker/certs.d/reg.corp:5000/x.crt'] },
  ...{ runtimes: ['docker'], how: 'pin', anchor: 'AAAA', install: ['AAAA'] },
  ...{
    standing: ['B'.repeat(64)],
    prune: false,
    strict: false,
    restart: 'auto',
    keepAppended: false,
    resolve: [],
  },
}

describe('an order for the privileged half', () => {
  it('comes through as it was written', () => {
    assert.deepEqual(parseOrder(JSON.stringify(order)), order)
    const login = { username: 'ci', password: 'secret', required: true }
    const reach = { resolve: ['reg.corp:5000:192.0.2.7'], proxy: 'http://proxy.corp:3128' }
    const system = { scope: 'system', restart: 'always', keepAppended: true }
    const client = { certificate: 'pem', key: 'pem' }
    const full = { ...order, ...reach, ...system, login, client, recorded: 'A'.repeat(64) }
    assert.deepEqual(parseOrder(JSON.stringify(full)), full)
    for (const other of [
      { version: 1, do: 'undo', registry: 'reg.corp', restart: 'never', timeoutMs: 1000, agreed: [] },
      { version: 1, do: 'heal', timeoutMs: 1000, agreed: [] },
    ]) {
      assert.deepEqual(parseOrder(JSON.stringify(other)), other)
    }
  })

  it('changes no OS store without a look', () => {
    const blind = { ...order, offline: true }
    assert.deepEqual(parseOrder(JSON.stringify(blind)), blind)
    assert.throws(() => parseOrder(JSON.stringify({ ...blind, scope: 'system' })), TrustError)
  })

  for (const [field, values] of Object.entries({
    version: [2, '1', undefined],
    do: ['remove', '', undefined, 'constructor'],
    registry: ['../etc', 'https://reg.corp', 'reg.corp/image', 'REG.corp', '-oX', 7, undefined],
    scope: ['planet', 7, undefined],
    restart: ['now', undefined],
    keepAppended: ['yes', undefined],
    resolve: [
      'reg:1:192.0.2.7',
      ['reg:1:host'],
      ['reg:1'],
      [7],
      Array(101).fill('r.c:1:192.0.2.7'),
      undefined,
    ],
    proxy: ['file:///etc/passwd', 'http://bob:secret@proxy.corp', 7, ''],
    timeoutMs: [0, -1, 1.5, 600_001, '10', undefined],
    agreed: ['write /', [7], undefined, Array(10_001).fill('')],
    runtimes: ['docker', [7], Array(21).fill('docker'), ['x'.repeat(41)], undefined],
    how: ['trusted', '', undefined],
    anchor: ['', '!', '../x', 7, undefined],
    install: ['AAAA', [''], ['a b'], Array(101).fill('AAAA'), undefined],
    recorded: ['a'.repeat(64), 'A'.repeat(63), 7],
    standing: [['b'.repeat(64)], [''], 'B'.repeat(64), undefined],
    prune: ['yes', undefined],
    strict: ['yes', undefined],
    offline: ['true', undefined],
    aia: [1, undefined],
    client: [
      {},
      'pem',
      { certificate: 'x' },
      { certificate: 'x', key: 7 },
      { certificate: 'x', key: 'x'.repeat(65_537) },
    ],
    login: [{}, 'ci', { username: 'ci', password: 7, required: true }, { username: 'ci', password: 'x' }],
  })) {
    it(`is refused for its ${field}`, () => {
      for (const value of values) {
        assert.throws(
          () => parseOrder(JSON.stringify({ ...order, [field]: value })),
          (error) => error instanceof TrustError && ['policy', 'bad-registry'].includes(error.code),
          JSON.stringify(value),
        )
      }
    })
  }

  it('whatever the line, it ends in an order or in an error of ours', () => {
    const lines = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((json) => `{"version":1,"do":"trust",${json}}`),
    )
    fc.assert(
      fc.property(lines, (line) => {
        try {
          return ['trust', 'undo', 'heal'].includes(parseOrder(line).do)
        } catch (error) {
          return error instanceof TrustError
        }
      }),
    )
    assert.throws(() => parseOrder(' '.repeat(MAX_ORDER + 1)), /too long/)
  })
})
