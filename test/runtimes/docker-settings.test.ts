import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import type { ServerResponse } from 'node:http'
import { undoEffect } from '../../src/change/effect.ts'
import type { RunResult } from '../../src/machine/machine.ts'
import { daemonProcess } from '../../src/runtimes/docker-process.ts'
import { reloadDocker } from '../../src/runtimes/docker-settings.ts'
import { isUntouched } from '../../src/runtimes/restart.ts'
import { daemon, engineHere } from './daemon.ts'

const INFO = { RegistryConfig: { IndexConfigs: {} } }

describe('runtimes/docker-settings: reload', () => {
  const { machine, path, put, start } = engineHere()

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

  it('asks the socket that the daemon listens on, by its flags or its file, and waits for a slow one', async () => {
    let pause = 2200
    const slow = (_: unknown, response: ServerResponse): void => {
      setTimeout(() => response.end(JSON.stringify(INFO)), pause)
      pause = 0
    }
    fs.mkdirSync(path('srv'))
    await daemon(path('srv/docker.sock'), { 'GET /info': slow })
    const { here } = running('dockerd')
    const words = [
      ['-H', 'unix:///srv/docker.sock'],
      ['-H=unix:///srv/docker.sock'],
      ['--host', 'tcp://127.0.0.1:2375', '--host=unix:///srv/docker.sock'],
    ]
    for (const argv of words) {
      put('proc/77/cmdline', ['dockerd', ...argv, ''].join('\0'))
      await reloadDocker(here, 10_000)
    }
    put('proc/77/cmdline', 'dockerd\0')
    fs.mkdirSync(path('etc/docker'), { recursive: true })
    put('etc/docker/daemon.json', JSON.stringify({ hosts: ['unix:///srv/docker.sock'] }))
    await reloadDocker(here, 10_000)
  }).timeout(30_000)

  it('a daemon that listens elsewhere is asked there whether it answers, before it is taken for gone', async () => {
    fs.mkdirSync(path('srv'))
    await daemon(path('srv/docker.sock'), { 'GET /_ping': [200, {}] })
    const { here } = running('dockerd')
    const was = await daemonProcess(here)
    assert.ok(was)
    put('proc/77/cmdline', ['dockerd', '-H', 'unix:///srv/docker.sock', ''].join('\0'))
    assert.equal(await isUntouched(here, was), true)
    put('proc/77/cmdline', 'dockerd\0')
    assert.equal(await isUntouched(here, was), false)
  })

  it('on the way back it is told, and a daemon that nobody can ask stops nothing', async () => {
    const { here, ran } = running('dockerd')
    await assert.rejects(reloadDocker(here, 200), { code: 'change-failed' })
    const step = { do: 'reload', when: 'back', engine: 'docker', deadlineMs: 200 } as const
    await undoEffect(here, step)
    assert.equal(ran.length, 2)
  })
})
