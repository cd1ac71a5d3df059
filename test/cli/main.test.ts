import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { FailureDocument, ResultDocument } from '../../src/report/document.ts'
import { dispatch } from '../../src/cli/dispatch.ts'
import type { Io } from '../../src/cli/io.ts'
import { main } from '../../src/cli/main.ts'
import type { Options } from '../../src/cli/options.ts'
import { route } from '../../src/cli/route.ts'
import type { Flow, Services } from '../../src/cli/services.ts'
import { version } from '../../src/cli/version.ts'
import { fakeIo } from './fake-io.ts'
import type { FakeIo } from './fake-io.ts'

/** Stages that only remember what they were asked. */
function fakeFlow(exitCode = 0): Flow & { readonly asked: Options[] } {
  const asked: Options[] = []
  const stages = (options: Options, { version: tool }: Services) => {
    asked.push(options)
    const document: ResultDocument = {
      schemaVersion: 1,
      tool: { name: 'trust-registry', version: tool },
      command: options.command,
      ok: exitCode === 0,
      exitCode,
      changed: false,
      machine: { kind: 'local', os: { id: 'debian', family: 'debian' }, runtimes: [] },
      registries: [],
    }
    return Promise.resolve({ document, views: [] })
  }
  return { asked, runTrust: stages, runDiagnose: stages, runUndo: stages, runStatus: stages }
}

async function run(argv: readonly string[], io: Io, flow: Flow = fakeFlow()): Promise<number> {
  const way = route(argv)
  if (way.kind !== 'run' && way.kind !== 'unknown-command') return main(argv, io)
  return dispatch(way, argv, io, () => Promise.resolve(flow))
}

async function optionsOf(argv: readonly string[], env: Io['env'] = {}, tty?: 'stderr'): Promise<Options> {
  const flow = fakeFlow()
  const io = fakeIo({ env, ...(tty !== undefined && { tty }) })
  const code = await run(argv, io, flow)
  assert.equal(code, 0, io.err())
  const [options] = flow.asked
  assert.ok(options)
  return options
}

async function refused(argv: readonly string[], env: Io['env'] = {}): Promise<FakeIo> {
  const flow = fakeFlow()
  const io = fakeIo({ env })
  assert.equal(await run(argv, io, flow), 2, io.err())
  assert.equal(flow.asked.length, 0)
  return io
}

describe('main', () => {
  it('prints its version, which is that of package.json', async () => {
    const io = fakeIo()
    assert.equal(await main(['--version'], io), 0)
    assert.equal(io.out(), `trust-registry ${version}\n`)
    const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
    assert.equal((JSON.parse(text) as { version: string }).version, version)
  })

  it('prints help for the root and for each command', async () => {
    for (const argv of [['--help'], ['help'], ['help', 'undo'], ['status', '-h'], ['reg:5000', '--help']]) {
      const io = fakeIo()
      assert.equal(await main(argv, io), 0)
      assert.match(io.out(), /^USAGE$/m)
      assert.equal(io.err(), '')
    }
  })

  it('without a word: help on stderr, exit 2', async () => {
    const io = fakeIo()
    assert.equal(await main([], io), 2)
    assert.equal(io.out(), '')
    assert.match(io.err(), /a registry or a command is missing\n$/)
  })

  it('names the nearest command and the form for a one-word host', async () => {
    const io = await refused(['dignose'])
    assert.match(io.err(), /"dignose" is no command; the nearest one is "diagnose"/)
    assert.match(io.err(), /trust-registry trust dignose/)
    // No registry has such a name, so no line offers to trust one.
    for (const word of ['Dignose', 'x;reboot', '7']) {
      const other = fakeIo()
      const way = { kind: 'unknown-command', word } as const
      assert.equal(await dispatch(way, [word], other, () => Promise.resolve(fakeFlow())), 2)
      assert.match(other.err(), /fix: {2}trust-registry --help\n/)
      assert.doesNotMatch(other.err(), /trust-registry trust/)
    }
  })

  it('gives back the exit code of the stages, and leaves the process alone', async () => {
    const before = process.exitCode
    assert.equal(await run(['status'], fakeIo(), fakeFlow(1)), 1)
    assert.equal(await run(['reg:5000', '--nope'], fakeIo()), 2)
    assert.equal(process.exitCode, before)
  })

  it('prints one JSON document, for errors too', async () => {
    const good = fakeIo()
    await run(['status', '--json'], good)
    assert.equal((JSON.parse(good.out()) as ResultDocument).command, 'status')
    for (const io of [
      await refused(['diagnose', '--json', 'a b']),
      await refused(['diagnose', 'a b'], { TRUST_REGISTRY_JSON: '1' }),
    ]) {
      const failure = JSON.parse(io.out()) as FailureDocument
      assert.deepEqual([failure.ok, failure.exitCode, failure.command], [false, 2, 'diagnose'])
      assert.equal(failure.error.code, 'bad-registry')
      assert.equal(io.err(), '')
    }
  })

  it('calls a bug a bug, with a stack only where asked', async () => {
    const broken: Flow = { ...fakeFlow(), runStatus: () => Promise.reject(new TypeError('x is not y')) }
    const plain = fakeIo()
    assert.equal(await run(['status'], plain, broken), 70)
    assert.match(plain.err(), /this is a bug in trust-registry .*: x is not y/)
    assert.doesNotMatch(plain.err(), /\n\s+at /)
    for (const io of [fakeIo({ env: { DEBUG: '1' } }), fakeIo()]) {
      assert.equal(await run(io.env['DEBUG'] === '1' ? ['status'] : ['status', '-v'], io, broken), 70)
      assert.match(io.err(), /\n\s+at /)
    }
  })

  it('an abort on the way is an interruption', async () => {
    const io = fakeIo()
    io.abort()
    const broken: Flow = {
      ...fakeFlow(),
      runStatus: () => Promise.reject(new DOMException('x', 'AbortError')),
    }
    assert.equal(await run(['status'], io, broken), 130)
  })
})

