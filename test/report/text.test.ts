import assert from 'node:assert/strict'
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { findingCodes, type Finding } from '../../src/judge/judgement.ts'
import { width } from '../../src/report/layout.ts'
import { renderText } from '../../src/report/text.ts'
import * as examples from './examples.ts'
import { consumer, link, outcome, PLAIN, registry } from './examples.ts'

const text = (one: Parameters<typeof renderText>[0], more: Partial<typeof PLAIN> = {}): string =>
  renderText(one, { ...PLAIN, ...more })

/** Inline snapshots are indented like the code around them. */
function assertReport(actual: string, expected: string): void {
  const lines = expected.replace(/^\n/, '').replace(/\n *$/, '\n').split('\n')
  const margin = Math.min(...lines.filter((line) => line !== '').map((line) => line.search(/\S/)))
  assert.equal(actual, lines.map((line) => line.slice(margin)).join('\n'))
}

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

describe('report: bounds', () => {
  for (const [name, example] of Object.entries(examples.everyOutcome)) {
    it(`${name}: a screen, and 80 columns but for what is pasted or quoted`, () => {
      const lines = text(example).split('\n').slice(0, -1)
      assert.ok(lines.length <= 24, `${lines.length} lines`)
      if (name === 'hostile') return
      const long = lines.filter((line) => width(line) > 80)
      for (const line of long) assert.match(line, /SHA256:[0-9A-F]{64}|prints?: /)
    })

    it(`${name}: no control bytes, in ASCII nothing else, and colour changes nothing but colour`, () => {
      for (const verbose of [false, true]) {
        const plain = text(example, { verbose })
        assert.doesNotMatch(plain, /(?!\n)[\p{C}\p{Zl}\p{Zp}]/u)
        assert.match(text(example, { verbose, unicode: false }), /^[ -~\n]*$/)
        assert.equal(stripVTControlCharacters(text(example, { verbose, color: true })), plain)
        assert.doesNotMatch(plain, /^\s*::|##\[|##vso\[/m)
        assert.doesNotMatch(plain, / $/m)
      }
    })
  }

  it('keeps to a screen whatever there is to say, and -v says all of it', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 })
    const finding: fc.Arbitrary<Finding> = fc.record({
      code: fc.constantFrom(...findingCodes),
      severity: fc.constantFrom('error', 'warning', 'info'),
      owner: fc.constantFrom('registry', 'machine', 'network'),
      message: word,
      fix: fc.array(word, { maxLength: 30 }).map((lines) => lines.join('\n')),
    })
    const changed = (one: Finding): Finding => ({ ...one, code: 'identity-changed', severity: 'warning' })
    const many = fc.integer({ min: 0, max: 15 })
    const stop = fc.option(
      fc.record({ code: fc.constantFrom('policy', 'locked'), message: word, seen: word, fix: word }),
      { nil: undefined },
    )
    fc.assert(
      fc.property(
        fc.array(fc.oneof(finding, finding.map(changed)), { maxLength: 30 }),
        many,
        many,
        stop,
        fc.boolean(),
        (findings, a, b, error, ok) => {
          const document = registry({
            ok,
            exitCode: ok ? 0 : 1,
            findings,
            consumers: Array.from({ length: a }, (_, i) =>
              consumer(`c${i}`, 'refused', { predictedError: 'no' }),
            ),
            changes: Array.from({ length: b }, (_, i) => ({ path: `/etc/f${i}`, state: 'written' as const })),
            plan: Array.from({ length: b }, (_, i) => ({
              action: 'restart' as const,
              target: `unit${i}`,
              reason: 'because',
              privileged: true,
            })),
            identity: examples.rootIdentity,
            login: { attempted: true, ok: false, message: 'no' },
            ...(error === undefined ? {} : { error }),
          })
          const path = Array.from({ length: a }, (_, i) =>
            link(`ca${i}`, i === 0 ? 'leaf' : 'intermediate', 'sent'),
          )
          for (const command of ['trust', 'diagnose', 'undo']) {
            const one = outcome(command, document, path, { takenFrom: 'https://reg.corp:5000/v2/' })
            const short = text(one)
            assert.ok(short.split('\n').length - 1 <= 24)
            if (findings.some(({ code }) => code === 'identity-changed'))
              assert.ok(short.includes('identity-changed'), short)
            const all = text(one, { verbose: true })
            for (const { code } of findings) assert.ok(all.includes(code))
            assert.doesNotMatch(all, /-v shows/)
          }
        },
      ),
      { numRuns: 60 },
    )
  }).timeout(60_000)

  it('lists the first findings and counts the others', () => {
    const findings = findingCodes.slice(0, 20).map((code) => ({ ...examples.expiresSoon, code }))
    const many = outcome('diagnose', registry({ findings, consumers: [consumer('docker', 'trusted')] }))
    assert.match(text(many), /^ \+1\d more findings, -v shows them$/m)
  })

  it('that it may be somebody else is never among those that are only counted', () => {
    const findings = findingCodes.map((code) => ({
      ...examples.expiresSoon,
      code,
      severity: code === 'identity-changed' ? ('warning' as const) : ('error' as const),
    }))
    for (const error of [undefined, { code: 'policy', message: 'no'.repeat(300), seen: 'a\n'.repeat(30) }]) {
      const more = error === undefined ? {} : { error }
      const shown = text(outcome('diagnose', registry({ ok: false, findings, ...more })))
      assert.match(shown, /^ ! identity-changed/m)
    }
  })

  it('says how to see the rest of a long fix instead of half a command', () => {
    const fix = Array.from({ length: 20 }, (_, i) => `line ${i}`).join('\n')
    const long = outcome(
      'diagnose',
      registry({ ok: false, findings: [{ ...examples.unknownAuthority, fix }] }),
    )
    assert.match(text(long), /\(12 more lines of it: -v\)/)
    assert.match(text(long, { verbose: true }), /line 19/)
  })
})

