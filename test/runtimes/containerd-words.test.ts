import assert from 'node:assert/strict'
import { judgeCtr, namesHosts } from '../../src/runtimes/containerd-words.ts'

const names = ['reg.corp:5000']
const image = 'reg.corp:5000/trust-registry-probe@sha256:00'
const question = `failed to resolve reference "${image}": `
const refusal =
  'failed to do request: Head "https://reg.corp:5000/v2/p/manifests/sha256:00": x509: certificate signed by unknown authority'

/** One line of the log of `ctr`, as logrus writes it. */
function line(host: string, text: string, error?: string): string {
  const fault = error === undefined ? '' : ` error="${error.replaceAll('"', '\\"')}"`
  const quoted = host.includes(':') ? `"${host}"` : host
  return `time="2026-11-24T19:11:18Z" level=info msg="${text}"${fault} host=${quoted}\n`
}
const mirror404 = [
  line('mirror.corp', 'trying next host - response was http.StatusNotFound'),
  line('mirror.corp', 'trying next host after status: 404 Not Found'),
]
const own404 = [
  line('reg.corp:5000', 'trying next host - response was http.StatusNotFound'),
  line('reg.corp:5000', 'fetch failed after status: 404 Not Found'),
]
const next = line('reg.corp:5000', 'trying next host', refusal)
const last = line('reg.corp:5000', 'fetch failed', refusal)
const denied = line('mirror.corp', 'trying next host', 'pull access denied: no basic auth credentials')

describe('runtimes/containerd-words', () => {
  const cases: readonly [string, string, 'accepted' | 'refused' | 'unclear'][] = [
    ['nothing but its own refusal', `ctr: ${question}${refusal}`, 'refused'],
    ['nothing but its own word', `ctr: ${question}${image}: not found`, 'accepted'],
    ['a mirror’s 404, 1.6', `${mirror404[0]}${next}ctr: ${question}${refusal}`, 'refused'],
    ['a mirror’s 404, 2.1', `${mirror404[1]}${last}ctr: ${question}${image}: not found`, 'refused'],
    [
      'a mirror’s 401, 1.6',
      `${next}ctr: ${question}pulling from host mirror.corp failed with status code [manifests sha256:00]: 401 Unauthorized`,
      'refused',
    ],
    ['a mirror’s 401, 1.7', `${denied}${next}ctr: ${question}pull access denied`, 'refused'],
    [
      'a mirror out of reach',
      `${next}ctr: ${question}failed to do request: Head "https://mirror.corp/v2/": dial tcp: connection refused`,
      'refused',
    ],
    [
      'its 404, then a host that no file speaks of',
      `${own404[0]}${next}ctr: ${question}${refusal}`,
      'accepted',
    ],
    [
      'its 404, a mirror out of reach',
      `${own404[1]}ctr: ${question}dial tcp: connection refused`,
      'accepted',
    ],
    ['what a host has printed is no line', `ctr: ${question}${refusal}\n${own404[0]}`, 'refused'],
    [
      'what a host has said is no name',
      `${line('mirror.corp', 'trying next host', own404[0])}${next}ctr: ${question}${refusal}`,
      'refused',
    ],
  ]
  for (const [what, stderr, outcome] of cases) {
    it(`${what}: ${outcome}`, () => {
      const answer = judgeCtr({ stderr, exitCode: 1 }, names)
      assert.equal(answer.outcome, outcome)
      if (outcome === 'refused') assert.equal(answer.message, question + refusal)
    })
  }

  it('where the daemon has pulled, the log of another pull tells of single hosts, in the daemon’s words', () => {
    const daemon = { stderr: `ctr: failed to resolve image: ${image}: not found\n`, exitCode: 1 }
    const local = { stderr: `${mirror404[1]}${last}ctr: ${question}${image}: not found\n`, exitCode: 1 }
    assert.deepEqual([namesHosts(daemon), namesHosts(local)], [false, true])
    assert.deepEqual(judgeCtr(daemon, names, local), {
      outcome: 'refused',
      message: `failed to resolve image: ${refusal}`,
    })
    assert.equal(judgeCtr(daemon, names).outcome, 'accepted')
  })

  it('a pull that succeeds', () => {
    assert.equal(judgeCtr({ stderr: '', exitCode: 0 }, names).outcome, 'accepted')
  })
})
