import { droppedByP11Kit, everything, extracted } from './p11-kit.ts'
import type { Store } from './store.ts'

/** Red Hat, Fedora, CentOS, Rocky, Alma, Oracle and Amazon. Older tools ignore the word, newer ones want it. */
export const rhel: Store = {
  name: 'rhel',
  anchors: '/etc/pki/ca-trust/source/anchors',
  takes: everything,
  hashed: false,
  tool: 'update-ca-trust',
  toolPackage: 'dnf install ca-certificates p11-kit-trust',
  bundle: '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  restless: ['/etc/pki/ca-trust/extracted/java/cacerts'],
  args: () => ['extract'],
  leftovers: [],
  expected: extracted,
  drops: droppedByP11Kit,
}
