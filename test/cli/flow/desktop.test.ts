import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { defaultOptions, type Options } from '../../../src/cli/options.ts'
import { refuseDesktop } from '../../../src/cli/flow/desktop.ts'
import { LocalMachine } from '../../../src/machine/local.ts'
import { leaveOut } from '../../support/left-out.ts'

describe('cli/flow/desktop', () => {
  let root = ''
  const put = (path: string, text = ''): void => {
    fs.mkdirSync(dirname(join(root, path)), { recursive: true })
    fs.writeFileSync(join(root, path), text)
  }
  const options: Options = { ...defaultOptions, command: 'trust', registries: ['reg.corp:5000'] }
  const refuse = (host: string | undefined, command: Options['command'] = 'trust'): Promise<void> =>
    refuseDesktop({ host, why: 'DOCKER_HOST' }, new LocalMachine({ root, env: {} }), { ...options, command })

  beforeEach(function () {
    if (process.platform !== 'linux') leaveOut(this, 'the paths are those of Linux')
    root = fs.mkdtempSync(join(tmpdir(), 'trust-registry-desktop-'))
  })
  afterEach(() => {
    if (root !== '') fs.rmSync(root, { recursive: true })
  })

  it('says where the engine is and what to do there', async () => {
    const host = 'unix:///Users/me/.colima/default/docker.sock'
    await assert.rejects(refuse(host), {
      code: 'not-possible',
      message:
        'the engine of colima (from DOCKER_HOST) lives in a virtual machine of its own, which this program does not change',
      fix: [
        'colima ssh -- sudo mkdir -p /etc/docker/certs.d/reg.corp:5000',
        'colima ssh -- sudo tee /etc/docker/certs.d/reg.corp:5000/ca.crt < ca.pem',
        'trust-registry reg.corp:5000 --machine local      # for an engine of this computer itself',
      ].join('\n'),
    })
    await assert.rejects(refuse(host, 'undo'), { fix: /^colima ssh -- sudo rm / })
  })

  it("knows Docker Desktop's engine in WSL 2 from one of the distribution's own", async () => {
    await refuse(undefined)
    put('/proc/sys/kernel/osrelease', '5.15.90.1-microsoft-standard-WSL2\n')
    await refuse(undefined)
    put('/mnt/wsl/docker-desktop/version')
    await assert.rejects(refuse(undefined), { code: 'not-possible', fix: /certutil\.exe/ })
    put('/usr/bin/dockerd')
    fs.chmodSync(join(root, '/usr/bin/dockerd'), 0o755)
    await refuse(undefined)
  })
})
