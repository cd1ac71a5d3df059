import { droppedByP11Kit, everything, extracted } from './p11-kit.ts'
import type { Store } from './store.ts'

/** openSUSE and SLES from 12 on: a tool with Debian's name, p11-kit inside. */
export const suse: Store = {
  name: 'suse',
  anchors: '/etc/pki/trust/anchors',
  takes: everything,
  hashed: false,
  tool: 'update-ca-certificates',
  toolPackage: 'zypper install ca-certificates p11-kit-tools',
  bundle: '/var/lib/ca-certificates/ca-bundle.pem',
  restless: ['/var/lib/ca-certificates/java-cacerts'],
  args: (fresh) => (fresh ? ['-f'] : []),
  leftovers: [],
  expected: extracted,
  drops: droppedByP11Kit,
}
