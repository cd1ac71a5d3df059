import type { Machine } from '../machine/machine.ts'
import { readCertificateBlocks } from '../x509/pem-issues.ts'
import { census, compare, fingerprintOf, type Census } from './census.ts'
import type { Store } from './store.ts'

/** The bundle as it stands. */
export interface StoreLook {
  readonly store: Store
  readonly held: Census
  /** Certificates (DER) that somebody has put into the bundle itself: its tool would drop them. */
  readonly appended: readonly Buffer[]
  /** SHA-256 of what its sources hold and it does not: a run of the tool would put them back. */
  readonly lacking: readonly string[]
}

export async function lookAtStore(machine: Machine, store: Store): Promise<StoreLook> {
  const bytes = (await machine.read(store.bundle)) ?? Buffer.alloc(0)
  const held = census(bytes)
  const sources = await store.expected(machine)
  const difference = sources && compare(held, census(sources))
  const orphans = new Set(difference?.orphans)
  const blocks = readCertificateBlocks(bytes).blocks.map((block) => block.bytes)
  const appended = blocks.filter((der) => orphans.delete(fingerprintOf(der)))
  return { store, held, appended, lacking: difference?.missing ?? [] }
}
