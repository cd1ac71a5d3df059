import assert from 'node:assert/strict'
import * as examples from './examples.ts'
import { consumer, link, outcome, registry } from './examples.ts'
import { text } from './plain-text.ts'

describe('report: the answer in a sentence', () => {
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
