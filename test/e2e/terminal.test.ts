import assert from 'node:assert/strict'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { program, typeAt } from './pty.ts'
import { dockerLogin, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'

describe('a person at a terminal', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({
      port: 5000,
      chain: [await root.issue({ names: ['reg.corp'] }), root],
      users,
    })
    hosts = { 'reg.corp': server.address }
  })

  const askIdentity = /Paste the fingerprint/
  const askPlan = /Go ahead\?/

  it('shows the CA, takes its pasted fingerprint, shows the plan, and trusts', async () => {
    const host = await scene.lab.host('client', { hosts })
    const pasted = root.sha256.replace(/(..)(?=.)/g, '$1:').toLowerCase()
    const run = await typeAt(host, `${program} ${registry}`, [
      [askIdentity, `SHA256:${pasted}\r`],
      [askPlan, 'y\r'],
    ])
    assert.equal(run.code, 0, run.screen)
    assert.match(run.screen, /Corp Root CA/)
    assert.match(run.screen, /It will be trusted for reg\.corp:5000 only, by docker/)
    assert.match(run.screen, /nothing else is touched/)
    assert.equal((await dockerLogin(host, registry)).code, 0)
  })

  for (const [what, answers, code] of [
    ['Enter is no', [[askIdentity, '\r']], 4],
    ['another fingerprint stops it', [[askIdentity, `${'0'.repeat(64)}\r`]], 5],
    ['Ctrl-C at the question', [[askIdentity, '\x03']], 130],
    [
      'no to the plan',
      [
        [askIdentity, 'yes\r'],
        [askPlan, '\r'],
      ],
      4,
    ],
  ] as const) {
    it(`${what}: exit ${code}, nothing is changed`, async () => {
      const host = await scene.lab.host('client', { hosts })
      const before = await host.snapshot(watched)
      const run = await typeAt(host, `${program} ${registry}`, answers)
      assert.equal(run.code, code, run.screen)
      assert.equal(run.unanswered, 0, run.screen)
      assert.deepEqual(await host.snapshot(watched), before)
    })
  }

  it('asks for the password without echo, and undo asks before it takes back', async () => {
    const host = await scene.lab.host('client', { hosts })
    await host.write('/root/ca.pem', root.pem)
    const run = await typeAt(host, `${program} ${registry} --ca /root/ca.pem -u testuser`, [
      [/Password of testuser/, `${users.testuser}\r`],
      [askPlan, 'y\r'],
    ])
    assert.equal(run.code, 0, run.screen)
    assert.match(run.screen, /logged in/)
    assert.ok(!run.screen.includes(users.testuser), 'the password was echoed')
    const kept = await typeAt(host, `${program} undo ${registry}`, [[askPlan, 'n\r']])
    assert.equal(kept.code, 4)
    const undone = await typeAt(host, `${program} undo ${registry}`, [[askPlan, 'y\r']])
    assert.equal(undone.code, 0, undone.screen)
    assert.equal((await dockerLogin(host, registry)).code, 1)
  })
})
