import assert from 'node:assert/strict'
import type { Host } from '../../fixtures/lab/host.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import { chainPem, type Certificate, type Extension } from '../../fixtures/pki.ts'
import type { RegistryDocument } from '../../src/report/document.ts'
import { Files, judged } from '../cli/chain-scene.ts'
import { consumer, daemonMessage, dockerLogin, runJson, timeless, users, withLab } from './scene.ts'

/** What one registry showed to the daemon and to us. */
export interface Seen {
  readonly code: number | null
  readonly registry: RegistryDocument
  /** What `docker login` printed; undefined where it went through. */
  readonly said: string | undefined
  /** The daemon's Go. */
  readonly go: string
}

export interface Fault {
  readonly chain: readonly Certificate[]
  /** What the daemon is to trust for this registry. */
  readonly trusted?: readonly Certificate[]
  /** What its OS store holds already, beside the usual roots. */
  readonly stored?: readonly Certificate[]
  /** `reg.corp` unless told. */
  readonly name?: string
}

/** A server and a host for all faults of a file: each fault has a port of its own. */
export function withFaults(suite: Mocha.Suite, names: readonly string[] = ['reg.corp']) {
  const scene = withLab(suite)
  let server: Server | undefined
  let host: Host | undefined
  let port = 7000
  const files = new Files()
  suite.afterAll(() => {
    files.remove()
  })

  suite.beforeAll('a server and a host', async () => {
    const address = (server = await scene.lab.server('registry')).address
    const hosts = Object.fromEntries(names.map((name) => [name, address]))
    host = await scene.lab.host('client', { hosts })
  })

  const opened = {
    host: () => host ?? assert.fail('no host'),
    server: () => server ?? assert.fail('no server'),
  }

  /** The daemon and we look at the same registry; what it prints is what was foreseen. */
  async function compare(registry: string): Promise<Seen> {
    const [login, live] = await Promise.all([
      dockerLogin(opened.host(), registry),
      runJson(opened.host(), ['diagnose', registry]),
    ])
    const said = login.code === 0 ? undefined : daemonMessage(login)
    const docker = consumer(live.registry, 'docker')
    assert.equal(timeless(docker.predictedError), timeless(said))
    const go = live.document.machine.runtimes[0]?.goVersion
    assert.ok(go)
    return { code: live.code, registry: live.registry, said, go }
  }

  /** A real registry with this chain, seen live, and from a file by the rules of the daemon's own Go. */
  async function fault({ chain, trusted = [], stored = [], name = 'reg.corp' }: Fault): Promise<Seen> {
    const own = name === 'address' ? opened.server().address : name
    const registry = `${own}:${++port}`
    await opened.server().dockerRegistry({ port, chain, users })
    const file = `/etc/docker/certs.d/${registry}/ca.crt`
    if (trusted.length > 0) await opened.host().write(file, chainPem(...trusted))
    const seen = await compare(registry)

    const roots = [...trusted, ...stored]
    const known = roots.length > 0 ? ['--roots', files.chain(...roots)] : []
    const offline = await judged(files.chain(...chain), '--host', own, ...known, '--go', seen.go)
    const line = offline.error && `Get "https://${registry}/v2/": ${offline.error}`
    assert.equal(timeless(line), timeless(seen.said), 'the verdict on the file is the one on the wire')
    return seen
  }

  return { ...opened, compare, fault, nextPort: () => ++port }
}

/** The finding that is marked as the one that Docker prints. */
export function first(seen: Seen): string | undefined {
  return seen.registry.findings.find((finding) => finding.first)?.code
}

/** Refused, with this in the daemon's message, for this reason above all. */
export function assertRefused(seen: Seen, message: RegExp, code: string, exitCode: number): void {
  assert.match(seen.said ?? '', message)
  assert.deepEqual([first(seen), seen.code], [code, exitCode])
  assert.equal(consumer(seen.registry, 'docker').state, 'refused')
}

/** Let in, with these warnings about the chain and no errors; that a build has yet to see the directory is none of them. */
export function assertAccepted(seen: Seen, ...codes: readonly string[]): void {
  assert.equal(seen.said, undefined)
  assert.deepEqual([seen.code, consumer(seen.registry, 'docker').state], [0, 'trusted'])
  assert.deepEqual(
    seen.registry.findings.map((finding) => finding.code).filter((code) => code !== 'restart-needed'),
    codes,
  )
}

/** DER of one value: short forms only. */
function tlv(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content)
  assert.ok(body.length < 128)
  return Buffer.concat([Buffer.from([tag, body.length]), body])
}

/** RFC 5280 4.2.1.10: subtrees of DNS names. */
export function nameConstraints(permitted: readonly string[], excluded: readonly string[] = []): Extension {
  const subtrees = (tag: number, names: readonly string[]): Buffer[] =>
    names.length === 0 ? [] : [tlv(tag, ...names.map((name) => tlv(0x30, tlv(0x82, Buffer.from(name)))))]
  const der = tlv(0x30, ...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded))
  return { oid: '2.5.29.30', critical: true, der }
}

/** RFC 5280 4.2.1.12; clientAuth is 1.3.6.1.5.5.7.3.2. */
export const clientAuthOnly: Extension = {
  oid: '2.5.29.37',
  critical: false,
  der: Buffer.from('300a06082b06010505070302', 'hex'),
}

/** An extension that no program knows. */
export const strangeCritical: Extension = { oid: '1.3.6.1.4.1.99999.1', critical: true, der: tlv(0x05) }
