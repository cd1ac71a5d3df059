import { posix } from 'node:path'
import { errorCode } from '../errors.ts'
import type { Machine } from '../machine/machine.ts'

export const SYSTEM = '/etc/containers/certs.d'
export const DOCKER = '/etc/docker/certs.d'
const PERSONAL = '.config/containers/certs.d'

/** Where podman keeps what a person trusts for themselves. */
export function personalPlace(machine: Machine): string {
  return posix.join(machine.who().invoker.home, PERSONAL)
}

export interface Place {
  readonly base: string
  readonly personal: boolean
}

/** The places that are nobody's own. */
export const SHARED: readonly Place[] = [
  { base: SYSTEM, personal: false },
  { base: DOCKER, personal: false },
]

function ofCaller(machine: Machine): readonly Place[] {
  return [{ base: personalPlace(machine), personal: true }, ...SHARED]
}

/**
 * The places that exist for a registry, the one that counts first (containers/image docker_client.go dockerCertDir):
 * nothing is merged, and a place that may not be entered is passed over.
 */
export async function firstExisting(
  machine: Machine,
  name: string,
  places = ofCaller(machine),
): Promise<readonly Place[]> {
  const there = await Promise.all(
    places.map(async ({ base }) => {
      const path = posix.join(base, name)
      const info = await machine.stat(path).catch((error: unknown) => errorCode(error) !== 'EACCES')
      if (typeof info === 'boolean') return info
      if (info?.kind !== 'symlink') return info !== undefined
      return (await machine.list(path).catch(() => [])) !== undefined
    }),
  )
  return places.filter((_, index) => there[index])
}
