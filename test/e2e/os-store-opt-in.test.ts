import assert from 'node:assert/strict'
import { becomeRedHat6 } from '../../fixtures/lab/family.ts'
import { createCa } from '../../fixtures/pki.ts'
import { goStore } from './go-store.ts'
import { runJson, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const system = [registry, '--scope', 'system', '--ca', '/root/ca.pem', '--yes'] as const

describe("Red Hat 6's OS store, which is off until somebody opts in", function () {
  const scene = withLab(this)

  it('off: refused with the line that enables it; enabled: installed, repeated, undone to the byte, and off again', async () => {
    const root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })] })
    const hosts = { 'reg.corp': server.address }
    const host = await scene.lab.host('rhel6', { hosts, withoutDocker: true })
    await host.write('/root/ca.pem', root.pem)
    await becomeRedHat6(host)
    const tool = async (word: string): Promise<string> => {
      const { code, stdout, stderr } = await host.run(['update-ca-trust', word])
      assert.equal(code, 0, `${word}: ${stderr}`)
      return stdout
    }
    const asFound = await host.snapshot(watched)
    assert.match(await tool('check'), /DISABLED/)

    const refused = await runJson(host, system)
    assert.equal(refused.code, 1, refused.stdout)
    assert.match(refused.registry.error?.message ?? '', /Red Hat 6 is off/)
    assert.deepEqual(await host.snapshot(watched), asFound)

    assert.equal((await host.run(['sh', '-c', refused.registry.error?.fix ?? ''])).code, 0, refused.stdout)
    assert.match(await tool('check'), /ENABLED/)
    const enabled = await host.snapshot(watched)
    const trusted = await runJson(host, system)
    assert.equal(trusted.code, 0, trusted.stdout)
    assert.ok((await goStore(host)).includes(root.pem.trim()), 'the file that Go reads holds it')
    const curl = ['curl', '-s', '-o', '/dev/null', '--cacert', '/etc/pki/tls/certs/ca-bundle.crt']
    assert.equal((await host.run([...curl, `https://${registry}/v2/`])).code, 0)
    const again = await runJson(host, system)
    assert.deepEqual([again.code, again.document.changed], [0, false], again.stdout)

    const undone = await runJson(host, ['undo', registry, '--yes'])
    assert.equal(undone.code, 0, undone.stdout)
    assert.deepEqual(await host.snapshot(watched), enabled)
    await tool('disable')
    assert.deepEqual(await host.snapshot(watched), asFound)
  })
})
