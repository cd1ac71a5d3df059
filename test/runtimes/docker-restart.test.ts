import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import type { RunResult } from '../../src/machine/machine.ts'
import { refuseBrokenConfig, restartCost } from '../../src/runtimes/docker-restart.ts'
import { daemon, engineHere, type Answers } from './daemon.ts'

const was = { pid: 77, ticks: 40_000 }
const FILE = 'unable to configure the Docker daemon with file /etc/docker/daemon.json: '

describe('runtimes/docker-restart: would it start again?', () => {
  const { machine, path, put } = engineHere()

  /** A daemon older than `--validate`, and what it says to a flag; what it was asked is remembered. */
  function older(says: (flag: string) => string, config: object = { debug: true }) {
    fs.mkdirSync(path('etc/docker'), { recursive: true })
    put('etc/docker/daemon.json', JSON.stringify(config))
    put('usr/bin/dockerd', '', 0o755)
    const flags: string[] = []
    const run = (argv: readonly [string, ...string[]]): Promise<RunResult> => {
      const flag = argv.at(-1) ?? ''
      flags.push(flag)
      const stderr = flag === '--validate' ? 'Status: unknown flag: --validate' : says(flag)
      return Promise.resolve({ exitCode: 1, stdout: '', stderr, timedOut: false })
    }
    return { flags, here: Object.assign(machine(), { run }) }
  }

  it('an old daemon is asked with nothing but what no release starts with, whatever is in the file', async () => {
    const twice =
      'the following directives are specified both as a flag and in the configuration file: log-level: (from flag: none-of-them, from file: warn)'
    for (const [config, answer] of [
      [{ debug: true }, 'unable to parse logging level: none-of-them'],
      [{ debug: true }, 'failed to start daemon: pid file found, ensure docker is not running'],
      [{ 'log-level': 'warn' }, `${FILE}${twice}`],
    ] as const) {
      const { here, flags } = older(() => answer, config)
      await refuseBrokenConfig(here, was)
      assert.deepEqual(flags, ['--validate', '--log-level=none-of-them'], answer)
    }
  })

  it('what it has against the file is a refusal, in its words', async () => {
    const answer = `${FILE}the following directives don't match any configuration option: nonsense`
    const { here } = older(() => answer)
    await assert.rejects(refuseBrokenConfig(here, was), {
      code: 'change-failed',
      finding: 'config-damaged',
      seen: answer,
    })
  })
})

describe('runtimes/docker-restart: what it costs', () => {
  const { machine, path, put } = engineHere()

  it('is asked of the daemon that is restarted, where it listens', async () => {
    for (const folder of ['srv', 'etc/init.d']) fs.mkdirSync(path(folder), { recursive: true })
    put('etc/init.d/docker', '', 0o755)
    put('var/run/docker.pid', '77\n')
    put('proc/77/stat', `77 (dockerd) S ${Array.from({ length: 18 }, () => '1').join(' ')} 40000 0 0\n`)
    put('proc/77/cmdline', ['dockerd', '-H', 'unix:///srv/docker.sock', ''].join('\0'))
    const running = (name: string): Answers => ({
      'GET /info': [200, {}],
      'GET /containers/json': [200, [{ Names: [`/${name}`] }]],
    })
    await daemon(path('var/run/docker.sock'), running('of-another'))
    await daemon(path('srv/docker.sock'), running('web'))
    const cost = (socket: string) => restartCost(machine(), socket, 5000)
    assert.deepEqual(await cost('/srv/docker.sock'), { was, stops: ['web'] })
    assert.equal(await cost('/var/run/docker.sock'), undefined, 'who answers there is another daemon')
    assert.equal(await cost('/run/user/1000/docker.sock'), undefined, 'a person restarts their own')
  })

  it('is nothing where what answers is no Docker of the service manager', async () => {
    fs.mkdirSync(path('etc/init.d'), { recursive: true })
    put('etc/init.d/docker', '', 0o755)
    put('var/run/docker.pid', '77\n')
    put('proc/77/stat', `77 (dockerd) S ${Array.from({ length: 18 }, () => '1').join(' ')} 40000 0 0\n`)
    fs.symlinkSync('var/run', path('run'))
    let info: object = {}
    await daemon(path('var/run/docker.sock'), {
      'GET /info': (_, response) => response.end(JSON.stringify(info)),
      'GET /containers/json': [200, []],
    })
    for (const socket of ['/var/run/docker.sock', '/run/docker.sock'])
      assert.deepEqual(await restartCost(machine(), socket, 5000), { was, stops: [] }, socket)
    info = { SecurityOptions: ['name=rootless'] }
    assert.equal(await restartCost(machine(), '/var/run/docker.sock', 5000), undefined)
  })
})
