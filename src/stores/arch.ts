import { droppedByP11Kit, everything, extracted } from './p11-kit.ts'
import type { Store } from './store.ts'

/** Arch, Manjaro, EndeavourOS. */
export const arch: Store = {
  name: 'arch',
  anchors: '/etc/ca-certificates/trust-source/anchors',
  takes: everything,
  hashed: false,
  tool: 'update-ca-trust',
  toolPackage: 'pacman -S ca-certificates-utils',
  bundle: '/etc/ca-certificates/extracted/tls-ca-bundle.pem',
  restless: ['/etc/ca-certificates/extracted/java-cacerts.jks', '/etc/ssl/certs/java/cacerts'],
  args: () => [],
  leftovers: [],
  expected: extracted,
  drops: droppedByP11Kit,
}
