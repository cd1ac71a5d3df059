import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { LocalMachine } from '../../src/machine/local.ts'
import { serviceControl } from '../../src/machine/service.ts'

describe('what restarts a service here', () => {
  const roots: string[] = []
  after(() => {
    for (const root of roots) rmSync(root, { recursive: true })
  })

  /** A machine with these programs and folders. */
  function machine(programs: readonly string[], folders: readonly string[] = []): LocalMachine {
    const root = mkdtempSync(join(tmpdir(), 'service-'))
    roots.push(root)
    for (const folder of folders) mkdirSync(join(root, folder), { recursive: true })
    for (const program of programs) {
      mkdirSync(dirname(join(root, program)), { recursive: true })
      writeFileSync(join(root, program), '#!/bin/sh\n')
      chmodSync(join(root, program), 0o755)
    }
    return new LocalMachine({ root })
  }

  const lines: readonly (readonly [string, LocalMachine, string | undefined])[] = [
    [
      'systemd, where it is the first process',
      machine(['/usr/bin/systemctl', '/etc/init.d/docker', '/usr/sbin/service'], ['/run/systemd/system']),
      'systemctl restart docker',
    ],
    [
      'not systemd, where it is only installed',
      machine(['/usr/bin/systemctl', '/etc/init.d/docker', '/usr/sbin/service']),
      'service docker restart',
    ],
    [
      'OpenRC, where it has booted the machine',
      machine(['/sbin/rc-service', '/etc/init.d/docker', '/usr/sbin/service'], ['/run/openrc']),
      'rc-service docker restart',
    ],
    ['the script itself', machine(['/etc/init.d/docker']), '/etc/init.d/docker restart'],
    ['nothing, for a daemon that was started by hand', machine(['/usr/sbin/service']), undefined],
  ]
  for (const [what, here, line] of lines) {
    it(what, async () => {
      assert.equal((await serviceControl(here, 'docker'))?.line, line)
    })
  }
})