describe('options', () => {
  it('defaults', async () => {
    assert.deepEqual(await optionsOf(['reg:5000']), {
      command: 'trust',
      registries: ['reg:5000'],
      all: false,
      ca: [],
      fingerprints: [],
      tokenRealms: [],
      wrongLines: [],
      trustOnFirstUse: false,
      runtimes: [],
      passwordStdin: false,
      pins: [],
      scope: 'registry',
      restart: 'auto',
      keepAppended: false,
      prune: false,
      login: true,
      loginRequired: false,
      timeoutMs: 10_000,
      aia: true,
      offline: false,
      dryRun: false,
      check: false,
      yes: false,
      input: false,
      json: false,
      jsonPem: false,
      quiet: false,
      verbose: false,
      color: false,
    })
  })

  it('repeatable flags leave the words behind them alone', async () => {
    const pin = '9f'.repeat(32)
    const argv = ['--ca', 'a.pem', 'reg:5000', '--ca', 'b.pem', '--fingerprint', `sha256:${pin}`, 'reg2:5000']
    const options = await optionsOf(argv)
    assert.deepEqual(options.registries, ['reg:5000', 'reg2:5000'])
    assert.deepEqual(options.ca, ['a.pem', 'b.pem'])
    assert.deepEqual(options.fingerprints, [pin.toUpperCase()])
    assert.ok(Object.isFrozen(options))
  })

  it('the same registry twice is one', async () => {
    const { registries } = await optionsOf(['reg.corp/team/app:1', 'https://reg.corp', 'reg.corp:443'])
    assert.deepEqual(registries, ['reg.corp/team/app:1', 'reg.corp:443'])
  })

  it('asks only at a terminal, outside of CI, and without --json', async () => {
    assert.equal((await optionsOf(['reg:5000'], {}, 'stderr')).input, true)
    assert.equal((await optionsOf(['reg:5000'], { CI: 'true' }, 'stderr')).input, false)
    assert.equal((await optionsOf(['reg:5000', '--json'], {}, 'stderr')).input, false)
    assert.equal((await optionsOf(['reg:5000', '--no-input'], {}, 'stderr')).input, false)
  })

  it('--check implies the dry run, --json-pem implies --json', async () => {
    assert.equal((await optionsOf(['reg:5000', '--check'])).dryRun, true)
    assert.equal((await optionsOf(['reg:5000', '--json-pem'])).json, true)
  })

  it('reads the environment, which the words overrule', async () => {
    const env = {
      TRUST_REGISTRY_TIMEOUT: '20',
      TRUST_REGISTRY_CA: 'a.pem, b.pem',
      TRUST_REGISTRY_NO_AIA: '1',
      TRUST_REGISTRY_OFFLINE: 'false',
    }
    const options = await optionsOf(['reg:5000', '--ca', 'c.pem'], env)
    assert.deepEqual(
      [options.timeoutMs, options.ca, options.aia, options.offline],
      [20_000, ['c.pem'], false, false],
    )
    assert.deepEqual((await optionsOf(['reg:5000'], env)).ca, ['a.pem', 'b.pem'])
  })

  it('never takes identity, consent or --all from the environment', async () => {
    const env = { TRUST_REGISTRY_TRUST_ON_FIRST_USE: '1', TRUST_REGISTRY_YES: '1', TRUST_REGISTRY_ALL: '1' }
    const options = await optionsOf(['reg:5000'], env)
    assert.deepEqual([options.trustOnFirstUse, options.yes, options.all], [false, false, false])
    await refused(['undo'], env)
  })

  const mistakes: readonly (readonly [readonly string[], RegExp])[] = [
    [['trust'], /a registry is missing/],
    [['--json'], /a registry is missing/],
    [['reg:5000', '--jsom'], /trust knows no flag --jsom; the nearest one is --json/],
    [['status', '--ca', 'x'], /status knows no flag --ca/],
    [['-oX'], /knows no flag -oX/],
    [['reg:5000', '--password=hunter2'], /a password is never an argument/],
    [['reg:5000', '--token=hunter2'], /knows no flag --token;/],
    [['reg:5000', '--yes=false'], /--yes takes no value/],
    [['reg:5000', '--timeout'], /--timeout expects a value/],
    [['reg:5000', '--timeout', '0'], /it is a number of seconds, 1 to 600/],
    [['reg:5000', '--timeout', '1e2'], /it is a number of seconds, 1 to 600/],
    [['reg:5000', '--timeout', '5', '--timeout', '6'], /--timeout can only be specified once/],
    [['reg:5000', '--scope', 'planet'], /--scope planet is not known here; it can be registry, system/],
    [['reg:5000', '--runtime', 'rkt'], /--runtime rkt is not known here; it can be docker/],
    [['reg:5000', '--fingerprint', 'ab'.repeat(20)], /SHA-1/],
    [['reg:5000', '--fingerprint', 'ab:cd'], /has 4 hex digits instead of 64/],
    [['reg:5000', '--ca', ''], /--ca expects the path of a file/],
    [
      ['trust', 'reg', '--ca', 'a.pem', 'b.pem'],
      /"b\.pem" stands where .*\n {2}fix: {2}--ca a\.pem --ca b\.pem\n/,
    ],
    [['reg:5000', '--offline'], /--offline installs what --ca names/],
    [['reg:5000', '--offline', '--ca', 'x', '--scope', 'system'], /--offline does not look at it/],
    [['reg:5000', '--offline', '--ca', 'x', '--prune'], /--offline does not look/],
    [['reg:5000', '--offline', '--ca', 'x', '-u', 'ci', '--login-required'], /--username logs in once/],
    [['reg:5000', '--keep-appended'], /--keep-appended is about the bundle of the OS store/],
    [['reg:5000', '--restart', 'always'], /--restart always is about engines that read the OS store/],
    [
      ['reg.corp:5000', 'undo', '--yes'],
      /undo is a command: put it first\n.*trust-registry undo reg\.corp:5000\n/s,
    ],
    [['bob:pw@reg', 'undo'], /fix: {2}trust-registry undo REGISTRY\n/],
    [['help', 'nonsense'], /"nonsense" is no command; there are trust, diagnose/],
    [['reg:5000', '--qqqqqqqqqq'], /knows no flag --qqqqqqqqqq\n/],
    [['reg:5000', 'reg2:5000', '-u', 'ci'], /--username is for one registry, and 2 are given/],
    [['reg:5000', '--password-stdin'], /--password-stdin needs a user name/],
    [['reg:5000', '--login-required'], /--login-required needs a user name/],
    [['reg:5000', '-u', 'ci', '--login-required', '--no-login'], /exclude each other/],
    [['reg:5000', '-u', 'a:b'], /the user name/],
    [['reg:5000', '-q', '-v'], /--quiet and --verbose exclude each other/],
    [['undo'], /undo takes the registries to take back, or --all/],
    [['undo', '--all', 'reg:5000'], /not both/],
    [['demo', 'x'], /"x" is one word too many/],
    [['completion'], /SHELL is missing/],
    [['completion', 'ksh'], /"ksh" is not known here; it can be bash, zsh, fish/],
    [['reg:5000', '--file', '/nowhere/at/all'], /there is no such file/],
  ]
  for (const [argv, sentence] of mistakes) {
    it(`exit 2: ${argv.join(' ')}`, async () => {
      const io = await refused(argv)
      assert.match(io.err() + io.out(), sentence)
      assert.match(io.err() + io.out(), /^ {2}fix: {2}\S|"fix": "/m)
      assert.doesNotMatch(io.err(), /hunter2|\n\s+at /)
      const fix = /^ {2}fix: {2}(.*)|"fix": "(.*)"/m.exec(io.err() + io.out())
      // What is to be pasted stands first; when it is the thing to do stands behind it.
      assert.match(fix?.[1] ?? fix?.[2] ?? '', /^(?:-|trust-registry |openssl |ls )/)
    })
  }

  it('undo reads a list that is typed, and none that the environment names', async () => {
    const list = join(mkdtempSync(join(tmpdir(), 'trust-registry-list-')), 'list')
    writeFileSync(list, 'a.corp\nb.corp:5000 # old\n')
    try {
      const { registries } = await optionsOf(['undo', '--file', list, 'c.corp'])
      assert.deepEqual(registries, ['c.corp', 'a.corp', 'b.corp:5000'])
      await refused(['undo', '--all', '--file', list])
      const env = { TRUST_REGISTRY_FILE: list }
      assert.deepEqual((await optionsOf(['undo', 'c.corp'], env)).registries, ['c.corp'])
      assert.deepEqual((await optionsOf(['diagnose', 'c.corp'], env)).registries.length, 3)
    } finally {
      rmSync(dirname(list), { recursive: true })
    }
  })

  const badRegistries = [
    '..',
    'a/../b',
    '$(id)',
    'a\nb',
    'a\0b',
    'user:pw@h',
    'h:0',
    'h:70000',
    'x'.repeat(300),
    'bü.de',
  ]
  for (const registry of badRegistries) {
    it(`exit 2: ${JSON.stringify(registry).slice(0, 40)}`, async () => {
      const io = await refused(['trust', registry])
      assert.match(io.err(), /error\[(?:bad-registry|docker-hub)\]: /)
    })
  }

  it('exit 2: what nobody typed is told with its variable; what does not go with --chain is not taken', async () => {
    const wrong = { TRUST_REGISTRY_TIMEOUT: 'x' }
    assert.match(
      (await refused(['reg:5000'], wrong)).err(),
      /--timeout is "x".* \(set by TRUST_REGISTRY_TIMEOUT\)\n/,
    )
    assert.doesNotMatch((await refused(['reg:5000', '--timeout', 'y'], wrong)).err(), /set by/)
    const offline = await refused(['reg:5000'], { TRUST_REGISTRY_OFFLINE: '1', TRUST_REGISTRY_CA: '' })
    assert.match(offline.err(), /--ca is missing \(set by TRUST_REGISTRY_OFFLINE\)\n/)
    const env = { TRUST_REGISTRY_TIMEOUT: '5', TRUST_REGISTRY_CA: 'a.pem', TRUST_REGISTRY_NO_AIA: '1' }
    const options = await optionsOf(['diagnose', '--chain', 'c.pem', '--host', 'reg.corp'], env)
    assert.deepEqual([options.chain?.path, options.ca], ['c.pem', []])
  })

  it('exit 2: a variable that is neither on nor off', async () => {
    assert.match(
      (await refused(['reg:5000'], { TRUST_REGISTRY_JSON: 'ja' })).err(),
      /TRUST_REGISTRY_JSON is "ja"/,
    )
  })
})
