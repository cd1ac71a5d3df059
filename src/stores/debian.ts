import { concatenated, LOCAL } from './sources.ts'
import type { Store } from './store.ts'

/**
 * Debian, Ubuntu and what comes from them; Gentoo and Void ship the same script. Names end in .crt; one certificate
 * a file, since the hash links want it so. Without --fresh the links to what was taken away would stay.
 */
export const debian: Store = {
  name: 'debian',
  anchors: LOCAL,
  takes: (name) => name.endsWith('.crt'),
  hashed: true,
  tool: 'update-ca-certificates',
  toolPackage: 'apt-get install ca-certificates',
  bundle: '/etc/ssl/certs/ca-certificates.crt',
  restless: ['/etc/ssl/certs/java/cacerts'],
  args: (fresh) => (fresh ? ['--fresh'] : []),
  // The script appends to this name, whoever has left it.
  leftovers: ['/etc/ssl/certs/ca-certificates.crt.new'],
  expected: (machine) => concatenated(machine, debian.takes),
  drops: () => undefined,
}
