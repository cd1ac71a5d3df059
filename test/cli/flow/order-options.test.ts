import assert from 'node:assert/strict'
import { againLine } from '../../../src/cli/flow/consent.ts'
import { otherScopeLine } from '../../../src/cli/flow/escalate.ts'
import type { TrustOrder } from '../../../src/cli/flow/order.ts'
import { asTyped, optionsOf, reportAsTyped } from '../../../src/cli/flow/order-options.ts'
import { retyped } from '../../../src/cli/flow/retype.ts'
import { defaultOptions, type Options } from '../../../src/cli/options.ts'
import type { RegistryDocument } from '../../../src/report/document.ts'

const order: TrustOrder = {
  ...{ version: 1, do: 'trust', registry: 'reg.corp:5000', scope: 'registry', restart: 'auto' },
  ...{ timeoutMs: 10_000, agreed: [], keepAppended: false, offline: false, aia: true, prune: false },
  ...{ strict: false, how: 'ca-file', anchor: '', install: [], standing: [] },
  runtimes: ['docker', 'podman'],
  resolve: ['reg.corp:5000:192.0.2.7'],
}
const typed: Options = {
  ...defaultOptions,
  command: 'trust',
  registries: ['reg.corp:5000'],
  ca: ['my ca.pem'],
  pins: [{ host: 'reg.corp', port: 5000, address: '192.0.2.7' }],
}
const root = { options: optionsOf(order) }

describe('cli/flow/order-options: what root says of the line to type again', () => {
  it('is the line of the caller: with its files, without a consent that was never given', () => {
    const said = retyped(root.options, `${otherScopeLine(root)}      # by the OS store`)
    const other = `trust-registry reg.corp:5000 --ca 'my ca.pem' --scope system --resolve reg.corp:5000:192.0.2.7`
    assert.equal(asTyped(typed, order, said), `${other}      # by the OS store`)
    const kept = retyped(root.options, againLine(root, '--keep-appended'))
    const again = `trust-registry reg.corp:5000 --ca 'my ca.pem' --resolve reg.corp:5000:192.0.2.7 --keep-appended`
    assert.equal(asTyped(typed, order, kept), again)
    const others =
      'systemctl restart docker      # stops running containers\ntrust-registry reg.corp:5000 --ca CA.pem'
    assert.equal(asTyped(typed, order, others), others)
    // A report says it twice: where it ended, and as the finding that it is.
    const told = { code: 'store-would-drop', message: '', fix: said } as const
    const finding = { ...told, severity: 'error', owner: 'machine' } as const
    const document = { registry: 'reg.corp:5000', error: told, findings: [finding] }
    const report = reportAsTyped(typed, order, document as unknown as RegistryDocument)
    for (const { fix } of [report.error, ...report.findings].flatMap((entry) => entry ?? []))
      assert.equal(fix, `${other}      # by the OS store`)
  })
})
