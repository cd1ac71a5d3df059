import assert from 'node:assert/strict'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { TrustError } from '../../src/errors.ts'
import type { Machine } from '../../src/machine/machine.ts'
import { detectStore } from '../../src/stores/detect.ts'
import { refusalOf } from '../../src/stores/refusals.ts'
import { throwaway } from '../machine/throwaway.ts'

describe('stores: which one, and which are not ours to write', () => {
  const { machine, path } = throwaway()

  const put = (name: string, content = '', mode = 0o644): void => {
    mkdirSync(dirname(path(name)), { recursive: true })
    writeFileSync(path(name), content, { mode })
  }
  const refusal = async (): Promise<TrustError> => {
    const error: unknown = await detectStore(machine()).then(
      ({ name }) => assert.fail(`taken for ${name}`),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof TrustError, String(error))
    assert.equal(error.code, 'not-possible')
    assert.match(error.message, /nothing was changed$/)
    return error
  }

  const declared: readonly (readonly [string, string, RegExp])[] = [
    ['nixos', 'ID=nixos', /security\.pki\.certificateFiles = \[ \.\/ca\.pem \];.*nixos-rebuild switch/],
    ['talos', 'ID=talos', /kind: TrustedRootsConfig/],
    ['bottlerocket', 'ID=bottlerocket', /^\[settings\.pki\.ca\]\ndata = .*\ntrusted = true$/],
    ['flatcar', 'ID=flatcar\nID_LIKE=coreos', /path: \/etc\/ssl\/certs\/ca\.pem/],
  ]
  for (const [id, release, stanza] of declared) {
    it(`${id} makes its store from a description: the lines to paste`, async () => {
      put('/etc/os-release', release)
      // Even where a tool and a folder are there.
      put('/usr/sbin/update-ca-certificates', '#!/bin/sh\n', 0o755)
      const { finding, fix = '' } = await refusal()
      assert.equal(finding, 'read-only-system')
      assert.match(fix, stanza)
    })
  }

  it('a node of OpenShift: node-ca would take it away', async () => {
    put('/etc/os-release', 'ID=rhcos\nID_LIKE="rhel fedora"')
    put('/etc/docker/certs.d/image-registry.openshift-image-registry.svc:5000/ca.crt')
    const { finding, fix = '' } = await refusal()
    assert.equal(finding, 'cluster-managed')
    assert.match(fix, /oc create configmap registry-ca -n openshift-config[^]*additionalTrustedCA/)
  })

  const byHand: readonly (readonly [string, string, string, RegExp])[] = [
    ['Photon', '/etc/os-release', 'ID=photon', /ca\.pem && rehash_ca_certificates\.sh/],
    ['Clear Linux', '/etc/os-release', 'ID=clear-linux-os', /^clrtrust add ca\.pem$/],
    [
      'Red Hat 6',
      '/etc/redhat-release',
      'CentOS release 6.10 (Final)\n',
      /^update-ca-trust enable .* `update-ca-trust disable` takes it back$/,
    ],
    ['SLES 11', '/etc/SuSE-release', 'SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\n', /c_rehash/],
  ]
  for (const [name, file, content, lines] of byHand) {
    it(`${name}: known, not written, and what its administrator does`, async () => {
      put(file, content)
      const { finding, fix = '' } = await refusal()
      assert.equal(finding, undefined)
      assert.match(fix, lines)
    })
  }

  it('Red Hat 6 whose shared store was enabled: as on any later one', async () => {
    put('/etc/redhat-release', 'CentOS release 6.10 (Final)\n')
    put('/usr/bin/update-ca-trust', '#!/bin/sh\n', 0o755)
    const programs = path('/etc/pki/tls/certs/ca-bundle.crt')
    for (const [target, enabled] of [
      ['/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', true],
      ['../../ca-trust/extracted/pem/tls-ca-bundle.pem', true],
      ['/etc/pki/tls/certs/other.crt', false],
    ] as const) {
      mkdirSync(dirname(programs), { recursive: true })
      rmSync(programs, { force: true })
      symlinkSync(target, programs)
      if (enabled) assert.equal((await detectStore(machine())).name, 'rhel', target)
      else assert.match((await refusal()).message, /Red Hat 6 is off/)
    }
  })

  it('an unknown system: the engines alone', async () => {
    put('/etc/os-release', 'ID=plan9')
    assert.match((await refusal()).fix ?? '', /leave --scope system out/)
  })

  const elsewhere: readonly (readonly [NodeJS.Platform, readonly string[]])[] = [
    [
      'darwin',
      [
        'sudo security add-trusted-cert -d -r trustRoot -p ssl -p basic -k /Library/Keychains/System.keychain ca.pem',
        'sudo security remove-trusted-cert -d ca.pem; sudo security delete-certificate -Z SHA256 /Library/Keychains/System.keychain      # takes it back',
      ],
    ],
    [
      'win32',
      [
        'certutil -f -addstore Root ca.pem      (as administrator)',
        'certutil -delstore Root SHA1-THUMBPRINT      (takes it back)',
      ],
    ],
  ]
  for (const [platform, lines] of elsewhere) {
    it(`${platform}: the commands and their undo, to the letter`, async () => {
      const there = Object.create(machine(), { platform: { value: platform } }) as Machine
      const error = await refusalOf(there, 'unknown')
      assert.equal(error?.code, 'not-possible', 'exit 1')
      assert.deepEqual(error.fix?.split('\n'), lines)
    })
  }

  const families: readonly (readonly [string, string, string])[] = [
    ['debian', 'ID=ubuntu\nID_LIKE=debian', 'update-ca-certificates'],
    ['debian', 'ID=linuxmint\nID_LIKE="ubuntu debian"', 'update-ca-certificates'],
    ['debian', 'ID=void', 'update-ca-certificates'],
    ['alpine', 'ID=alpine', 'update-ca-certificates'],
    ['rhel', 'ID="rocky"\nID_LIKE="rhel centos fedora"', 'update-ca-trust'],
    ['rhel', 'ID="amzn"\nID_LIKE="fedora"', 'update-ca-trust'],
    ['suse', 'ID="opensuse-leap"\nID_LIKE="suse opensuse"', 'update-ca-certificates'],
    ['suse', 'ID="sles"', 'update-ca-certificates'],
    ['arch', 'ID=manjaro\nID_LIKE=arch', 'update-ca-trust'],
  ]
  for (const [name, release, tool] of families) {
    it(`${release.replaceAll('\n', ', ')}: ${name}, wherever other folders lie; without its tool, the package`, async () => {
      put('/etc/os-release', release)
      for (const other of ['/etc/pki/ca-trust/source/anchors', '/usr/local/share/ca-certificates'])
        mkdirSync(path(other), { recursive: true })
      const { finding, fix, message } = await refusal()
      assert.equal(finding, 'store-tool-missing')
      assert.ok(message.startsWith(`${tool} is not on this machine;`), message)
      assert.match(
        fix ?? '',
        /^(apt-get install|apk add|dnf install|zypper install|pacman -S) ca-certificates/,
      )
      const image = Object.assign(machine(), { atRest: true as const })
      await assert.rejects(detectStore(image), (error: Error) =>
        error.message.startsWith(`${tool} is not in this image;`),
      )
      put(`/usr/sbin/${tool}`, '#!/bin/sh\n', 0o755)
      assert.equal((await detectStore(machine())).name, name)
    })
  }
})
