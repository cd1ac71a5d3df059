import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import type { Host } from '../../fixtures/lab/host.ts'
import type { Server } from '../../fixtures/lab/server.ts'
import type { HostileOptions } from '../../fixtures/lab/server-options.ts'
import { createCa, type Certificate, type CertificateAuthority } from '../../fixtures/pki.ts'
import { evil, evilHeader } from './evil.ts'
import { assertHarmless, documentOf, inCi, measured, type Measured } from './hostile-scene.ts'
import { withLab } from './scene.ts'

const TIMEOUT_S = 2
/** The engine is asked beside us, with its own deadlines; a loaded machine needs room. */
const MOST_MS = 20_000
const MOST_KIB = 160 * 1024

const found = 'HTTP/1.1 200 OK\r\nDocker-Distribution-Api-Version: registry/2.0\r\n'

describe('hostile servers: the right finding, in bounded time and memory, and nothing injected', function () {
  const scene = withLab(this)
  let root: CertificateAuthority
  let good: readonly Certificate[]
  let server: Server
  let host: Host
  let port = 6000
  const seen: (Measured & { readonly what: string })[] = []

  before(async () => {
    root = await createCa({ name: 'Corp Root CA', keyKind: 'p-256' })
    good = [await root.issue({ names: ['reg.corp'], keyKind: 'p-256' })]
    server = await scene.lab.server('registry')
    host = await scene.lab.host('client', { hosts: { 'reg.corp': server.address } })
  })

  after('peak memory and the longest run', () => {
    const peak = Math.max(...seen.map((one) => one.peak))
    const took = Math.max(...seen.map((one) => one.took))
    console.log(`      ${seen.length} runs, peak ${Math.round(peak / 1024)} MiB, longest ${took} ms`)
  })

  /** In words with -v, as JSON, and as a run that would change something. */
  async function faced(what: string, options: Faced): Promise<readonly Measured[]> {
    const registry = `reg.corp:${++port}`
    await server.hostile({ port, ...options })
    await host.write(`/etc/docker/certs.d/${registry}/ca.crt`, root.pem)
    const limit = ['--timeout', String(TIMEOUT_S)]
    const ways = [
      ['diagnose', registry, '--json'],
      ['diagnose', registry, '-v'],
      [registry, '-v', '--no-input'],
    ]
    const runs = await Promise.all(ways.map((args) => measured(host, [...args, ...limit], { env: inCi })))
    for (const run of runs) {
      seen.push({ ...run, what })
      assertHarmless(run.stdout + run.stderr, what)
      assert.ok(run.took < MOST_MS, `${what}: ${run.took} ms`)
      assert.ok(run.peak < MOST_KIB, `${what}: ${run.peak} KiB`)
    }
    return runs
  }

  type Faced = Omit<HostileOptions, 'port'>
  type Case = readonly [
    what: string,
    code: string | undefined,
    exit: number | 'of the engine',
    options: () => Faced | Promise<Faced>,
  ]

  const cases: readonly Case[] = [
    [
      'a stall after the first bytes of the handshake',
      'timeout',
      7,
      () => ({ chain: good, stallAfter: 100 }),
    ],
    ['a handshake of one byte a second', 'timeout', 7, () => ({ chain: good, dripMs: 1000 })],
    ['silence after the request', 'timeout', 7, () => ({ chain: good, then: 'hold' })],
    ['an answer of one byte a second', 'timeout', 7, () => ({ chain: good, answer: found, then: 'drip' })],
    [
      'a body without end',
      undefined,
      'of the engine',
      () => ({ chain: good, answer: `${found}Content-Type: application/json\r\n\r\n`, then: 'pour' }),
    ],
    [
      'a header without end',
      'not-a-registry',
      6,
      () => ({ chain: good, answer: `${found}X: `, then: 'pour' }),
    ],
    [
      'a header of 20 KB, which Docker minds as little',
      undefined,
      'of the engine',
      () => ({
        chain: good,
        answer: `${found}X: ${'x'.repeat(20_000)}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
      }),
    ],
    [
      'a gzip bomb',
      undefined,
      'of the engine',
      () => ({
        chain: good,
        answer: Buffer.concat([
          Buffer.from(`${found}Content-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n`),
          gzipSync(Buffer.alloc(100_000_000)),
        ]),
      }),
    ],
    [
      'a redirect to itself',
      'not-a-registry',
      6,
      () => ({
        chain: good,
        answer: 'HTTP/1.1 302 Found\r\nLocation: /v2/\r\nContent-Length: 0\r\n\r\n',
      }),
    ],
    [
      'a redirect to plain HTTP',
      'not-a-registry',
      6,
      () => ({
        chain: good,
        answer: 'HTTP/1.1 301 Moved\r\nLocation: http://reg.corp/\r\nContent-Length: 0\r\n\r\n',
      }),
    ],
    [
      'a page',
      'not-a-registry',
      6,
      () => ({
        chain: good,
        answer: `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>${evil}`,
      }),
    ],
    ['control characters in headers', 'not-a-registry', 6, () => ({ chain: good, answer: challenge(evil) })],
    [
      'log commands and bidi in every header',
      undefined,
      'of the engine',
      () => ({ chain: good, answer: challenge(evilHeader) }),
    ],
    [
      '300 certificates',
      'tls-handshake-failed',
      6,
      async () => ({ chain: [...good, ...(await crowd(300))] }),
    ],
    [
      '10,000 names',
      'name-mismatch',
      6,
      async () => ({ chain: [await many(10_000)], answer: challenge('x') }),
    ],
    ['3,000 names', 'name-mismatch', 6, async () => ({ chain: [await many(3000)], answer: challenge('x') })],
    ['an SSH banner with escapes', 'not-tls', 6, () => ({ answer: `SSH-2.0-${evil}\r\n` })],
    ['plain HTTP with escapes', 'plain-http', 6, () => ({ answer: `HTTP/1.1 400 ${evil}\r\n\r\n` })],
    [
      'TLS 1.1 at best',
      'tls-too-old',
      6,
      () => ({
        chain: good,
        tlsOptions: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
      }),
    ],
  ]

  for (const [what, code, exit, options] of cases) {
    it(what, async () => {
      const [json, ...texts] = await faced(what, await options())
      assert.ok(json)
      // An engine that such an answer keeps too busy to speak is the engine's affair, and said.
      const errors = documentOf(json).registries[0]?.findings.filter(
        (finding) =>
          finding.severity === 'error' && !(exit === 'of the engine' && finding.code === 'daemon-down'),
      )
      assert.equal(
        errors?.some((finding) => finding.code === code),
        code !== undefined,
        json.stdout,
      )
      // Without a fault of ours to name, whether it is trusted is what the engine makes of such an answer.
      if (exit !== 'of the engine') assert.equal(json.code, exit, json.stdout)
      else assert.ok([0, 1].includes(json.code), json.stdout)
      if (code === undefined) assert.deepEqual(errors, [])
      for (const { stdout } of texts) if (code !== undefined) assert.match(stdout, new RegExp(code))
    })
  }

  it('80 intermediates of one name and slow keys, which cost Go its 100 checks and us no more', async () => {
    const [json] = await faced('a ladder', { chain: await ladder(80), answer: challenge('x') })
    assert.ok(json)
    const docker = documentOf(json).registries[0]?.consumers.find(({ name }) => name === 'docker')
    assert.match(docker?.predictedError ?? '', /x509: signature check attempts limit reached/)
    assert.notEqual(docker?.state, 'trusted')
  })

  it('a name server that never answers holds up neither the report nor the end of the program', async () => {
    const deaf = await scene.lab.host('deaf')
    await deaf.write('/etc/resolv.conf', 'nameserver 127.0.0.1\n')
    const listener = "require('dgram').createSocket('udp4').bind(53, '127.0.0.1', () => console.log('deaf'))"
    const running = deaf.start([process.execPath, '-e', listener], { timeout: 60_000 })
    const run = await measured(deaf, ['diagnose', 'reg.corp:5000', '--timeout', '1'])
    running.signal('SIGKILL')
    await running.done
    assert.equal(run.code, 7)
    assert.match(run.stdout, /name look-up: no answer within 1 s|the name server does not answer/)
    assert.ok(run.took < 8000, `${run.took} ms; without a hint glibc takes ten seconds`)
  })

  function challenge(text: string): Buffer {
    const lines = [
      'WWW-Authenticate: Basic realm="TEXT"',
      'Docker-Distribution-Api-Version: TEXT',
      'Location: TEXT',
    ]
    const more = ['Retry-After: TEXT', 'Content-Type: application/json; x=TEXT', 'Date: TEXT', 'Server: TEXT']
    const head = ['HTTP/1.1 401 TEXT', ...lines, ...more, 'Content-Length: 2', '', '{}'].join('\r\n')
    return Buffer.from(head.replaceAll('TEXT', text))
  }

  async function crowd(count: number): Promise<Certificate[]> {
    const name = 'Somebody'
    return Promise.all(Array.from({ length: count }, () => createCa({ name, keyKind: 'p-256' })))
  }

  /** Each signed by the next, all of one name: whoever climbs it without care tries every pair. */
  async function ladder(count: number): Promise<Certificate[]> {
    const name = 'Rung'
    const rungs = [await createCa({ name, keyKind: 'p-521' })]
    for (let height = 1; height < count; height++) {
      const [top] = rungs
      assert.ok(top)
      rungs.unshift(await top.intermediate({ name, keyKind: 'p-521' }))
    }
    const leaf = await rungs[0]?.issue({ names: ['reg.corp'], keyKind: 'p-256' })
    assert.ok(leaf)
    return [leaf, ...rungs.toReversed()]
  }

  function many(count: number): Promise<Certificate> {
    return root.issue({ names: Array.from({ length: count }, (_, index) => `${index}.x`), keyKind: 'p-256' })
  }
})
