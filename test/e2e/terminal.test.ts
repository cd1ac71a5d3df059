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
    ['half a fingerprint is no answer', [[askIdentity, `${'0'.repeat(40)}\r`]], 4],
    ['Ctrl-C at the question', [[askIdentity, '\x03']], 130],
    ['Ctrl-D at the question', [[askIdentity, '\x04']], 130],
    [
      'Ctrl-C at the plan',
      [
        [askIdentity, 'yes\r'],
        [askPlan, '\x03'],
      ],
      130,
    ],
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
      if (answers.length === 1 && code !== 130) assert.match(run.screen, /error\[identity-m/)
      assert.deepEqual(await host.snapshot(watched), before)
    })
  }

  it('takes the line that openssl prints; the password comes through stdin while the questions read the terminal', async () => {
    const host = await scene.lab.host('client', { hosts })
    await host.write('/root/password', `${users.testuser}\n`)
    const line = `sha256 Fingerprint=${root.sha256.replace(/(..)(?=.)/g, '$1:')}`
    const command = `${program} ${registry} -u testuser --password-stdin < /root/password`
    const run = await typeAt(host, command, [
      [askIdentity, `${line}\r`],
      [askPlan, 'y\r'],
    ])
    assert.equal(run.code, 0, run.screen)
    assert.match(run.screen, /logged in/)
    assert.ok(!run.screen.includes(users.testuser), run.screen)
  })

  it('Ctrl-C at the password, and at the question of undo: exit 130, nothing is changed', async () => {
    const host = await scene.lab.host('client', { hosts })
    await host.write('/root/ca.pem', root.pem)
    const before = await host.snapshot(watched)
    const ask = `${program} ${registry} --ca /root/ca.pem -u testuser`
    const run = await typeAt(host, ask, [[/Password of testuser/, 'half\x03']])
    assert.equal(run.code, 130, run.screen)
    assert.ok(!run.screen.includes('half'), run.screen)
    assert.deepEqual(await host.snapshot(watched), before)
    assert.equal((await host.product([registry, '--ca', '/root/ca.pem'])).code, 0)
    const after = await host.snapshot(watched)
    const undo = await typeAt(host, `${program} undo ${registry}`, [[askPlan, '\x03']])
    assert.equal(undo.code, 130, undo.screen)
    assert.deepEqual(await host.snapshot(watched), after)
  })

  it('--prune shows what goes, and asks', async () => {
    const host = await scene.lab.host('client', { hosts })
    const old = await createCa({ name: 'Old Root CA' })
    await host.write('/root/old.pem', old.pem)
    await host.write('/root/ca.pem', root.pem)
    assert.equal((await host.product([registry, '--offline', '--ca', '/root/old.pem'])).code, 0)
    const run = await typeAt(host, `${program} ${registry} --ca /root/ca.pem --prune`, [[askPlan, '\r']])
    assert.equal(run.code, 4, run.screen)
    assert.match(run.screen, /- \/etc\/docker\/certs\.d\/\S+\s+belongs to an earlier identity/)
    const agreed = await typeAt(host, `${program} ${registry} --ca /root/ca.pem --prune`, [[askPlan, 'y\r']])
    assert.equal(agreed.code, 0, agreed.screen)
    assert.doesNotMatch(
      (await host.run(['ls', '/etc/docker/certs.d/reg.corp:5000'])).stdout,
      new RegExp(old.sha256.slice(0, 16), 'i'),
    )
  })

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
