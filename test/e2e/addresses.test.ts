import assert from 'node:assert/strict'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import { leaveOut } from '../support/left-out.ts'
import { runJson, withLab, type JsonRun } from './scene.ts'

const registry = 'reg.corp:5000'

describe('addresses of one name', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let one: Server
  let two: Server

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const other = await createCa({ name: 'Old CA' })
    one = await scene.lab.server('one')
    two = await scene.lab.server('two')
    await one.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })] })
    await two.dockerRegistry({ port: 5000, chain: [await other.issue({ names: ['reg.corp'] })] })
  })

  const differ = ({
    registry: { findings },
  }: JsonRun): { severity: string; message: string; fix?: string } | undefined =>
    findings.find(({ code }) => code === 'addresses-differ')
  const look = async (...addresses: readonly string[]): Promise<JsonRun> => {
    const host = await scene.lab.host('client', { hosts: { 'reg.corp': addresses }, docker: false })
    await host.write('/usr/local/share/ca-certificates/corp.crt', root.pem)
    await host.write('/etc/docker/certs.d/reg.corp:5000/ca.crt', root.pem)
    await host.startDocker()
    return runJson(host, [
      'diagnose',
      registry,
      '--resolve',
      `${registry}:${addresses[0] ?? ''}`,
      ...addresses.slice(1).flatMap((address) => ['--resolve', `${registry}:${address}`]),
    ])
  }

  it('that show different chains are named, with what the engine makes of the other one', async () => {
    const found = differ(await look(one.address, two.address))
    assert.equal(found?.severity, 'warning', JSON.stringify(found))
    assert.match(found.message, new RegExp(`docker refuses the one at ${two.address}: .*unknown authority`))
    assert.match(found.fix ?? '', new RegExp(`--resolve reg\\.corp:5000:${two.address} `))
    assert.equal(differ(await look(one.address)), undefined)
  })

  it('that do not answer are left out; IPv4 and IPv6 are held against each other', async function () {
    assert.equal(differ(await look(one.address, scene.lab.nowhere)), undefined)
    if (two.address6 === '') leaveOut(this, 'the kernel has no IPv6')
    const found = differ(await look(one.address, two.address6))
    assert.ok(found?.message.includes(two.address6), JSON.stringify(found))
    assert.equal(differ(await look(one.address, one.address6)), undefined)
  })
})
