import { BlockList, isIP } from 'node:net'
import type { Observation } from '../registry/observation.ts'
import type { EngineEvidence, Evidence } from './evidence.ts'

/** Docker's rule: an exact `host:port` entry first, then any address of the name in a listed network (moby config.go). */
export function uncheckedBecause(
  observation: Observation,
  engine: EngineEvidence,
  loopbackCounts: boolean,
): 'loopback' | 'listed' | undefined {
  const { target, addresses } = observation
  const { insecureRegistries, insecureNetworks } = engine.survey
  if (engine.trust.insecure) return 'listed'
  if (insecureRegistries.includes(target.registry)) return 'listed'
  const networks = new BlockList()
  for (const network of insecureNetworks) addNetwork(networks, network)
  const loopback = new BlockList()
  loopback.addSubnet('127.0.0.0', 8, 'ipv4')
  loopback.addAddress('::1', 'ipv6')
  const hit = (list: BlockList, address: string): boolean =>
    list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  const exempt = exempts(engine.survey, target) && addresses.some((address) => hit(loopback, address))
  if (exempt) return loopbackCounts ? undefined : 'loopback'
  return addresses.some((address) => hit(networks, address)) ? 'listed' : undefined
}

/** Whether it looks at the chain at all: a fault of the chain is nothing to one that does not. */
export function checks(evidence: Evidence, engine: EngineEvidence): boolean {
  return uncheckedBecause(evidence.observation, engine, evidence.loopbackCounts ?? false) === undefined
}

const BY_NAME = new Set(['containerd', 'buildx'])

/** Docker goes by the address, containerd and buildx by the name that was typed; podman's family makes no exception. */
function exempts({ loader, name }: EngineEvidence['survey'], { host, kind }: Observation['target']): boolean {
  return loader !== 'containers' && (!BY_NAME.has(name) || host === 'localhost' || kind !== 'name')
}

function addNetwork(list: BlockList, network: string): void {
  const [address = '', bits = ''] = network.split('/')
  const family = isIP(address)
  if (family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32))
    list.addSubnet(address, Number(bits), family === 6 ? 'ipv6' : 'ipv4')
}
