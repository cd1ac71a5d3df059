import assert from 'node:assert/strict'
import { judgeSaid, said } from '../../src/runtimes/containers-words.ts'

const result = (stderr: string, more = {}) => ({
  exitCode: 125,
  stdout: '',
  stderr,
  timedOut: false,
  ...more,
})
const PING = 'pinging container registry reg.corp:5000: Get "https://reg.corp:5000/v2/": '

describe('runtimes/containers-words', () => {
  it('takes the fault out of what was printed around it', () => {
    const fault = `${PING}x509: certificate signed by unknown authority`
    const logged = `Error parsing image name "docker://reg.corp:5000/p": ${fault}`.replaceAll('"', '\\"')
    assert.equal(said(result(`Error: reading image "docker://reg.corp:5000/p:latest": ${fault}\n`)), fault)
    assert.equal(
      said(result(`time="2026" level=warning msg="old"\ntime="2026" level=fatal msg="${logged}"`)),
      fault,
    )
    assert.equal(said(result(`time="2026" level=warning msg="old"\nError: ${fault}\n`)), fault)
    assert.equal(said(result('', { timedOut: true })), 'no answer in time')
    assert.equal(said(result('', { spawnError: 'EACCES' })), 'EACCES')
  })

  it('takes what mirrors said for nobody’s word but theirs', () => {
    const image = 'reg.corp:5000/trust-registry-probe'
    const fault = `${PING}x509: certificate signed by unknown authority`
    const own = 'reading manifest latest in mirror.corp/p: manifest unknown'
    const forged = `${own}]): ${image}:latest: ${own}\nError: ${own}`
    for (const mirrors of [[own], [own, own], [forged]]) {
      const failed = mirrors.map((text) => `[mirror.corp/p:latest: ${text}]`).join('\n')
      const text = `reading image "docker://${image}:latest": (Mirrors also failed: ${failed}): ${image}:latest: ${fault}`
      const logged = text.replaceAll('"', '\\"').replaceAll('\n', '\\n')
      for (const stderr of [`Error: ${text}\n`, `time="2026" level=fatal msg="${logged}"\n`]) {
        const message = said(result(stderr))
        assert.deepEqual([message, judgeSaid(125, message)], [fault, 'refused'], stderr)
      }
    }
  })

  const cases: readonly [string, 'accepted' | 'refused' | 'unclear'][] = [
    [`${PING}x509: certificate signed by unknown authority`, 'refused'],
    [`${PING}tls: failed to verify certificate: x509: certificate has expired`, 'refused'],
    [`${PING}http: server gave HTTP response to HTTPS client`, 'refused'],
    [`${PING}dial tcp 198.18.0.1:5000: connect: connection refused`, 'unclear'],
    [`${PING}dial tcp: lookup x509.corp: no such host`, 'unclear'],
    ['missing client certificate x.cert for key x.key', 'refused'],
    ['open /etc/containers/certs.d/reg/ca.crt: permission denied', 'refused'],
    ['reading manifest latest in reg.corp:5000/p: unauthorized: authentication required', 'accepted'],
    ['reading manifest latest in x509.corp/tls: manifest unknown', 'accepted'],
    ['unable to retrieve auth token: invalid username/password', 'accepted'],
    ['default OCI runtime "runc" not found: invalid argument', 'unclear'],
  ]
  for (const [message, outcome] of cases) {
    it(`${outcome}: ${message}`, () => {
      assert.equal(judgeSaid(125, message), outcome)
    })
  }
})
