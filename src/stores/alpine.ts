import { concatenated, LOCAL } from './sources.ts'
import type { Store } from './store.ts'

/** Alpine's own program of the same name: no flags, any file of the folder itself, dead links go by themselves. */
export const alpine: Store = {
  name: 'alpine',
  anchors: LOCAL,
  takes: (name) => !name.startsWith('.'),
  hashed: true,
  tool: 'update-ca-certificates',
  toolPackage: 'apk add ca-certificates',
  bundle: '/etc/ssl/certs/ca-certificates.crt',
  restless: ['/etc/ssl/certs/java/cacerts'],
  args: () => [],
  leftovers: [],
  expected: (machine) => concatenated(machine, alpine.takes, 1),
  drops: () => undefined,
}
