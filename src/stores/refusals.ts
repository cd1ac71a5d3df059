import { posix } from 'node:path'
import { TrustError, type Obstacle } from '../errors.ts'
import { boot2dockerOf } from '../machine/boot2docker.ts'
import type { Machine } from '../machine/machine.ts'
import { isRedHat6 } from '../machine/os-release.ts'

/** Systems whose store is made from a description; a file written there is gone at the next boot, or cannot be. */
const DECLARED: Readonly<Record<string, string>> = {
  nixos:
    'security.pki.certificateFiles = [ ./ca.pem ];      # in configuration.nix, then: nixos-rebuild switch',
  talos:
    'apiVersion: v1alpha1\nkind: TrustedRootsConfig\nname: ca\ncertificates: |\n  -----BEGIN CERTIFICATE-----\n  …',
  bottlerocket: '[settings.pki.ca]\ndata = "BASE64 OF THE PEM FILE"\ntrusted = true',
  flatcar:
    'storage:\n  files:\n    - path: /etc/ssl/certs/ca.pem      # in the Butane configuration\n      mode: 0644\n      contents:\n        local: ca.pem',
}

/**
 * What a person can do for other programs in a boot2docker VM, and for a Docker before 1.7, which looks at the OS
 * store alone for a login. From 1.6 on the image adds these files to its bundle at every boot
 * (rootfs/rootfs/etc/rc.d/install-ca-certs, later files/bootsync.sh).
 */
const IN_BOOT2DOCKER = {
  'bootsync.sh':
    'sudo mkdir -p /var/lib/boot2docker/certs && sudo tee /var/lib/boot2docker/certs/ca.pem > /dev/null < ca.pem      # one certificate a file\n' +
    'sudo reboot      # the image takes it into its OS store at every boot',
  'bootlocal.sh':
    'sudo tee /var/lib/boot2docker/ca.pem > /dev/null < ca.pem\n' +
    "echo 'cat /var/lib/boot2docker/ca.pem >> /etc/ssl/certs/ca-certificates.crt; /etc/init.d/docker restart' | sudo tee -a /var/lib/boot2docker/bootlocal.sh\n" +
    'sudo sh /var/lib/boot2docker/bootlocal.sh      # so does every boot',
} as const

/** Systems with a store of a shape of their own, for which nothing here has been tried: the lines are the system's. */
const BY_HAND: Readonly<Record<string, string>> = {
  photon: 'install -m 644 ca.pem /etc/ssl/certs/ca.pem && rehash_ca_certificates.sh',
  'clear-linux-os': 'clrtrust add ca.pem',
}

/** Red Hat 6 keeps p11-kit's store beside a static bundle, which is what programs read until somebody opts in. */
const OPT_IN = {
  programs: '/etc/pki/tls/certs/ca-bundle.crt',
  store: '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
}

/** Older than os-release, with a store of its own shape. */
const SLES_11 = /^VERSION = 1[01]\b/m
const MAX_RELEASE = 4096

/** What OpenShift's node-ca writes: it empties what it does not know once a minute. */
const NODE_CA = '/etc/docker/certs.d/image-registry.openshift-image-registry.svc:5000'

/** Why the OS store of this machine is not ours to write, with the lines to paste; undefined where it is. */
export async function refusalOf(machine: Machine, id: string): Promise<TrustError | undefined> {
  const stanza = DECLARED[id]
  if (stanza !== undefined)
    return refused('read-only-system', `${id} makes its OS trust store from its configuration`, stanza)
  if (machine.platform === 'darwin') {
    return refused(
      'read-only-system',
      'the keychain of macOS asks a person before it trusts anything',
      'sudo security add-trusted-cert -d -r trustRoot -p ssl -p basic -k /Library/Keychains/System.keychain ca.pem\n' +
        'sudo security remove-trusted-cert -d ca.pem; sudo security delete-certificate -Z SHA256 /Library/Keychains/System.keychain      # takes it back',
    )
  }
  if (machine.platform === 'win32') {
    return refused(
      'read-only-system',
      'the certificate store of Windows is not written by this program',
      'certutil -f -addstore Root ca.pem      (as administrator)\ncertutil -delstore Root SHA1-THUMBPRINT      (takes it back)',
    )
  }
  const vm = await boot2dockerOf(machine)
  if (vm) {
    return refused(
      'read-only-system',
      'a boot2docker VM makes its OS trust store anew at every boot; what Docker trusts for a registry outlives that',
      `leave --scope system out; by hand, for other programs and for a Docker before 1.7:\n${IN_BOOT2DOCKER[vm.script]}`,
    )
  }
  if ((await machine.stat(NODE_CA).catch(() => undefined)) !== undefined) {
    return refused(
      'cluster-managed',
      'OpenShift manages the trust of this node',
      'oc create configmap registry-ca -n openshift-config --from-file=HOST..PORT=ca.pem\noc patch image.config.openshift.io/cluster --type merge -p \'{"spec":{"additionalTrustedCA":{"name":"registry-ca"}}}\'',
    )
  }
  const byHand = BY_HAND[id]
  if (byHand !== undefined) return refused(undefined, `the OS trust store of ${id} is not written`, byHand)
  const suse = await machine.read('/etc/SuSE-release', MAX_RELEASE).catch(() => undefined)
  if (suse && SLES_11.test(suse.toString('utf8'))) {
    const fix = 'install -m 644 ca.pem /etc/ssl/certs/ca.pem && c_rehash /etc/ssl/certs'
    return refused(undefined, 'the OS trust store of SLES 11 is not written', fix)
  }
  if ((await isRedHat6(machine)) && !(await hasOptedIn(machine))) {
    return refused(
      undefined,
      'the shared OS trust store of Red Hat 6 is off, and no program reads it',
      'update-ca-trust enable      # then run this again; `update-ca-trust disable` takes it back',
    )
  }
  return undefined
}

/** What `update-ca-trust enable` does: the static bundle gives way to a link. */
async function hasOptedIn(machine: Machine): Promise<boolean> {
  const { linkTarget } = (await machine.stat(OPT_IN.programs).catch(() => undefined)) ?? {}
  return (
    linkTarget !== undefined && posix.resolve(posix.dirname(OPT_IN.programs), linkTarget) === OPT_IN.store
  )
}

function refused(finding: Obstacle | undefined, message: string, fix: string): TrustError {
  const details = finding === undefined ? { fix } : { finding, fix }
  return new TrustError('not-possible', `${message}; nothing was changed`, details)
}
