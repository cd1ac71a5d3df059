import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { join } from 'node:path'
import { createCa, pkcs7 } from '../../fixtures/pki.ts'
import { main } from '../../src/cli/main.ts'
import type { FailureDocument } from '../../src/report/document.ts'
import { Files } from './chain-scene.ts'
import { fakeIo } from './fake-io.ts'

describe('diagnose --chain, used wrongly: exit 2', () => {
  const files = new Files()

  after(() => {
    files.remove()
  })

  const host = ['--host', 'reg.corp']
  const mistakes: readonly (readonly [readonly string[], RegExp])[] = [
    [['--chain', 'c.pem'], /--chain needs the name/],
    [['--chain', 'c.pem', ...host, 'reg.corp:5000'], /registries or --chain, not both/],
    [['--chain', 'c.pem', ...host, '--ca', 'x.pem'], /--ca does not go with --chain/],
    ...[
      ...['--runtime=docker', '--proxy=http://p:1', '--resolve=a:1:192.0.2.1', '--no-aia', '--timeout=5'],
      ...['--client-cert=c', '--client-key=k', '--client-p12=p', '--machine=ssh://root@vm'],
    ].map((flag) => [['--chain', 'c.pem', ...host, flag], /--[a-z0-9-]+ does not go with --chain/] as const),
    [['--chain', '', ...host], /--chain expects the path of a file/],
    [['--chain', 'c.pem', ...host, '--roots', ''], /--roots expects the path of a file/],
    ...['host', 'roots', 'at', 'go'].map(
      (flag) => [['reg.corp:5000', `--${flag}`, 'x'], new RegExp(`--${flag} goes with --chain`)] as const,
    ),
    ...['', 'reg.corp:5000', '[fd00::1]:5000', 'a b', '$(id)', 'fe80::1%eth0', 'bü.de', '-oX', 'a..b'].map(
      (name) => [['--chain', 'c.pem', `--host=${name}`], /--host is .*it is a name or an address/] as const,
    ),
    ...['now', '2026-11-22', '2026-02-30T00:00:00Z', '2026-11-22T24:00:00Z', '2026-11-22T08:00:00'].map(
      (time) =>
        [['--chain', 'c.pem', ...host, '--at', time], /--at is .*it is a time as RFC 3339 has it/] as const,
    ),
    ...['', '2.0', '1.12', '1', 'latest', '1.19.x', '1.19foo', 'go1.x'].map(
      (go) =>
        [['--chain', 'c.pem', ...host, `--go=${go}`], /--go is .*it is a release from 1\.13 on/] as const,
    ),
    [['--chain', '/nowhere/at/all', ...host], /the --chain file .*there is no such file/],
    [['--chain', '/dev/zero', ...host], /it is no regular file/],
  ]
  for (const [argv, sentence] of mistakes) {
    it(argv.join(' '), async () => {
      const io = fakeIo()
      assert.equal(await main(['diagnose', ...argv], io), 2, io.out())
      assert.match(io.err(), sentence)
      assert.match(io.err(), /^ {2}fix: {2}\S/m)
    })
  }

  async function refused(argv: readonly string[], sentence: RegExp, fix?: RegExp): Promise<void> {
    const io = fakeIo()
    assert.equal(await main(['diagnose', ...argv, ...host, '--json'], io), 2)
    const { error } = JSON.parse(io.out()) as FailureDocument
    assert.equal(error.code, 'bad-file')
    assert.match(error.message, sentence)
    if (fix !== undefined) assert.match(error.fix ?? '', fix)
  }

  it('a key, a PKCS#12 bundle and PKCS#7, in DER and PEM: what it is, and the line that takes it apart', async () => {
    const ca = await createCa({ name: 'Corp Root CA', keyKind: 'p-256' })
    const leaf = await ca.issue({ names: ['reg.corp'], keyKind: 'p-256' })
    const key = createPrivateKey(leaf.key).export({ type: 'pkcs8', format: 'der' })
    const bundle = Buffer.from('300a020103300506032a0304', 'hex')
    const p7b = pkcs7([leaf, ca])
    const pem = `-----BEGIN PKCS7-----\n${p7b.toString('base64')}\n-----END PKCS7-----\n`
    const chain = ['--chain', files.chain(leaf)]
    for (const [content, sentence, fix] of [
      [key, /it is a private key/, /^grep -a BEGIN /],
      [bundle, /it is a PKCS#12 bundle/, /^openssl pkcs12 -in /],
      [p7b, /it is PKCS#7/, /^openssl pkcs7 -inform DER -print_certs -in .* -out chain\.pem$/],
      [pem, /it is PKCS#7/, /^openssl pkcs7 -print_certs -in .* -out chain\.pem$/],
    ] as const) {
      await refused(['--chain', files.write(content)], sentence, fix)
      await refused([...chain, '--roots', files.write(content)], sentence, fix)
    }
  })

  it('files that are none, too large, or without a certificate', async function () {
    const big = files.write(Buffer.alloc(1024 * 1024 + 1, 0x0a))
    const ca = await createCa({ name: 'Corp Root CA', keyKind: 'p-256' })
    const leaf = await ca.issue({ names: ['reg.corp'], keyKind: 'p-256' })
    const chain = files.chain(leaf)
    for (const [content, sentence] of [
      ['', /line 1: The file is empty/],
      ['hello', /line 1: The file holds no PEM block/],
      [leaf.key, /it holds no certificate/],
      [`\ufeff${leaf.pem}`, /line 1: A byte order mark/],
      [leaf.pem + ca.pem.slice(0, 99), /line \d+: The block has no END line/],
    ] as const) {
      await refused(['--chain', files.write(content)], sentence)
    }
    await refused(['--chain', big], /is larger than 1024 KiB/)
    await refused(['--chain', chain, '--roots', big], /the --roots file .* is larger than 1024 KiB/)
    await refused(
      ['--chain', chain, '--roots', files.write(leaf.key)],
      /holds no certificate that Go would read/,
    )
    if (process.platform === 'win32') return
    const fifo = join(files.directory, 'fifo')
    assert.equal(spawnSync('mkfifo', [fifo]).status, 0)
    await refused(['--chain', fifo], /it is a pipe; a regular file is needed/)
    await refused(['--chain', chain, '--roots', fifo], /it is a pipe; a regular file is needed/)
  })
})
