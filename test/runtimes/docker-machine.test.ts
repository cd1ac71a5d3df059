import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { LocalMachine } from '../../src/machine/local.ts'
import { legacyVm, vmBehind, vmNamed, vmNames } from '../../src/runtimes/docker-machine.ts'

describe('runtimes/docker-machine', () => {
  let folder = ''
  const home = new LocalMachine()
  const put = (name: string, text: string): void => {
    fs.mkdirSync(dirname(join(folder, name)), { recursive: true })
    fs.writeFileSync(join(folder, name), text)
  }
  const vm = (name: string, DriverName: string, Driver: object): void => {
    put(`machine/machines/${name}/config.json`, JSON.stringify({ ConfigVersion: 3, Driver, DriverName }))
  }
  const env = (more: Record<string, string> = {}): Record<string, string> => ({
    MACHINE_STORAGE_PATH: join(folder, 'machine'),
    BOOT2DOCKER_DIR: join(folder, 'b2d'),
    ...more,
  })

  beforeEach(() => {
    folder = fs.mkdtempSync(join(tmpdir(), 'trust-registry-vms-'))
    // As docker-machine 0.16 writes them.
    vm('default', 'virtualbox', {
      ...{ IPAddress: '192.168.99.100', SSHUser: 'docker', SSHPort: 53123 },
      ...{ SSHKeyPath: '/Users/me/.docker/machine/machines/default/id_rsa', VBoxManager: {} },
    })
    vm('cloud', 'generic', { IPAddress: '198.51.100.7', SSHUser: '', SSHPort: 0, SSHKeyPath: '' })
  })
  afterEach(() => {
    fs.rmSync(folder, { recursive: true })
  })

  it('knows the way that docker-machine itself takes', async () => {
    assert.deepEqual(await vmNamed(home, env(), 'default'), {
      called: 'docker-machine\'s "default"',
      // VirtualBox forwards a port of this computer.
      ...{ user: 'docker', host: '127.0.0.1', port: 53123 },
      identity: '/Users/me/.docker/machine/machines/default/id_rsa',
      address: '192.168.99.100',
      certs: join(folder, 'machine/machines/default'),
      start: 'docker-machine start default',
    })
    const cloud = await vmNamed(home, env(), 'cloud')
    assert.ok(cloud)
    assert.deepEqual([cloud.user, cloud.host, cloud.port], ['root', '198.51.100.7', 22])
    assert.equal(cloud.identity, join(folder, 'machine/machines/cloud/id_rsa'))
    assert.deepEqual(await vmNames(home, env()), ['cloud', 'default'])
  })

  it('takes damaged files and names that lead elsewhere for none', async () => {
    put('machine/machines/bad/config.json', '{')
    put('machine/machines/odd/config.json', '{"Driver": []}')
    put('config.json', JSON.stringify({ Driver: { IPAddress: '192.0.2.1' } }))
    for (const name of ['bad', 'odd', 'none', '../..', '..', ''])
      assert.equal(await vmNamed(home, env(), name), undefined, name)
  })

  it('knows what boot2docker-cli has made, and where its profile says otherwise', async () => {
    assert.equal(await legacyVm(home, env()), undefined)
    put('b2d/certs/boot2docker-vm/ca.pem', '')
    const usual = await legacyVm(home, env())
    assert.ok(usual)
    assert.deepEqual([usual.user, usual.host, usual.port], ['docker', '127.0.0.1', 2022])
    assert.match(usual.identity ?? '', /\/\.ssh\/id_boot2docker$/)
    assert.equal(usual.certs, join(folder, 'b2d/certs/boot2docker-vm'))
    put('b2d/profile', 'VM = "mine"\nSSHKey = "/k"\nSSHPort = 2023\n')
    const own = await legacyVm(home, env())
    assert.deepEqual([own?.port, own?.identity, own?.certs], [2023, '/k', join(folder, 'b2d/certs/mine')])
  })

  it('finds whose daemon that is by its address, by its certificates, and by the name in the shell', async () => {
    const behind = async (address: string, certs?: string, more = {}): Promise<string | undefined> =>
      (await vmBehind(home, env(more), address, certs))?.called
    assert.equal(await behind('198.51.100.7'), 'docker-machine\'s "cloud"')
    assert.equal(
      await behind('localhost', join(folder, 'machine/machines/default')),
      'docker-machine\'s "default"',
    )
    assert.equal(await behind('192.0.2.9'), undefined)
    // A name that is left over from another shell does not make it that machine.
    assert.equal(await behind('192.0.2.9', undefined, { DOCKER_MACHINE_NAME: 'default' }), undefined)
    put('b2d/profile', '')
    assert.equal(await behind('192.168.59.103'), "boot2docker's VM")
  })
})
