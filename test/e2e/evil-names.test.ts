import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import {
  chainPem,
  createCa,
  selfSigned,
  type Certificate,
  type CertificateAuthority,
} from '../../fixtures/pki.ts'
import { evil } from './evil.ts'
import { assertHarmless, documentOf, inCi, measured, type Measured } from './hostile-scene.ts'
import { program, typeAt } from './pty.ts'
import { users, withLab } from './scene.ts'

const registry = 'reg.corp:5000'

describe('names that are made to be obeyed, in every field, through every command', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let leaf: Certificate
  let hosts: Record<string, string>

  before(async () => {
    const name = { C: evil, ST: evil, L: evil, O: evil, OU: evil, CN: evil }
    root = await createCa({ name })
    const between = await root.intermediate({ name: { ...name, CN: `${evil} 2` } })
    // Go refuses a certificate with anything else in a DNS name; the second server sends one.
    const ascii = Array.from(evil)
      .filter((char) => char <= '\x7f')
      .join('')
    const aia = `http://${evil.replaceAll(/[^!-~]/g, '')}/`
    leaf = await between.issue({ names: ['reg.corp', `${ascii}.x`, 'nul\0.corp'], commonName: evil, aia })
    const alone = await selfSigned({ names: [evil], commonName: evil, isCA: false })
    const server = await scene.lab.server('registry')
    await server.dockerRegistry({ port: 5000, chain: [leaf, between, root], users })
    await server.hostile({ port: 5001, chain: [alone] })
    hosts = { 'reg.corp': server.address }
  })

  async function freshHost(): Promise<Host> {
    const host = await scene.lab.host('client', { hosts })
    await host.write('/root/ca.pem', root.pem)
    await host.write('/root/chain.pem', chainPem(leaf, root))
    return host
  }

  async function run(host: Host, args: readonly string[], code: number, input = ''): Promise<Measured> {
    const result = await measured(host, args, { env: inCi, input })
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stdout}${result.stderr}`)
    assertHarmless(result.stdout + result.stderr, args.join(' '))
    return result
  }

  it('on stdout and stderr, byte for byte: looks, refusals, plans, changes, status, drift, undo, errors', async () => {
    const host = await freshHost()
    const ca = ['--ca', '/root/ca.pem']
    for (const more of [[], ['-v'], ['-q'], ['--json'], ['--json-pem'], ['--no-color']]) {
      await run(host, ['diagnose', registry, ...more], 1)
      await run(host, ['diagnose', 'reg.corp:5001', ...more], 6)
      await run(host, ['diagnose', '--chain', '/root/chain.pem', '--host', 'reg.corp', ...more], 1)
      await run(host, [registry, ...more], 4)
      await run(host, [registry, '--fingerprint', '0'.repeat(64), ...more], 5)
      await run(host, [registry, ...ca, '--dry-run', ...more], 0)
    }
    await run(host, [registry, ...ca, '-v', '-u', 'testuser', '--password-stdin'], 10, 'wrong')
    for (const more of [[], ['-v'], ['--json'], ['-q']]) {
      await run(host, [registry, ...ca, ...more], 0)
      await run(host, ['status', ...more], 0)
      await run(host, ['undo', registry, '--dry-run', ...more], 0)
      await run(host, ['undo', registry, ...more], 4)
    }
    const entry = documentOf(await run(host, ['status', '--json'], 0)).entries?.[0]
    assert.ok(entry)
    await host.write(entry.where, 'changed')
    for (const more of [[], ['-v'], ['--json']]) await run(host, ['status', ...more], 1)
    await run(host, ['undo', registry, '--yes', '-v'], 9)
  })

  it('JSON keeps every value exact, and spells it harmlessly', async () => {
    const host = await freshHost()
    const { stdout } = await run(host, ['diagnose', registry, '--json'], 1)
    const chain = documentOf({ stdout }).registries[0]?.probe?.chain
    assert.deepEqual(chain?.map(({ sha256 }) => sha256).at(-1), root.sha256)
    assert.ok(chain.at(-1)?.subject.includes('::error title=x::y ##vso[task.complete result=Failed]'))
  })

  it('at a terminal the questions show them and obey none', async () => {
    const host = await freshHost()
    for (const answers of [
      [[/Paste the fingerprint/, 'no\r']],
      [
        [/Paste the fingerprint/, `${root.sha256}\r`],
        [/Go ahead\?/, 'n\r'],
      ],
    ] as const) {
      const { screen, code } = await typeAt(host, `${program} ${registry} --no-color`, answers)
      assert.equal(code, 4, screen)
      // What we and readline draw ourselves, and what was typed.
      // eslint-disable-next-line no-control-regex
      const own = screen.replaceAll('\r\n', '\n').replaceAll(/\x1b\[(?:\d*[GKJDC]|2K|\?25[hl])|\r/g, '')
      // A terminal is no CI log: only what it would obey counts.
      assertHarmless(own.replaceAll('::', '').replaceAll('##', ''), 'screen')
      assert.match(screen, /error title=x/)
    }
  })
})
