import type { Machine } from '../machine/machine.ts'
import { field } from './docker-api.ts'
import type { EngineSurvey } from './engine.ts'
import { goBuildOf } from './go-build.ts'

const MAX_CONFIG = 1024 * 1024

type Found = Pick<EngineSurvey, 'installed' | 'state'> & Partial<EngineSurvey>

/** Docker in an image: its program and its daemon.json have to do, for nobody runs there to be asked. */
export async function dockerAtRest(machine: Machine): Promise<Found> {
  const daemon = await machine.which('dockerd')
  if (daemon === undefined && (await machine.which('docker')) === undefined)
    return { installed: false, state: 'absent' }
  const [go, insecure] = await Promise.all([daemon && goBuildOf(machine, daemon), insecureOf(machine)])
  return { installed: true, state: 'at-rest', ...(go ? { go } : {}), ...insecure }
}

/** moby registry/config.go: an entry is a network in CIDR notation, or the name of a registry. */
async function insecureOf(machine: Machine): Promise<Partial<EngineSurvey>> {
  const bytes = await machine.read('/etc/docker/daemon.json', MAX_CONFIG).catch(() => undefined)
  let listed: unknown
  try {
    listed = field(JSON.parse(bytes?.toString('utf8') ?? '{}'), 'insecure-registries')
  } catch {
    // With a damaged one the daemon does not start at all.
    return {}
  }
  if (!Array.isArray(listed)) return {}
  const entries = listed.filter((entry) => typeof entry === 'string')
  return {
    insecureRegistries: entries.filter((entry) => !entry.includes('/')),
    insecureNetworks: ['127.0.0.0/8', '::1/128', ...entries.filter((entry) => entry.includes('/'))],
  }
}
