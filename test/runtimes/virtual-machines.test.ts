import assert from 'node:assert/strict'
import { desktopOverWsl, desktopVm, type Hint } from '../../src/runtimes/virtual-machines.ts'

// Sockets and contexts as the programs' documentation and sources have them; none of them runs here.
const found: readonly (readonly [Hint, string | undefined])[] = [
  [{ host: 'unix:///Users/me/.docker/run/docker.sock', context: 'desktop-linux' }, 'Docker Desktop'],
  [{ host: 'unix:///home/me/.docker/desktop/docker.sock' }, 'Docker Desktop'],
  [{ host: 'npipe:////./pipe/dockerDesktopLinuxEngine', context: 'desktop-linux' }, 'Docker Desktop'],
  [{ host: 'unix:///Users/me/.colima/default/docker.sock', context: 'colima' }, 'colima'],
  [{ host: 'unix:///Users/me/.config/colima/dev/docker.sock', context: 'colima-dev' }, 'colima'],
  [{ host: 'unix:///Users/me/.rd/docker.sock', context: 'rancher-desktop' }, 'Rancher Desktop'],
  [{ host: 'unix:///Users/me/.local/share/containers/podman/machine/podman.sock' }, 'podman machine'],
  [{ host: 'unix:///var/folders/x/T/podman/podman-machine-default-api.sock' }, 'podman machine'],
  [{ host: 'npipe:////./pipe/podman-machine-default' }, 'podman machine'],
  [{ host: 'unix:///var/run/docker.sock' }, undefined],
  [{ host: 'unix:///run/user/1000/docker.sock', context: 'rootless' }, undefined],
  [{ host: 'unix:///run/podman/podman.sock' }, undefined],
  [{ host: 'unix:///run/user/1000/podman/podman.sock' }, undefined],
  [{ host: 'npipe:////./pipe/docker_engine' }, undefined],
  [{ host: 'ssh://docker@colima' }, undefined],
  // moby api/types/system/version_response.go has this very name.
  [{ version: { Platform: { Name: 'Docker Desktop 4.49.0 (208003)' } } }, 'Docker Desktop'],
  [{ info: { OperatingSystem: 'Docker Desktop' } }, 'Docker Desktop'],
  [
    { version: { Platform: { Name: 'Docker Engine - Community' } }, info: { OperatingSystem: 'x' } },
    undefined,
  ],
]

describe('runtimes/virtual-machines', () => {
  for (const [hint, name] of found)
    it(`${hint.host ?? JSON.stringify(hint)}: ${name ?? 'no virtual machine'}`, () => {
      assert.equal(desktopVm(hint)?.name, name)
    })

  it('prints the steps of each, and those that take them back', () => {
    const task = { directory: 'reg.corp:5000', ca: 'my ca.pem', platform: 'darwin' } as const
    const steps = (host: string, platform: NodeJS.Platform = 'darwin') => {
      const vm = desktopVm({ host })
      assert.ok(vm, host)
      return [vm.trust({ ...task, platform }), vm.undo({ ...task, platform })]
    }
    assert.deepEqual(steps('unix:///Users/me/.docker/run/docker.sock'), [
      [
        'mkdir -p ~/.docker/certs.d/reg.corp:5000',
        "cp 'my ca.pem' ~/.docker/certs.d/reg.corp:5000/ca.crt",
        '# then quit Docker Desktop and start it again',
      ],
      ['rm ~/.docker/certs.d/reg.corp:5000/ca.crt', '# then quit Docker Desktop and start it again'],
    ])
    assert.deepEqual(steps('npipe:////./pipe/dockerDesktopLinuxEngine', 'win32')[0], [
      "certutil -user -addstore Root 'my ca.pem'",
      '# then quit Docker Desktop and start it again',
    ])
    assert.deepEqual(steps('unix:///Users/me/.colima/dev/docker.sock'), [
      [
        'colima ssh -p dev -- sudo mkdir -p /etc/docker/certs.d/reg.corp:5000',
        "colima ssh -p dev -- sudo tee /etc/docker/certs.d/reg.corp:5000/ca.crt < 'my ca.pem'",
      ],
      ['colima ssh -p dev -- sudo rm /etc/docker/certs.d/reg.corp:5000/ca.crt'],
    ])
    assert.deepEqual(steps('unix:///Users/me/.rd/docker.sock'), [
      [
        "sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain 'my ca.pem'",
        '# then quit Rancher Desktop and start it again',
      ],
      ["sudo security remove-trusted-cert -d 'my ca.pem'", '# then quit Rancher Desktop and start it again'],
    ])
    assert.deepEqual(steps('npipe:////./pipe/podman-machine-default', 'win32'), [
      [
        'podman machine ssh sudo mkdir -p /etc/containers/certs.d/reg.corp:5000',
        "podman machine ssh sudo tee /etc/containers/certs.d/reg.corp:5000/ca.crt < 'my ca.pem'",
      ],
      ['podman machine ssh sudo rm /etc/containers/certs.d/reg.corp:5000/ca.crt'],
    ])
    assert.deepEqual(desktopOverWsl.trust({ ...task, platform: 'linux' }), [
      `certutil.exe -user -addstore Root "$(wslpath -w 'my ca.pem')"`,
      '# then quit Docker Desktop on Windows and start it again',
    ])
  })
})
