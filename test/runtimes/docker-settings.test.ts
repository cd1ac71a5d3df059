import assert from 'node:assert/strict'
import type { RunResult } from '../../src/machine/machine.ts'
import { reloadDocker } from '../../src/runtimes/docker-settings.ts'
import { engineHere } from './daemon.ts'

const INFO = { RegistryConfig: { IndexConfigs: {} } }

describe('runtimes/docker-settings: reload', () => {
  const { machine, put, start } = engineHere()

  /** A process of that name behind the pid file; what was run is remembered. */
  function running(name: string) {
    put('usr/bin/kill', '', 0o755)
    put('var/run/docker.pid', '77\n')
    put('proc/77/stat', `77 (${name}) S ${Array.from({ length: 18 }, () => '1').join(' ')} 40000 0 0\n`)
    const ran: string[][] = []
    const run = (argv: readonly [string, ...string[]]): Promise<RunResult> => {
      ran.push([...argv])
      return Promise.resolve({ exitCode: 0, stdout: '', stderr: '', timedOut: false })
    }
    return { ran, here: Object.assign(machine(), { run }) }
  }

  it('tells the daemon, and believes its /info', async () => {
    const { here, ran } = running('dockerd')
    await start({ 'GET /info': [200, INFO] })
    await reloadDocker(here, 1000)
    assert.deepEqual(
      ran.map(([, ...words]) => words),
      [['-HUP', '77']],
    )
  })

  it('sends no signal to another process that has the number of a stale pid file', async () => {
    for (const name of ['sshd', 'a) S dockerd', 'dockerd-rootless']) {
      const { here, ran } = running(name)
      await reloadDocker(here, 1000)
      assert.deepEqual(ran, [], name)
    }
  })
})
