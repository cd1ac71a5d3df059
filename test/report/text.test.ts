import assert from 'node:assert/strict'
import * as examples from './examples.ts'
import { assertReport, text } from './plain-text.ts'

describe('report: what a person reads', () => {
  it('a private CA that nobody here knows', () => {
    assertReport(
      text(examples.privateCa),
      `
      reg.corp:5000   ✗ docker does not trust it; this machine can mend that

       Corp Root CA          ROOT?  not sent, and not known here
       └─ Corp Issuing CA 2  INTER  sent by server  2024-03-01 → 2029-03-01  ✗
          └─ reg.corp        LEAF   sent by server  23 days left             !

       program  sees  trusts     /v2/  login  where
       docker   ✓     ✗ REFUSED  –     –      /etc/docker/certs.d/reg.corp:5000
         prints: Get "https://reg.corp:5000/v2/": x509: certificate signed by unknown authority
       system   ✓     ✗ refused  –     –      not needed

       ✗ unknown-authority  (who acts: this machine; the one Docker prints)
         the certificate of reg.corp leads to "Corp Root CA", a private CA that
         neither docker nor this machine knows
       ! expires-soon  (who acts: registry owner)
         the certificate of reg.corp ends on 2026-12-15, in 23 days

       Fingerprint of its topmost CA, to compare with what the registry owner says:
         SHA256:192AA76FD229EEE9F66C33427905EA1C53CB4820FDA5D5CB4498BC0D87E9277C

       On this machine:
         trust-registry reg.corp:5000 --fingerprint SHA256:192AA76FD229EEE9F66C33427905EA1C53CB4820FDA5D5CB4498BC0D87E9277C
    `,
    )
  })

  it('an intermediate that the server does not send', () => {
    assertReport(
      text(examples.missingIntermediate),
      `
      reg.example.org   ✗ docker does not trust it; this machine can mend that
       taken from https://reg.example.org/v2/team/app

       ISRG Root X1           ROOT   in the OS store   2015-06-04 → 2035-06-04
       └─ YR1                 INTER  fetched from AIA  2024-03-01 → 2027-03-12  ✗
          └─ reg.example.org  LEAF   sent by server    2026-10-01 → 2026-12-30

       program  sees  trusts     /v2/  login  where
       docker   ✓     ✗ REFUSED  –     –      /etc/docker/certs.d/reg.example.org
         will print: Get "https://reg.example.org/v2/": x509: certificate signed by unknown authority
       system   ✓     ✗ refused  –     –      not needed

       ✗ missing-intermediate  (who acts: registry owner; the one Docker prints)
         the server does not send "YR1", which http://yr1.i.lencr.org/ gives; with it
         the chain leads to "ISRG Root X1", which this machine trusts

       For the registry owner:
         # nginx: the whole chain, not the certificate alone
         ssl_certificate /etc/letsencrypt/live/reg.example.org/fullchain.pem;
         # docker-registry: the same file in REGISTRY_HTTP_TLS_CERTIFICATE
       Until then, on this machine:
         trust-registry reg.example.org
    `,
    )
  })

  it('trusted', () => {
    assertReport(
      text(examples.trusted),
      `
      reg.corp:5000   ✓ docker trusts it

       Corp Root CA  ROOT  given by --ca   2024-03-01 → 2034-03-01
       └─ reg.corp   LEAF  sent by server  2024-03-01 → 2027-06-01

       program  sees  trusts     /v2/  login  where
       docker   ✓     ✓ trusted  401   Basic  /etc/docker/certs.d/reg.corp:5000
       system   ✓     ✗ refused  –     –      not needed
         will print: unable to get local issuer certificate
    `,
    )
  })

  it('a loopback registry that docker does not check', () => {
    assertReport(
      text(examples.unchecked),
      `
      localhost:5000   ! docker does not check its certificate at all

       localhost  LEAF  sent by server  2024-03-01 → 2034-03-01

       program  sees  trusts       /v2/  login  where
       docker   –     ! unchecked  401   Basic  /etc/docker/certs.d/localhost:5000

       ! loopback-insecure  (who acts: this machine)
         docker takes every registry on a loopback address without looking at its
         certificate
    `,
    )
  })
})

describe('report: -v', () => {
  it('gives every fix exactly once', () => {
    for (const example of [examples.privateCa, examples.pinMismatch, examples.trustPlanned]) {
      const all = text(example, { verbose: true })
      for (const { fix = '' } of example.document.registries[0]?.findings ?? []) {
        assert.equal(all.split(fix).length - 1, 1, all)
      }
    }
  })

  it('names what the server sent besides the path, and the machine', () => {
    const [view] = examples.privateCa.views
    assert.ok(view)
    const stray = { ...examples.privateCa, views: [{ ...view, path: view.path.slice(0, 1) }] }
    const all = text(stray, { verbose: true })
    assert.match(all, /not in this path: CN=Corp Issuing CA 2 \(sent by server\)/)
    assert.match(all, /machine: local, debian \(debian\)\n {3}docker {2}20\.10\.24, go1\.19\.8, classic\n$/)
  })
})
