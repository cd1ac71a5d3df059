import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../../fixtures/lab/host.ts'
import { createCa, type CertificateAuthority } from '../../fixtures/pki.ts'
import { memoryOf } from '../../fixtures/lab/state.ts'
import { watched, withLab } from './scene.ts'

const bundle = '/etc/ssl/certs/ca-certificates.crt'
const local = '/usr/local/share/ca-certificates'
/** `npm run sweep`: all of them. */
const full = process.env['TRUST_REGISTRY_SWEEP'] === 'full'

describe('the OS trust store under many hands', function () {
  const scene = withLab(this)
  this.timeout(full ? 1_800_000 : 180_000)
  const ports = [5000, 5001, 5002, 5003, 5004]
  const roots = new Map<number, CertificateAuthority>()
  let hosts: Record<string, string>

  before(async () => {
    const server = await scene.lab.server('registry')
    hosts = { 'reg.corp': server.address }
    for (const port of ports) {
      const root = await createCa({ name: `Root of ${port}` })
      roots.set(port, root)
      await server.dockerRegistry({ port, chain: [await root.issue({ names: ['reg.corp'] })] })
    }
  })

  /** A Debian host with fewer packaged CAs, so that a round takes seconds. */
  async function client(name: string): Promise<Host> {
    const host = await scene.lab.host(name, { hosts, withoutDocker: true })
    for (const [port, { pem }] of roots) await host.write(`/root/${port}.pem`, pem)
    const few =
      'grep -v "^[#!]" /etc/ca-certificates.conf | head -20 > /conf; cp /conf /etc/ca-certificates.conf'
    await host.run(['sh', '-c', `${few}; update-ca-certificates --fresh`])
    return host
  }

  const digests = (pem: string): readonly string[] =>
    (pem.match(/(?<=^-----BEGIN CERTIFICATE-----\r?\n)[^-]+(?=^-----END CERTIFICATE-----$)/gm) ?? [])
      .map((block) => createHash('sha256').update(Buffer.from(block, 'base64')).digest('hex'))
      .sort()

  /** The bundle holds each certificate of its sources once, and nothing else: no block glued, lost or doubled. */
  async function assertWhole(host: Host, label: string): Promise<void> {
    const sources = `for f in $(cat /etc/ca-certificates.conf); do cat /usr/share/ca-certificates/$f; echo; done
      find ${local} -name '*.crt' -exec cat {} +`
    const wanted = digests((await host.run(['sh', '-c', sources])).stdout)
    assert.ok(wanted.length >= 20, 'the sources can be read')
    const text = await host.read(bundle)
    assert.deepEqual(digests(text), wanted, label)
    assert.equal(text.split('-----BEGIN').length - 1, wanted.length, label)
  }

  async function trusted(host: Host): Promise<ReadonlySet<number>> {
    const held = new Set(digests(await host.read(bundle)))
    const own = (port: number): string => digests(roots.get(port)?.pem ?? '')[0] ?? ''
    return new Set(ports.filter((port) => held.has(own(port))))
  }

  function change(host: Host, port: number, does: 'trust' | 'undo') {
    const registry = `reg.corp:${port}`
    const args =
      does === 'undo'
        ? ['undo', registry]
        : ['trust', registry, '--scope', 'system', '--ca', `/root/${port}.pem`]
    return host.product([...args, '--yes', '--timeout', '60'], { timeout: 120_000 })
  }

  const chance = (): number => Math.floor(Math.random() * ports.length)

  for (const count of [2, 10]) {
    it(`${count} runs of ours at once: the bundle is whole, and agrees with what is on record`, async () => {
      const host = await client(`ours-${count}`)
      const rounds = full ? 50 : 2
      for (let round = 1; round <= rounds; round++) {
        const runs = Array.from({ length: count }, () => ({
          port: ports[chance()] ?? 5000,
          does: Math.random() < 0.6 ? ('trust' as const) : ('undo' as const),
        }))
        const label = `round ${round}: ${JSON.stringify(runs)}`
        for (const { code, stdout, stderr } of await Promise.all(
          runs.map(({ port, does }) => change(host, port, does)),
        )) {
          const stoodBack = code === 4 && `${stdout}${stderr}`.includes('was changed by somebody meanwhile')
          assert.ok(code === 0 || stoodBack, `${label}: exit ${code}: ${stdout}${stderr}`)
        }
        await assertWhole(host, label)
        const { records, leftOver } = memoryOf(host)
        const { registries } = records as { registries: readonly { registry: string }[] }
        const recorded = registries.map(({ registry }) => Number(registry.split(':')[1]))
        assert.deepEqual([...(await trusted(host))].sort(), recorded.sort(), label)
        assert.deepEqual(leftOver, [], label)
      }
      console.log(`      ${rounds} of ${rounds} rounds`)
    })
  }

  it('ours beside runs of the tool by somebody else: the bundle is whole', async () => {
    const host = await client('foreign')
    const rounds = full ? 50 : 3
    for (let round = 1; round <= rounds; round++) {
      let over = false
      // One after the other without a pause, so that some overlap ours on either side.
      const foreign = async (): Promise<void> => {
        while (!over) {
          await host.run(['update-ca-certificates', ...(Math.random() < 0.5 ? ['--fresh'] : [])])
          await sleep(Math.random() * 500)
        }
      }
      const others = foreign()
      const does = round % 2 === 1 ? 'trust' : 'undo'
      const { code, stdout, stderr } = await change(host, 5000, does)
      over = true
      await others
      assert.equal(code, 0, `round ${round}, ${does}: ${stdout}${stderr}`)
      await assertWhole(host, `round ${round}, ${does}`)
      assert.equal((await trusted(host)).has(5000), does === 'trust', `round ${round}, ${does}`)
    }
    console.log(`      ${rounds} of ${rounds} rounds`)
  })

  it('SIGKILL to the tool and to us in the middle of it, then undo: our CA is gone, nothing is left over', async () => {
    const host = await client('killed')
    // Runs the real tool and, while it has half a bundle, kills it and whoever started it.
    const deadly = `#!/bin/sh
[ -e /armed ] || exec /usr/sbin/update-ca-certificates.real "$@"
rm /armed
/usr/sbin/update-ca-certificates.real "$@" > /dev/null 2>&1 &
until [ -s ${bundle}.new ]; do [ -d /proc/$! ] || exit 0; done
kill -9 $!
[ -e /spare ] || kill -9 $PPID
exit 1
`
    await host.run(['mv', '/usr/sbin/update-ca-certificates', '/usr/sbin/update-ca-certificates.real'])
    await host.write('/usr/sbin/update-ca-certificates', deadly, 0o755)
    const before = await host.snapshot(watched)

    await host.write('/armed', '')
    const { code } = await change(host, 5000, 'trust')
    assert.equal(code, 137, 'the run was killed')
    assert.ok(await host.exists(`${bundle}.new`), 'and the tool in the middle of its work')
    assert.ok(await host.exists('/var/lib/trust-registry/journal.json'))
    const undone = await change(host, 5000, 'undo')
    assert.equal(undone.code, 0, undone.stderr)
    assert.deepEqual(await host.snapshot(watched), before)
    assert.equal((await trusted(host)).size, 0)
    await assertWhole(host, 'after undo')
    assert.deepEqual(memoryOf(host).leftOver, [])

    // The tool alone: the run goes on, and takes everything back.
    await host.write('/spare', '')
    await host.write('/armed', '')
    const failed = await change(host, 5000, 'trust')
    assert.equal(failed.code, 8, failed.stderr)
    assert.deepEqual(await host.snapshot(watched), before)

    // In the middle of undo: the next one finishes it.
    assert.equal((await change(host, 5000, 'trust')).code, 0)
    await host.run(['rm', '/spare'])
    await host.write('/armed', '')
    assert.equal((await change(host, 5000, 'undo')).code, 137)
    assert.equal((await change(host, 5000, 'undo')).code, 0)
    assert.deepEqual(await host.snapshot(watched), before)
  })
})
