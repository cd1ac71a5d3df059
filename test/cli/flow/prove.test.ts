import assert from 'node:assert/strict'
import { isUnknownAuthority } from '../../../src/cli/flow/prove.ts'

describe('what still refuses after the change', () => {
  it('is sent to the other scope for an unknown authority only', () => {
    const go = (what: string): string =>
      `Get "https://reg.corp/v2/": tls: failed to verify certificate: x509: ${what}`
    assert.ok(isUnknownAuthority(go('certificate signed by unknown authority')))
    assert.ok(
      isUnknownAuthority('x509: certificate signed by unknown authority (possibly because of "x509: …")'),
    )
    for (const other of [
      go('certificate is valid for 10.9.9.9, not 127.0.0.1'),
      go('certificate has expired or is not yet valid: current time …'),
      "invalid character '<' looking for beginning of value",
      'StatusCode: 404, <html>',
    ])
      assert.ok(!isUnknownAuthority(other), other)
  })
})
