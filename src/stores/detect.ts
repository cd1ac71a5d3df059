import { TrustError } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'
import { refuseIfInert } from './at-rest.ts'
import { stores, type Store } from './index.ts'
import { toolOf } from './refresh.ts'
import { refusalOf } from './refusals.ts'

/** os-release IDs of no family of their own whose store is Debian's script. */
const DEBIAN_TOO = new Set(['gentoo', 'void'])

/**
 * The OS store of this machine: what os-release says, with its tool and its folder. None of the three is enough
 * (Ubuntu may have Red Hat's folder, Debian has p11-kit's program, a slim image has the folder and no tool).
 * @throws TrustError `not-possible`, `needs-privilege`
 */
export async function detectStore(machine: Machine): Promise<Store> {
  const { id, family } = await machine.os()
  const refusal = await refusalOf(machine, id)
  if (refusal) throw refusal
  const store = storeOf(id, family)
  if (!store) {
    throw new TrustError('not-possible', `the OS trust store of ${id} is not known; nothing was changed`, {
      fix: 'leave --scope system out: the registry is then trusted by the engines alone',
    })
  }
  await toolOf(machine, store)
  if (machine.atRest) await refuseIfInert(machine)
  return store
}

/** The store of a family, whether its tool is there or not. */
export function storeOf(id: string, family: string): Store | undefined {
  return Object.values(stores).find(({ name }) => name === (DEBIAN_TOO.has(id) ? 'debian' : family))
}
