import assert from 'node:assert/strict'
import { join } from 'node:path'
import { repository, type Host } from '../../fixtures/lab/host.ts'
import type { RunResult } from '../../fixtures/lab/run.ts'
import { labRoot, type Suite } from '../../fixtures/lab/root.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import type { RegistryDocument, ResultDocument } from '../../src/report/document.ts'
import { codes, consumer, daemonMessage, dockerLogin, runJson, users, watched, withLab } from './scene.ts'

const registry = 'reg.corp:5000'
const base = '/etc/docker/certs.d'
const right = `${base}/${registry}`

// Root may open anything by two capabilities; a daemon without them is as a rootless or a confined one. libnetwork
// makes a folder that only they let it enter.
const without = '-dac_override,-dac_read_search'
const tame = `#!/bin/sh
mkdir -p /run/docker/libnetwork && chmod 755 /run/docker/libnetwork
exec setpriv --bounding-set=${without} --inh-caps=${without} /usr/sbin/dockerd "$@"
`

/** In a directory that holds the CA and a client certificate; `what` loses its rights. */
const traps = [
  { what: 'the directory', set: `chmod 000 ${right}` },
  { what: 'the CA', set: `chmod 000 ${right}/ca.crt` },
  { what: 'its key', set: `chmod 000 ${right}/client.key` },
  { what: 'the client certificate', set: `chmod 000 ${right}/client.cert` },
  { what: 'the directory of all registries', set: `chmod 700 ${base} && chown nobody ${base}` },
  {
    what: 'hosts.toml',
    set: `echo 'ca = "ca.crt"' > ${right}/hosts.toml && chmod 000 ${right}/hosts.toml`,
  },
] as const

interface Generation {
  readonly suite?: Suite
  readonly loader: 'classic' | 'buildkit' | 'containerd'
}

describe('what an engine may not open', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let hosts: Record<string, string>

  before(async () => {
    root = await createCa({ name: 'Corp Root CA' })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [await root.issue({ names: ['reg.corp'] })], users })
    hosts = { 'reg.corp': server.address }
  })

  const freshHost = async ({ suite, loader }: Generation): Promise<Host> => {
    const host = await scene.lab.host('client', {
      ...{ hosts, containerdStore: loader !== 'classic' },
      ...(suite === undefined ? {} : { root: await labRoot(suite) }),
    })
    const me = await root.issue({ names: ['me'], ekus: ['clientAuth'] })
    await host.write('/srv/ca.crt', root.pem)
    await host.write('/srv/client.cert', me.pem)
    await host.write('/srv/client.key', me.key, 0o600)
    const alice = await host.run(['useradd', '--create-home', '--uid', '1001', '--groups', 'docker', 'alice'])
    assert.equal(alice.code, 0, alice.stderr)
    return host
  }
  const lay = async (host: Host, set: string): Promise<void> => {
    const fresh = `rm -rf ${base} /var/lib/trust-registry; mkdir -p ${right}; cp -p /srv/* ${right}`
    const { code, stderr } = await host.run(['sh', '-c', `${fresh}; ${set}`])
    assert.equal(code, 0, stderr)
  }
  /** By somebody who may ask Docker, and is not root. */
  const asAlice = async (host: Host): Promise<RegistryDocument> => {
    await host.run(['sh', '-c', 'chgrp docker /run/docker.sock; chmod 660 /run/docker.sock'])
    const argv = [process.execPath, join(repository, 'bin/run.js'), 'diagnose', registry, '--json']
    const alice = ['setpriv', '--reuid=1001', '--regid=1001', '--init-groups', 'env', 'HOME=/home/alice']
    const { stdout, stderr } = await host.run([...alice, ...argv])
    const seen = (JSON.parse(stdout) as ResultDocument).registries[0]
    assert.ok(seen, stdout + stderr)
    return seen
  }
  const pull = (host: Host): Promise<RunResult> =>
    host.run(['docker', 'pull', `${registry}/trust-registry-probe@sha256:${'0'.repeat(64)}`])

  const generations: readonly [string, Generation][] = [
    ['dockerd 20.10', { loader: 'classic' }],
    ['dockerd 26.1, containerd store', { suite: 'trixie', loader: 'buildkit' }],
    ['dockerd of sid, containerd store', { suite: 'sid', loader: 'containerd' }],
  ]
  for (const [title, generation] of generations) {
    const { loader } = generation
    it(`${title}: what only root may open is no fault where the daemon is root; where it may not, it is foreseen, named and mended`, async () => {
      const host = await freshHost(generation)
      for (const { what, set } of traps.slice(0, 3)) {
        await lay(host, set)
        const seen = await asAlice(host)
        const said = `${what}: ${JSON.stringify([seen.consumers, seen.findings])}`
        assert.equal(seen.exitCode, 0, said)
        assert.deepEqual(codes(seen), [], said)
        assert.ok(!seen.findings.some(({ message }) => message.includes('permission denied')), said)
        assert.doesNotMatch(consumer(seen, 'docker-build').predictedError ?? '', /permission denied/, said)
      }

      await host.write('/usr/local/sbin/dockerd', tame, 0o755)
      await host.stopDocker()
      await host.startDocker()
      for (const [index, { what, set }] of traps.entries()) {
        // The logins of all are the same loader; nobody but containerd's reads hosts.toml.
        const hostsToml = what === 'hosts.toml'
        if (loader === 'buildkit' ? index >= 3 : hostsToml && loader === 'classic') continue
        await lay(host, set)
        const words: Record<string, string> = {}
        if (!hostsToml) words['docker'] = daemonMessage(await dockerLogin(host, registry))
        if (loader !== 'classic') words['docker-containerd'] = daemonMessage(await pull(host))
        const seen = await runJson(host, ['diagnose', registry])
        const hers = await asAlice(host)
        const said = `${what}: ${seen.stdout}\n${JSON.stringify(hers.consumers)}`
        assert.equal(seen.code, 1, said)
        for (const [name, word] of Object.entries(words)) {
          assert.equal(consumer(seen.registry, name).observedError, word, said)
          assert.equal(consumer(hers, name).predictedError, word, said)
        }
        const named = seen.registry.findings.filter(({ code }) => code === 'trust-directory-unreadable')
        assert.ok(
          named.length > 0 && named.every(({ message }) => message.includes('permission denied')),
          said,
        )
        if (index === 0) {
          const before = await host.snapshot(watched)
          const trusted = await runJson(host, [registry, '--ca', '/srv/ca.crt'])
          // BuildKit's loader passes it over, so that only the proof shows it.
          assert.equal(trusted.code, loader === 'buildkit' ? 8 : 1, trusted.stdout)
          assert.deepEqual(await host.snapshot(watched), before, 'more files would not help')
        }
        for (const { fix } of named) {
          const pasted = await host.run(['sh', '-c', fix ?? 'false'])
          assert.equal(pasted.code, 0, `${what}: ${String(fix)}: ${pasted.stderr}`)
        }
        const mended = await runJson(host, ['diagnose', registry])
        assert.equal(mended.code, 0, `${what}: ${mended.stdout}`)
        const { stdout } = await host.run(['stat', '-c', '%a', `${right}/client.key`])
        assert.match(stdout, /^[4-7]00$/m, `${what}: the key is its owner’s alone: ${stdout}`)
      }
    }).timeout(660_000)
  }
})
