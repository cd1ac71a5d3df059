import { concatenated, LOCAL } from './sources.ts'
import type { Store } from './store.ts'

/** Alpine's own program of the same name: no flags, any file of the folder itself, dead links go by themselves. */
export const alpine: Store = {
  name: 'alpine',
  anchors: LOCAL,
  tool: 'update-ca-certificates',
  toolPackage: 'apk add ca-certificates',
  bundle: '/etc/ssl/certs/ca-certificates.crt',
  restless: ['/etc/ssl/certs/java/cacerts'],
  args: () => [],
  leftovers: [],
  expected: (machine) => concatenated(machine, (name) => !name.startsWith('.'), 1),
  drops: () => undefined,
}
