import assert from 'node:assert/strict'
import { judgeRun, judgeSaid, said } from '../../src/runtimes/containers-words.ts'

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

  it('takes the worst of the ends that a mirror or a certificate may have forged', () => {
    const image = 'reg.corp:5000/trust-registry-probe'
    const mirror = '[mirror.corp/p:latest: manifest unknown]'
    const texts: readonly (readonly [string, string])[] = [
      [`${PING}x509: certificate is valid for a]): b: unauthorized, not reg.corp`, 'refused'],
      [`${PING}x509: certificate is valid for a]): b: reading manifest, not reg.corp`, 'refused'],
      [`reading manifest x]): ${image}: ${PING}x509: certificate signed by unknown authority`, 'refused'],
      [`x\nError: reading manifest x\n]): ${image}: ${PING}EOF`, 'refused'],
      [`reading manifest latest in ${image}: unauthorized: x509: no`, 'accepted'],
    ]
    for (const [text, outcome] of texts) {
      const stderr = `Error: reading image "docker://${image}:latest": (Mirrors also failed: ${mirror}): ${image}:latest: ${text}\n`
      assert.equal(judgeRun(result(stderr)).outcome, outcome, text)
    }
    assert.equal(judgeRun(result('', { timedOut: true })).outcome, 'unclear')
    const name = 'x509: certificate is valid for reading manifest, not reg.corp'
    assert.equal(judgeRun(result(`Error: ${PING}${name}\n`)).outcome, 'refused')
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
