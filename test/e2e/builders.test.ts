import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import { labRoot } from '../../fixtures/lab/root.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import type { RegistryDocument } from '../../src/report/document.ts'
import { runJson, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const env = { HOME: '/root' }
const INSTANCES = '/root/.docker/buildx/instances'

/** What a builder is, but for the settings that were copied into it. */
async function madeOf(host: Host, name: string): Promise<unknown> {
  const { Nodes: nodes, ...rest } = JSON.parse(await host.read(`${INSTANCES}/${name}`)) as { Nodes: object[] }
  return { ...rest, nodes: nodes.map((node) => ({ ...node, Files: undefined })) }
}

function untold({ findings }: RegistryDocument): RegistryDocument['findings'] {
  return findings.filter(({ code }) => code === 'builder-untold')
}

describe('builders of buildx', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let known: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    known = await createCa({ name: 'Well Known CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })] })
    await server.dockerRegistry({ port: 5001, chain: [await known.issue({ names: ['reg.known'] })] })
    hosts = { 'reg.corp': server.address, 'reg.known': server.address }
  })

  async function types(host: Host, script: string): Promise<void> {
    const { code, stdout, stderr } = await host.run(['sh', '-ec', `cd /root/own; ${script}`], { env })
    assert.equal(code, 0, `${script}: ${stdout}${stderr}`)
  }

  for (const suite of ['trixie', 'sid'] as const) {
    it(`${suite}: what the real buildx made is named, until the lines that are given were typed`, async () => {
      const host = await scene.lab.host('client', { hosts, root: await labRoot(suite) })
      await host.write('/root/ca.pem', root.pem)
      await host.write('/root/own/buildkitd.toml', '[registry."other.corp"]\n  http = true\n')
      await host.write('/usr/share/ca-certificates/known.crt', known.pem)
      // Three packaged CAs are as good as 144, and the tool is done at once.
      const few = 'grep -v "^[#!]" /etc/ca-certificates.conf | head -3 > /conf; echo known.crt >> /conf'
      await types(host, `${few}; cp /conf /etc/ca-certificates.conf; update-ca-certificates`)
      await types(host, 'docker buildx create --name b1 --driver docker-container --use')
      const options = `--driver-opt network=host --driver-opt '"env.A=b ""c"", d"' --platform linux/arm64,linux/arm/v7`
      await types(
        host,
        `docker buildx create --name b2 --driver docker-container ${options} --buildkitd-flags '--debug --root=/x' --config buildkitd.toml`,
      )
      await types(host, 'docker buildx create --name b3 --driver remote tcp://198.18.255.1:1234')
      const made = [await madeOf(host, 'b1'), await madeOf(host, 'b2')]

      const trusted = await runJson(host, [registry, '--ca', '/root/ca.pem'])
      assert.equal(trusted.code, 0, trusted.stdout)
      const [first, second, third, ...more] = untold(trusted.registry)
      assert.deepEqual(more, [])
      assert.equal(first?.severity, 'warning')
      assert.match(
        first.message,
        /^buildx builder b1 \(docker-container\): .*; docker buildx build goes to b1$/,
      )
      assert.equal(second?.severity, 'info')
      assert.match(
        second.message,
        /^buildx builder b2 \(docker-container\): .* holds no CA for reg\.corp:5000$/,
      )
      assert.match(third?.message ?? '', /^buildx builder b3 \(remote\): .* cannot be seen from here$/)
      assert.match(third?.fix ?? '', /^printf .* >> \/etc\/buildkit\/buildkitd\.toml/)

      await types(host, first.fix ?? 'false')
      await types(host, second.fix ?? 'false')
      const seen = await runJson(host, ['diagnose', registry])
      assert.equal(seen.code, 0, seen.stdout)
      assert.deepEqual(
        untold(seen.registry).map(({ message }) => message.slice(0, 26)),
        ['buildx builder b3 (remote)'],
        seen.stdout,
      )
      assert.deepEqual([await madeOf(host, 'b1'), await madeOf(host, 'b2')], made)
      const current = JSON.parse(await host.read('/root/.docker/buildx/current')) as { Name: string }
      assert.equal(current.Name, 'b1')

      // Whose root comes with the system is known to buildkitd's image as well.
      const packaged = await runJson(host, ['diagnose', 'reg.known:5001'])
      assert.equal(packaged.code, 0, packaged.stdout)
      assert.deepEqual(untold(packaged.registry), [])

      await types(
        host,
        'rm /root/.docker/buildx/buildkitd.default.toml; docker buildx create --name b4 --use; docker buildx install',
      )
      const alias = await runJson(host, ['diagnose', registry])
      assert.match(
        untold(alias.registry)[0]?.message ?? alias.stdout,
        /^buildx builder b4 .*; docker buildx build and docker build go to b4$/,
      )
      assert.equal(alias.code, 0, 'a builder is no reason to fail')
    }).timeout(120_000)
  }
})
