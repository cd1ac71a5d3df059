import assert from 'node:assert/strict'
import * as examples from './examples.ts'
import { assertReport, text } from './plain-text.ts'

describe('report: what was done, planned or stopped', () => {
  it('trust, done, with login', () => {
    assertReport(
      text(examples.trustDone),
      `
      reg.corp:5000   ✓ docker trusts it now

       Corp Root CA          ROOT   given by --ca   2024-03-01 → 2034-03-01
       └─ Corp Issuing CA 2  INTER  sent by server  2024-03-01 → 2029-03-01
          └─ reg.corp        LEAF   sent by server  23 days left

       program  sees  trusts     /v2/  login  where
       docker   ✓     ✓ trusted  401   ✓      /etc/docker/certs.d/reg.corp:5000

       written    /etc/docker/certs.d/reg.corp:5000/trust-registry-5C1F.crt

       accepted by pin: CN=Corp Root CA
         SHA256:5EF8533809DA7053A5213C58E1BD8DB621ED9A0019F28C3C48C3C61D5361139E
       ✓ logged in
       ✓ verified: docker's daemon reached /v2/

       To take it back: trust-registry undo reg.corp:5000
    `,
    )
  })

  it('trust, planned', () => {
    assertReport(
      text(examples.trustPlanned),
      `
      reg.corp:5000   ! docker does not trust it yet; this is the plan

       Corp Root CA          ROOT   given by --ca   2024-03-01 → 2034-03-01
       └─ Corp Issuing CA 2  INTER  sent by server  2024-03-01 → 2029-03-01  ✗
          └─ reg.corp        LEAF   sent by server  23 days left

       program  sees  trusts     /v2/  login  where
       docker   ✓     ✗ REFUSED  –     –      /etc/docker/certs.d/reg.corp:5000
         will print: Get "https://reg.corp:5000/v2/": x509: certificate signed by unknown authority

       ✗ unknown-authority  (who acts: this machine; the one Docker prints)
         the certificate of reg.corp leads to "Corp Root CA", a private CA that
         neither docker nor this machine knows

       + /etc/docker/certs.d/reg.corp:5000/trust-registry-5C1F.crt
           the CA that was accepted (as root)

       accepted by pin: CN=Corp Root CA
         SHA256:5EF8533809DA7053A5213C58E1BD8DB621ED9A0019F28C3C48C3C61D5361139E

       Only a look: nothing on this machine is changed.
    `,
    )
  })

  it('undo', () => {
    assertReport(
      text(examples.undone),
      `
      reg.corp:5000   ✓ undone: everything of ours is gone

       removed    /etc/docker/certs.d/reg.corp:5000/trust-registry-5C1F.crt
       removed    /etc/docker/certs.d/reg.corp:5000

       Logged in? That stays until you say: docker logout reg.corp:5000
    `,
    )
  })

  it('names podman where there is no Docker that prints', () => {
    const { document, views } = examples.privateCa
    const swapped = views.map((view) => ({
      ...view,
      document: {
        ...view.document,
        consumers: view.document.consumers.map((one) =>
          one.name === 'docker' ? { ...one, name: 'podman' } : one,
        ),
      },
    }))
    assert.match(text({ document, views: swapped }), /; the one podman prints\)/)
  })

  it('undo in an image: nobody is logged in there', () => {
    const { document, views } = examples.undone
    const said = text({ document, views: views.map((view) => ({ ...view, atRest: true })) })
    assert.match(said, /removed/)
    assert.doesNotMatch(said, /Logged in|logout/)
  })

  it('a pin that does not match', () => {
    assertReport(
      text(examples.pinMismatch),
      `
      reg.corp:5000   ✗ STOPPED: its identity is not the one that was expected

       Corp Root CA          ROOT?  not sent, and not known here
       └─ Corp Issuing CA 2  INTER  sent by server  2024-03-01 → 2029-03-01  ✗
          └─ reg.corp        LEAF   sent by server  23 days left

       program  sees  trusts     /v2/  login  where
       docker   ✓     ✗ REFUSED  –     –      /etc/docker/certs.d/reg.corp:5000
         will print: Get "https://reg.corp:5000/v2/": x509: certificate signed by unknown authority

       error[identity-mismatch]: no certificate that reg.corp:5000 shows has the
       fingerprint that was given
         seen: Corp Issuing CA 2  SHA256:192AA76FD229EEE9F66C33427905EA1C53CB4820FDA5D5CB4498BC0D87E9277C

       +1 more finding, -v shows them

       Fingerprint of its topmost CA, to compare with what the registry owner says:
         SHA256:192AA76FD229EEE9F66C33427905EA1C53CB4820FDA5D5CB4498BC0D87E9277C

       To go on:
         ask the registry owner for the fingerprint of the CA, and give that
    `,
    )
  })

  it('a subject that attacks the terminal and the CI log', () => {
    assertReport(
      text(examples.hostile),
      `
      reg.corp:5000   ✗ stopped: policy forbids it
       taken from Evil\\u{1b}[2J\\u{1b}]8;;http://x\\u{7}\\u{d}\\u{a}\\u{3a}:error::pwned #\\u{23}vso[task.fail]\\u{202e}gro.proc\\u{200b}
       Evil\\u{1b}[2J\\u{1b}]8;;ht…  ROOT?  not sent, and not known here
       └─ Evil\\u{1b}[2J\\u{1b}]8;…  LEAF   sent by server  2024-03-01 → 2034-03-01  ✗
       error[policy]: Evil\\u{1b}[2J\\u{1b}]8;;http://x\\u{7}\\u{d}\\u{a}\\u{3a}:error::pwned
       #\\u{23}vso[task.fail]\\u{202e}gro.proc\\u{200b}
         seen: Evil\\u{1b}[2J\\u{1b}]8;;http://x\\u{7}\\u{d}
               \\u{3a}:error::pwned #\\u{23}vso[task.fail]\\u{202e}gro.proc\\u{200b}
       +1 more finding, -v shows them
       > run Evil\\u{1b}[2J\\u{1b}]8;;http://x\\u{7}\\u{d}\\u{a}\\u{3a}:error::pwned #\\u{23}vso[task.fail]\\u{202e}gro.proc\\u{200b}
           Evil\\u{1b}[2J\\u{1b}]8;;http://x\\u{7}\\u{d}\\u{a}\\u{3a}:error::pwned #\\u{23}vso[task.fail]\\u{202e}gro.proc\\u{200b}
       accepted at first use, compared with nothing: Evil\\u{1b}[2J\\u{1b}]8;;http://x\\u{7}\\u{d}\\u{a}\\u{3a}:error::pwned #\\u{23}vso[task.fail]\\u{202e}gro.proc…
         SHA256:2F898C4E56C411995D84E5A18124E2BF799F0F9A2DA1A931CEDF976E86B9E86D
       ✗ login failed (realm Evil\\u{1b}[2J\\u{1b}]8;;http://x\\u{7}\\u{d}\\u{a}\\u{3a}:error\\u{3a}:pwned #\\u{23}vso[task.fail]\\u{202e}gro.proc\\u{200b}): Evil\\u{1b}[2J\\u{1b}]8;;http://x\\u{7}\\u{d}\\u{a}\\u{3a}:error::pwned #\\u{23}vso[task.fail]\\u{202e}gro.proc\\u{200b}
       To go on:
         Evil\\u{1b}[2J\\u{1b}]8;;http://x\\u{7}\\u{d}
         \\u{3a}:error::pwned #\\u{23}vso[task.fail]\\u{202e}gro.proc\\u{200b}
    `,
    )
  })
})