describe('report: quiet, several registries, the other endings', () => {
  it('says nothing where all is well', () => {
    assert.equal(text(examples.trusted, { quiet: true }), '')
  })

  it('says the answer and the way out where it is not', () => {
    assert.match(
      text(examples.pinMismatch, { quiet: true }),
      /^reg\.corp:5000 {3}✗ STOPPED[^]*error\[identity-mismatch\][^]*To go on:/,
    )
  })

  it('counts several registries', () => {
    const two = {
      document: {
        ...examples.trusted.document,
        registries: [...examples.trusted.document.registries, ...examples.privateCa.document.registries],
      },
      views: [...examples.trusted.views, ...examples.privateCa.views],
    }
    assert.match(text(two), /\n\n2 registries: 1 in order, 1 not\n$/)
  })

  it('--check is a look, too', () => {
    const { document, path } = examples.trustPlanned.views[0] ?? { document: registry(), path: [] }
    const checked = text(outcome('trust', { ...document, ok: false, exitCode: 3 }, path))
    assert.match(checked, /does not trust it yet; this is the plan\n/)
    assert.match(checked, /Only a look/)
  })

  const verdicts: readonly (readonly [string, string, ReturnType<typeof outcome>])[] = [
    [
      'unreachable',
      '✗ nothing answers there',
      outcome(
        'diagnose',
        registry({
          ok: false,
          exitCode: 7,
          findings: [{ ...examples.expiresSoon, severity: 'error', code: 'unreachable', owner: 'network' }],
        }),
      ),
    ],
    [
      'expired',
      '✗ docker does not trust it; only its owner can mend that',
      outcome('diagnose', registry({ ok: false, exitCode: 6, consumers: [consumer('docker', 'refused')] })),
    ],
    [
      'two refuse',
      '✗ docker and podman do not trust it',
      outcome(
        'diagnose',
        registry({
          ok: false,
          exitCode: 1,
          consumers: [consumer('docker', 'refused'), consumer('podman', 'refused', { required: true })],
        }),
      ),
    ],
    [
      'unknown',
      '! whether docker trusts it is unknown',
      outcome('diagnose', registry({ consumers: [consumer('docker', 'unknown', { assumed: true })] })),
    ],
    [
      'two unknown',
      '! whether podman and skopeo trust it is unknown',
      outcome(
        'diagnose',
        registry({
          consumers: ['podman', 'skopeo'].map((name) => consumer(name, 'unknown', { required: true })),
        }),
      ),
    ],
    [
      'again',
      '✓ docker trusts it; nothing to do',
      outcome('trust', registry({ verified: true, consumers: [consumer('docker', 'trusted')] })),
    ],
    [
      'only what an earlier identity left goes',
      '! docker trusts it; this would be removed',
      outcome(
        'trust',
        registry({
          ok: false,
          exitCode: 3,
          plan: [
            { action: 'remove', target: '/a', reason: 'belongs to an earlier identity', privileged: true },
          ],
          consumers: [consumer('docker', 'trusted')],
        }),
      ),
    ],
    [
      'the plan of --offline',
      '! this is the plan; nobody has looked at it',
      outcome(
        'trust',
        registry({
          plan: [{ action: 'write', target: '/a', reason: 'trust for docker', privileged: true }],
        }),
      ),
    ],
    [
      'the plan of --offline --check',
      '! this is the plan; nobody has looked at it',
      outcome(
        'trust',
        registry({
          ok: false,
          exitCode: 3,
          plan: [{ action: 'write', target: '/a', reason: 'trust for docker', privileged: true }],
        }),
      ),
    ],
    [
      'the name that nobody knows, with a --ca beside it',
      '✗ nobody here knows this name',
      outcome(
        'trust',
        registry({
          ok: false,
          exitCode: 7,
          findings: [{ ...examples.unknownAuthority, code: 'name-not-resolved', owner: 'network' }],
          consumers: [consumer('docker', 'unknown')],
        }),
        [link('Corp Root CA', 'root', 'given')],
      ),
    ],
    [
      'the name that only --resolve knows',
      '✗ the engine does not know this name',
      outcome(
        'trust',
        registry({
          ok: false,
          exitCode: 7,
          findings: [{ ...examples.unknownAuthority, code: 'name-not-resolved', owner: 'network' }],
          consumers: [consumer('docker', 'unknown')],
        }),
        [link('reg.corp', 'leaf', 'sent')],
      ),
    ],
    [
      'login failed',
      '✗ docker trusts it, but the login failed',
      outcome(
        'trust',
        registry({
          ok: false,
          exitCode: 10,
          changed: true,
          verified: true,
          login: { attempted: true, ok: false },
          consumers: [consumer('docker', 'trusted')],
        }),
      ),
    ],
    [
      'not verified',
      '! the files are in place, but no engine has confirmed it',
      outcome('trust', registry({ changed: true, consumers: [consumer('docker', 'trusted')] })),
    ],
    [
      'undone in part',
      '✗ undone only in part: 1 file kept',
      outcome('undo', registry({ ok: false, exitCode: 9, changes: [{ path: '/a', state: 'kept' }] })),
    ],
    ['nothing to undo', '✓ nothing to undo', outcome('undo', registry())],
    [
      'files that somebody took away before us',
      '✓ forgotten: its files were gone already',
      outcome('undo', registry({ changed: true })),
    ],
    [
      'a file that another registry needs',
      '✓ undone: what other registries need as well stays',
      outcome('undo', registry({ changed: true, changes: [{ path: '/a', state: 'unchanged' }] })),
    ],
    [
      'old bytes put back',
      '✓ undone: everything of ours is gone',
      outcome(
        'undo',
        registry({
          changed: true,
          plan: [{ action: 'write', target: '/a', reason: 'as it was before', privileged: true }],
          changes: [{ path: '/a', state: 'written' }],
        }),
      ),
    ],
    [
      'rolled back',
      '✗ failed: nothing on this machine is changed',
      outcome(
        'trust',
        registry({ ok: false, exitCode: 8, error: { code: 'change-failed', message: 'no space' } }),
      ),
    ],
  ]
  for (const [name, sentence, one] of verdicts) {
    it(name, () => {
      assert.ok(text(one).split('\n').slice(0, 2).join('\n').includes(sentence), text(one))
    })
  }
})

