import assert from 'node:assert/strict'
import { createCa } from '../../fixtures/pki.ts'
import {
  codes,
  consumer,
  credentials,
  daemonMessage,
  dockerLogin,
  runJson,
  timeless,
  users,
  withLab,
} from './scene.ts'

const registry = 'reg.corp:5000'

describe('an expired cross-signature of the root is sent', function () {
  const scene = withLab(this)

  it('does not hide the root that is given: it would hold, and the daemon accepts once it is trusted', async () => {
    const keyKind = 'p-256'
    const past = { notBefore: new Date('2015-01-01'), notAfter: new Date('2020-01-01') }
    const old = await createCa({ name: 'Old Root CA', keyKind, ...past })
    const root = await createCa({ name: 'New Root CA', keyKind })
    const cross = await createCa({ name: 'New Root CA', key: root.key, issuer: old, ...past })
    const intermediate = await root.intermediate({ name: 'Corp Issuing CA', keyKind })
    const leaf = await intermediate.issue({ names: ['reg.corp'], keyKind })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [leaf, intermediate, cross], users })
    const host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address } })
    await host.write('/root/ca.pem', root.pem)

    const refused = await dockerLogin(host, registry)
    assert.notEqual(refused.code, 0, refused.stdout)
    const seen = await runJson(host, ['diagnose', registry, '--ca', '/root/ca.pem'])
    assert.deepEqual([seen.code, codes(seen.registry)], [1, ['expired', 'unknown-authority']], seen.stdout)
    const { predictedError } = consumer(seen.registry, 'docker')
    assert.match(predictedError ?? '', /x509: certificate has expired or is not yet valid: current time /)
    assert.equal(timeless(predictedError), timeless(daemonMessage(refused)))
    const [expired, unknown] = seen.registry.findings
    assert.equal(
      expired?.message,
      '"New Root CA" has expired on 2020-01-01; of the ways up, the one to "New Root CA" would hold',
    )
    assert.deepEqual([expired.certificate, unknown?.certificate], [cross.sha256, root.sha256])

    const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem', ...credentials], {
      input: users.testuser,
    })
    assert.deepEqual([trusted.code, codes(trusted.registry)], [0, []], trusted.stdout)
    const accepted = await dockerLogin(host, registry)
    assert.equal(accepted.code, 0, accepted.stderr)
  })
})