describe('report: an engine that goes on with the OS store as it was', () => {
  const late = (command: string, document: ReturnType<typeof registry>): string => {
    const one = outcome(command, document)
    const restart = 'service docker restart'
    return text({ ...one, views: one.views.map((view) => ({ ...view, restart })) })
  }

  it('trust: what is done, what is not, and the line that finishes it', () => {
    const shown = late(
      'trust',
      registry({
        changed: true,
        changes: [{ path: '/usr/local/share/ca-certificates/a.crt', state: 'written' }],
        consumers: [consumer('docker', 'refused'), consumer('system', 'trusted', { required: true })],
      }),
    )
    assert.match(shown, /^reg\.corp:5000 {3}! in the OS store; docker trusts it once it is restarted\n/)
    assert.match(shown, /^ To finish: service docker restart\n To take it back: /m)
  })

  it('undo: Docker still trusts it, and the line that ends that', () => {
    const shown = late('undo', registry({ changed: true, changes: [{ path: '/a', state: 'removed' }] }))
    assert.match(shown, /^reg\.corp:5000 {3}! undone, but docker trusts it until it is restarted\n/)
    assert.match(shown, /^ To finish: service docker restart\n/m)
  })

  it('nobody reaches a registry on behalf of the OS store', () => {
    const only = [consumer('system', 'trusted', { required: true })]
    const shown = text(outcome('trust', registry({ verified: true, consumers: only })))
    assert.match(shown, /✓ verified: the bundle of the OS store holds what it takes/)
    const both = text(
      outcome('trust', registry({ verified: true, consumers: [consumer('docker', 'trusted'), ...only] })),
    )
    assert.match(both, /✓ verified: docker's daemon reached \/v2\/; the bundle of the OS store/)
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
